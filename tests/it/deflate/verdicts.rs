//! The compressed streams of `tests/verdicts`: what we make of each, however it is cut, compared with
//! the recorded verdicts of other implementations.

use super::{agreed, deflating, takeover};
use crate::corpus::{self, Case};
use crate::differences::verdict;
use crate::support::{assert_each_sees, receive};
use crate::verdicts::{compare, role};
use sansock::Connection;

const STREAMS: &str = include_str!("../../verdicts/deflate.txt");

fn connection(case: &Case) -> Connection {
    agreed(&deflating(role(&case.key)), takeover())
}

#[test]
fn compressed_streams_are_judged_like_peers_do_unless_a_reason_is_listed() {
    let cases = corpus::streams("deflate-", STREAMS);
    compare("Compression", &["deflate-server", "deflate-client"], &cases, |case| {
        verdict(&receive(&mut connection(case), &[&case.bytes]))
    });
}

#[test]
fn compressed_streams_are_judged_the_same_however_they_are_cut() {
    for case in corpus::streams("deflate-", STREAMS) {
        let whole = receive(&mut connection(&case), &[&case.bytes]);
        assert_each_sees(|| connection(&case), &case.bytes, &whole);
    }
}
