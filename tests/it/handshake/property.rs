//! Whatever the peer sends: no panic, the same result for every split, valid handshakes are
//! accepted, and nothing is accepted that a naive reading of the same bytes would refuse.
//!
//! Each run has other cases. A case that fails is stored in tests/proptest-regressions and tried
//! first from then on. Commit that file.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sansock::handshake::client::{self, Outcome};
use sansock::handshake::{HeadError, server};

use super::feed::{Received, client_takes, in_chunks, server_takes};
use super::heads;

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n\x81\x80";

const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Protocol: chat\r\n\r\n\x81\x00";

/// How far a peer's bytes have led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// No result yet: more bytes are needed.
    Unfinished,
    /// An error in the syntax of the head, at its first byte.
    FirstByte,
    /// An error in the syntax of the head, at a later byte.
    Malformed,
    /// A well-formed head that is not a valid handshake.
    Refused,
    /// A response other than 101.
    Http,
    /// A handshake.
    Accepted,
}

/// Runs `check` with `CASES` inputs, each in pieces of some lengths.
///
/// Asserts that at least the given number of inputs reaches each of `stages`. That is less than
/// half of the expected number, so that no test fails by chance.
fn run<T: std::fmt::Debug>(
    inputs: impl Strategy<Value = T>,
    stages: &[(Stage, u32)],
    check: impl Fn(&T, &[usize]) -> Stage,
) {
    let config = ProptestConfig { cases: CASES, ..ProptestConfig::with_source_file(file!()) };
    let reached = RefCell::new(BTreeMap::new());
    let cuts = vec(1..20usize, 1..8);
    let result = TestRunner::new(config).run(&(inputs, cuts), |(input, cuts)| {
        let stage = check(&input, &cuts);
        *reached.borrow_mut().entry(stage).or_insert(0) += 1;
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let reached = reached.into_inner();

    for (stage, least) in stages {
        assert!(reached.get(stage) >= Some(least), "of {CASES} cases: {reached:?}");
    }
}

const CASES: u32 = 1024;

#[test]
fn a_request_of_lines_that_are_right_is_accepted_and_no_other() {
    let stages = [(Stage::Accepted, 300), (Stage::Refused, 150), (Stage::Malformed, 30)];
    run(heads::request(), &stages, |sent, cuts| {
        let stage = check_server(&sent.bytes, cuts);
        assert_eq!(stage == Stage::Accepted, sent.is_valid);
        stage
    });
}

#[test]
fn a_response_of_lines_that_are_right_is_accepted_and_no_other() {
    let stages =
        [(Stage::Accepted, 300), (Stage::Refused, 100), (Stage::Http, 2), (Stage::Malformed, 15)];
    run(heads::response(), &stages, |sent, cuts| {
        let stage = check_client(&sent.bytes, cuts);
        assert_eq!(stage == Stage::Accepted, sent.is_valid);
        stage
    });
}

#[test]
fn a_mutated_request_is_accepted_only_by_the_rules() {
    let stages = [(Stage::Accepted, 150), (Stage::Refused, 60), (Stage::Malformed, 250)];
    run(heads::mutated(REQUEST), &stages, |input, cuts| check_server(input, cuts));
}

#[test]
fn a_mutated_response_is_accepted_only_by_the_rules() {
    let stages = [(Stage::Accepted, 150), (Stage::Refused, 60), (Stage::Malformed, 250)];
    run(heads::mutated(RESPONSE), &stages, |input, cuts| check_client(input, cuts));
}

#[test]
fn any_bytes_may_come_at_any_place_of_a_request() {
    let stages = [(Stage::FirstByte, 30), (Stage::Malformed, 400), (Stage::Unfinished, 15)];
    run(heads::any_bytes_after(REQUEST), &stages, |input, cuts| check_server(input, cuts));
}

#[test]
fn any_bytes_may_come_at_any_place_of_a_response() {
    let stages = [(Stage::FirstByte, 30), (Stage::Malformed, 400), (Stage::Unfinished, 15)];
    run(heads::any_bytes_after(RESPONSE), &stages, |input, cuts| check_client(input, cuts));
}

#[test]
fn the_unmutated_heads_are_accepted() {
    assert_eq!(check_server(REQUEST, &[1]), Stage::Accepted);
    assert_eq!(check_client(RESPONSE, &[1]), Stage::Accepted);
}

fn check_server(input: &[u8], cuts: &[usize]) -> Stage {
    let whole = serve(&[input]);
    assert_eq!(serve(&cut(input, cuts)), whole);
    let (taken, request) = match whole {
        Ok((taken, Some(request))) => (taken, request),
        Ok((_, None)) => return Stage::Unfinished,
        Err(server::Refusal::Head(error)) => return stage_of(error),
        Err(_) => return Stage::Malformed,
    };
    let head = &input[..taken];
    let end = head.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    assert_eq!(end, Some(taken - 4), "a head ends at the first empty line");
    let Ok(upgrade) = request.upgrade() else { return Stage::Refused };
    assert!(head.starts_with(b"GET "));
    assert_eq!(values(head, "sec-websocket-version"), ["13"]);
    assert_eq!(values(head, "sec-websocket-key").len(), 1);
    assert_eq!(values(head, "host").len(), 1);
    assert!(values(head, "upgrade").concat().to_lowercase().contains("websocket"));
    assert!(values(head, "connection").concat().to_lowercase().contains("upgrade"));
    assert!(values(head, "content-length").iter().all(|length| length == "0"));
    assert_eq!(values(head, "transfer-encoding"), [""; 0]);
    let (response, _) = upgrade.accept();
    let accept = values(&response, "sec-websocket-accept");
    let key = values(head, "sec-websocket-key");
    assert_eq!(accept, [sansock::handshake::accept_key(key[0].as_bytes()).unwrap()]);
    Stage::Accepted
}

fn check_client(input: &[u8], cuts: &[usize]) -> Stage {
    let whole = ask(&[input]);
    assert_eq!(ask(&cut(input, cuts)), whole);
    let (taken, negotiated) = match whole {
        Ok((taken, Some(Outcome::Established { negotiated, .. }))) => (taken, negotiated),
        Ok((_, Some(Outcome::Http(_)))) => return Stage::Http,
        Ok((_, None)) => return Stage::Unfinished,
        Err(client::InvalidResponse::Head(error)) => return stage_of(error),
        Err(_) => return Stage::Refused,
    };
    let head = &input[..taken];
    assert!(head.ends_with(b"\r\n\r\n"));
    assert_eq!(values(head, "sec-websocket-accept"), ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
    assert_eq!(values(head, "upgrade").len(), 1);
    assert_eq!(values(head, "sec-websocket-extensions"), [""; 0]);
    assert_eq!(values(head, "content-length"), [""; 0]);
    assert_eq!(values(head, "transfer-encoding"), [""; 0]);
    let subprotocol: Vec<_> = negotiated.subprotocol().into_iter().collect();
    assert_eq!(values(head, "sec-websocket-protocol"), subprotocol);
    Stage::Accepted
}

fn stage_of(error: HeadError) -> Stage {
    match error {
        HeadError::NotHttp { offset: 0, .. } => Stage::FirstByte,
        HeadError::MissingHeader { .. }
        | HeadError::DuplicateHeader { .. }
        | HeadError::InvalidHeader { .. } => Stage::Refused,
        _ => Stage::Malformed,
    }
}

fn serve(chunks: &[&[u8]]) -> Received<server::RequestHead, server::Refusal> {
    let over = server::Refusal::Head(HeadError::Over);
    in_chunks(&mut server::ServerHandshake::default(), chunks, server_takes, &over)
}

fn ask(chunks: &[&[u8]]) -> Received<Outcome, client::InvalidResponse> {
    let request = client::Request::new("ws://a").unwrap().subprotocol("chat").unwrap();
    let (_, mut handshake) = request.start(*b"the sample nonce");
    let over = client::InvalidResponse::Head(HeadError::Over);
    in_chunks(&mut handshake, chunks, client_takes, &over)
}

/// Cuts `input` into pieces of the lengths of `cuts`, repeated.
fn cut<'a>(mut input: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for len in cuts.iter().cycle() {
        if input.is_empty() {
            break;
        }
        let (chunk, rest) = input.split_at((*len).min(input.len()));
        chunks.push(chunk);
        input = rest;
    }
    chunks
}

/// Returns the values of a header, as the simplest of readers finds them.
fn values(head: &[u8], name: &str) -> Vec<String> {
    let head = String::from_utf8_lossy(head).into_owned();
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_matches([' ', '\t']).to_owned())
        .collect()
}
