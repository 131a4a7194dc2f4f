//! The heads of `tests/verdicts`: what we make of each, however it is cut, compared with the
//! recorded verdicts of other implementations.

use super::feed;
use crate::corpus;
use crate::heads::{client_verdict, request, server_verdict};
use crate::verdicts::compare;

const REQUESTS: &str = include_str!("../../verdicts/requests.txt");
const RESPONSES: &str = include_str!("../../verdicts/responses.txt");

#[test]
fn requests_are_judged_like_peers_do_unless_a_reason_is_listed() {
    let cases = corpus::heads("request", REQUESTS);
    compare("Requests", &["request"], &cases, |case| {
        server_verdict(feed::server(&case.bytes).map(|(_, head)| head))
    });
}

#[test]
fn responses_are_judged_like_peers_do_unless_a_reason_is_listed() {
    let cases = corpus::heads("response", RESPONSES);
    compare("Responses", &["response"], &cases, |case| {
        client_verdict(feed::client(&request(), &case.bytes).map(|(_, outcome)| outcome))
    });
}
