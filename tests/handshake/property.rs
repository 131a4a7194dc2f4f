//! Whatever the peer sends: no panic, the same result for every split, and nothing accepted that a
//! naive reading of the same bytes would refuse.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sansock::handshake::client::{self, Outcome};
use sansock::handshake::{HeadError, server};

use crate::feed::{Received, in_chunks};

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n\x81\x80";

const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Protocol: chat\r\n\r\n\x81\x00";

/// Replaces a piece of a head by another.
fn mutated(head: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] =
        &[b"", b"\r\n", b"\r", b"\n", b" ", b":", b",", b"\0", b"13", b"\xff", b"Host: a\r\n"];
    let piece = prop_oneof![select(pieces).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 0..3)];
    vec((any::<Index>(), 0..4usize, piece), 0..4).prop_map(move |changes| {
        changes.into_iter().fold(head.to_vec(), |mut head, (place, len, piece)| {
            let start = place.index(head.len());
            let end = (start + len).min(head.len());
            head.splice(start..end, piece);
            head.push(b'!'); // never empty
            head
        })
    })
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(1..20usize, 1..8)
}

/// Cuts `input` into pieces of the lengths of `cuts`, over and over.
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

fn serve(chunks: &[&[u8]]) -> Received<server::Request, server::Refusal> {
    let over = server::Refusal::Head(HeadError::Over);
    in_chunks(&mut server::Handshake::default(), chunks, server::Handshake::receive, &over)
}

fn ask(chunks: &[&[u8]]) -> Received<Outcome, client::Error> {
    let request = client::Request::new("ws://a").unwrap().subprotocol("chat").unwrap();
    let (_, mut handshake) = request.start(*b"the sample nonce");
    let over = client::Error::Head(HeadError::Over);
    in_chunks(&mut handshake, chunks, client::Handshake::receive, &over)
}

/// The values of a header, as the simplest of readers sees them.
fn values(head: &[u8], name: &str) -> Vec<String> {
    let head = String::from_utf8_lossy(head).into_owned();
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_matches([' ', '\t']).to_owned())
        .collect()
}

fn check_server(input: &[u8], cuts: &[usize]) {
    let whole = serve(&[input]);
    assert_eq!(serve(&cut(input, cuts)), whole);
    let Ok((taken, Some(request))) = whole else { return };
    let head = &input[..taken];
    let end = head.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    assert_eq!(end, Some(taken - 4), "a head ends at the first empty line");
    let Ok(upgrade) = request.upgrade() else { return };
    assert!(head.starts_with(b"GET "));
    assert_eq!(values(head, "sec-websocket-version"), ["13"]);
    assert_eq!(values(head, "sec-websocket-key").len(), 1);
    assert_eq!(values(head, "host").len(), 1);
    assert!(values(head, "upgrade").concat().to_lowercase().contains("websocket"));
    assert!(values(head, "connection").concat().to_lowercase().contains("upgrade"));
    let (response, _) = upgrade.accept();
    let accept = values(&response, "sec-websocket-accept");
    let key = values(head, "sec-websocket-key");
    assert_eq!(accept, [sansock::handshake::accept_key(key[0].as_bytes()).unwrap()]);
}

fn check_client(input: &[u8], cuts: &[usize]) {
    let whole = ask(&[input]);
    assert_eq!(ask(&cut(input, cuts)), whole);
    let Ok((taken, Some(Outcome::Established { negotiated, .. }))) = whole else { return };
    let head = &input[..taken];
    assert!(head.ends_with(b"\r\n\r\n"));
    assert_eq!(values(head, "sec-websocket-accept"), ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
    assert_eq!(values(head, "upgrade").len(), 1);
    assert_eq!(values(head, "sec-websocket-extensions"), [""; 0]);
    let subprotocol: Vec<_> = negotiated.subprotocol().into_iter().collect();
    assert_eq!(values(head, "sec-websocket-protocol"), subprotocol);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn t9_any_bytes(input in vec(any::<u8>(), 0..200), cuts in cuts()) {
        check_server(&input, &cuts);
        check_client(&input, &cuts);
    }

    #[test]
    fn t9_t12_mutated_requests(input in mutated(REQUEST), cuts in cuts()) {
        check_server(&input, &cuts);
    }

    #[test]
    fn t9_t12_mutated_responses(input in mutated(RESPONSE), cuts in cuts()) {
        check_client(&input, &cuts);
    }
}

#[test]
fn the_unmutated_heads_are_accepted() {
    let (_, request) = serve(&[REQUEST]).unwrap();
    assert!(request.unwrap().upgrade().is_ok());
    assert!(matches!(ask(&[RESPONSE]), Ok((_, Some(Outcome::Established { .. })))));
}
