//! Random heads that get far: made of lines, most of them right, or of a right head with a few
//! changes.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Bytes that a peer sends, and whether they begin with a valid handshake.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_valid: bool,
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\", valid: {}", self.bytes.escape_ascii(), self.is_valid)
    }
}

/// Lines that are right, and lines each of which makes the head wrong. `""` is no line.
type Line = (&'static [&'static str], &'static [&'static str]);

/// The lines of RFC 6455 §4.2.1. The start line is the first one.
const REQUEST_LINES: &[Line] = &[
    (
        &["GET / HTTP/1.1", "GET /a?b=%20|^ HTTP/1.1", "GET http://a.example:80/x HTTP/1.1"],
        &[
            "POST / HTTP/1.1",
            "HEAD / HTTP/1.1",
            "get / HTTP/1.1",
            "GET / HTTP/1.0",
            "GET / HTTP/2.0",
            "GET /",
            "GET  / HTTP/1.1",
            "GET * HTTP/1.1",
            "GET /#a HTTP/1.1",
            "GET http://[/ HTTP/1.1",
        ],
    ),
    (
        &["Host: example.com", "host:[::1]:80\t", "Host: a:"],
        &["", "Host:", "Host: a b", "Host: :80", "Host: a:b", "Host: a\r\nHost: a"],
    ),
    (
        &["Upgrade: websocket", "UPGRADE:h2c,WebSocket"],
        &["", "Upgrade:", "Upgrade: websockets", "Upgrade: h2c", "Upgrade : websocket"],
    ),
    (
        &[
            "Connection: Upgrade",
            "connection: keep-alive , upgrade",
            "Connection: a\r\nConnection: Upgrade",
        ],
        &["", "Connection: close", "Connection: notupgrade", "Connection:\r\n Upgrade"],
    ),
    (
        &["Sec-WebSocket-Version: 13", "sec-websocket-version:\t13 "],
        &[
            "",
            "Sec-WebSocket-Version: 8",
            "Sec-WebSocket-Version: 13, 8",
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13",
        ],
    ),
    (
        &[
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-key:AQIDBAUGBwgJCgsMDQ4PEC==",
        ],
        &[
            "",
            "Sec-WebSocket-Key: zzz",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ",
            "Sec-WebSocket-Key: AAAA\r\nSec-WebSocket-Key: AAAA",
        ],
    ),
    (
        &["", "Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: ,a,, b"],
        &["Sec-WebSocket-Protocol:", "Sec-WebSocket-Protocol: a b"],
    ),
    (
        &[
            "",
            "Origin: http://a",
            "Content-Length: 0",
            "X: \u{e9}\t!",
            "Sec-WebSocket-Extensions: x; y=\"z\", x",
        ],
        &[
            "Origin: a\r\nOrigin: a",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "Sec-WebSocket-Extensions: x; y=\"z",
            "X: a\nY: b",
            "X: a\rb",
            "X: \0",
            "X",
        ],
    ),
];

/// The lines of RFC 6455 §4.2.2, for a client that offers the subprotocol `chat`, with the nonce of
/// the example.
const RESPONSE_LINES: &[Line] = &[
    (
        &[
            "HTTP/1.1 101 Switching Protocols",
            "HTTP/1.1 101",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 ",
            "HTTP/1.0 103\r\nLink: </a>\r\n\r\nHTTP/1.1 101 \u{e9}",
        ],
        &[
            "HTTP/1.1 200 OK",
            "HTTP/1.1 404",
            "HTTP/1.0 101 Switching Protocols",
            "HTTP/1.1 1010",
            "HTTP/2 101",
            "HTTP/1.1 100\r\nContent-Length: 0\r\n\r\nHTTP/1.1 101",
        ],
    ),
    (
        &["Upgrade: websocket", "UPGRADE:WebSocket "],
        &["", "Upgrade: h2c, websocket", "Upgrade: websocket\r\nUpgrade: websocket"],
    ),
    (
        &["Connection: Upgrade", "connection: keep-alive,upgrade"],
        &["", "Connection: close", "Connection : Upgrade"],
    ),
    (
        &["Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
        &[
            "",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo",
            "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Accept:",
        ],
    ),
    (
        &["", "Sec-WebSocket-Protocol: chat"],
        &[
            "Sec-WebSocket-Protocol:",
            "Sec-WebSocket-Protocol: Chat",
            "Sec-WebSocket-Protocol: chat, chat",
        ],
    ),
    (
        &["", "Server: mine", "X: \u{e9}\t!"],
        &[
            "Sec-WebSocket-Extensions:",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "X: a\nY: b",
            "X: \0",
        ],
    ),
];

/// Returns a request of lines, most of them right, in any order, with bytes after it.
pub(crate) fn request() -> impl Strategy<Value = Sent> {
    head(REQUEST_LINES)
}

/// Returns a response of lines, most of them right, in any order, with bytes after it.
pub(crate) fn response() -> impl Strategy<Value = Sent> {
    head(RESPONSE_LINES)
}

fn head(lines: &'static [Line]) -> impl Strategy<Value = Sent> {
    let choices: Vec<_> = lines.iter().map(|line| choice(*line)).collect();
    let order = Just((1..lines.len()).collect::<Vec<_>>()).prop_shuffle();
    (choices, order, vec(any::<u8>(), 0..4)).prop_map(|(lines, order, trailing)| {
        let mut bytes = Vec::new();
        for index in std::iter::once(0).chain(order) {
            let line = lines[index].0;
            let end = if line.is_empty() { "" } else { "\r\n" };
            bytes.extend_from_slice(format!("{line}{end}").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend(trailing);
        Sent { bytes, is_valid: lines.iter().all(|(_, is_right)| *is_right) }
    })
}

fn choice((right, wrong): Line) -> impl Strategy<Value = (&'static str, bool)> {
    prop_oneof![
        14 => select(right).prop_map(|line| (line, true)),
        1 => select(wrong).prop_map(|line| (line, false)),
    ]
}

/// Returns `head` with up to three pieces of it replaced.
pub(crate) fn mutated(head: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
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

/// Returns any bytes after a prefix of `head`, which may be empty.
pub(crate) fn any_bytes_after(head: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![1 => Just(0), 7 => 0..=head.len()];
    let bytes = prop_oneof![vec(any::<u8>(), 0..100), vec(select(&b"aA1:/. \r\n"[..]), 0..100)];
    (len, bytes).prop_map(|(len, bytes)| [&head[..len], &bytes].concat())
}
