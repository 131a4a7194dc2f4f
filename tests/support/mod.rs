//! What the tests of connections share: frames by hand, and every way to cut a stream into reads.
#![allow(dead_code, reason = "each test file uses what it needs")]
#![allow(missing_docs, unreachable_pub, reason = "no API")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use bytes::{Buf, BytesMut};
use sansock::{Config, Connection, Event, Limits, ProtocolError, Role, Violation};

/// RFC 6455 §5.7's mask key.
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// An event or an error, owned and comparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// The code, where there is one, and the reason.
    Close(Option<u16>, String),
    /// What was wrong, and at which offset.
    Failed(Violation, u64),
}

impl From<Event<'_>> for Seen {
    fn from(event: Event<'_>) -> Seen {
        match event {
            Event::Text(text) => Seen::Text(text.to_string()),
            Event::Binary(data) => Seen::Binary(data.to_vec()),
            Event::Ping(data) => Seen::Ping(data.to_vec()),
            Event::Pong(data) => Seen::Pong(data.to_vec()),
            Event::Close { code, reason } => {
                Seen::Close(code.map(|code| code.get()), reason.to_string())
            }
            other => panic!("an event that these tests do not know: {other:?}"),
        }
    }
}

impl From<ProtocolError> for Seen {
    fn from(error: ProtocolError) -> Seen {
        Seen::Failed(error.violation(), error.offset())
    }
}

/// A configuration for this role; a client's masks with [`KEY`].
pub fn config(role: Role) -> Config {
    match role {
        Role::Server => Config::server(),
        Role::Client => Config::client_with_mask_keys(|| KEY),
    }
}

/// The same with other limits.
pub fn limited(role: Role, limits: Limits) -> Config {
    let mut config = config(role);
    config.limits = limits;
    config
}

pub fn connection(role: Role) -> Connection {
    Connection::new(config(role))
}

/// A frame as the peer of `role` sends it: masked where `role` is a server's.
pub fn frame_for(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head_for(role, first, payload.len() as u64);
    let start = frame.len();
    frame.extend_from_slice(payload);
    if role == Role::Server {
        for (i, byte) in frame[start..].iter_mut().enumerate() {
            *byte ^= KEY[i % 4];
        }
    }
    frame
}

/// The header of a frame as the peer of `role` sends it.
pub fn head_for(role: Role, first: u8, len: u64) -> Vec<u8> {
    let mask = if role == Role::Server { 0x80 } else { 0 };
    let mut head = vec![first];
    if len < 126 {
        head.push(mask | len as u8);
    } else if len < 65536 {
        head.push(mask | 126);
        head.extend((len as u16).to_be_bytes());
    } else {
        head.push(mask | 127);
        head.extend(len.to_be_bytes());
    }
    if mask != 0 {
        head.extend(KEY);
    }
    head
}

/// Gives `pieces` to the connection, one read after the other, and lists what it tells.
pub fn receive(ws: &mut Connection, pieces: &[&[u8]]) -> Vec<Seen> {
    let mut seen = Vec::new();
    for piece in pieces {
        let mut buffer = piece.to_vec();
        let mut input = &mut buffer[..];
        loop {
            match ws.receive(&mut input) {
                Ok(Some(event)) => seen.push(event.into()),
                Ok(None) => break,
                Err(error) => seen.push(error.into()),
            }
        }
        assert!(input.is_empty(), "None says that all input was taken");
    }
    seen
}

/// The same by [`Connection::receive_bytes`], each piece appended to one buffer.
pub fn receive_bytes(ws: &mut Connection, pieces: &[&[u8]]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut input = BytesMut::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match ws.receive_bytes(&mut input) {
                Ok(Some(event)) => seen.push(event.into()),
                Ok(None) => break,
                Err(error) => seen.push(error.into()),
            }
        }
        assert!(input.is_empty(), "None says that all input was taken");
    }
    seen
}

/// Takes all output.
pub fn drain(ws: &mut Connection) -> Vec<u8> {
    let output = ws.output();
    let mut bytes = Vec::new();
    // Taking some may bring in a pong that waited.
    while output.has_remaining() {
        let len = output.chunk().len();
        bytes.extend_from_slice(output.chunk());
        output.advance(len);
    }
    bytes
}

/// Asserts that a connection with this configuration sees `expected` in `stream` and answers the
/// same, whole, byte by byte, at every split (beyond 4 KiB: at the first and last 64 bytes and some
/// between), and by both ways to receive.
pub fn assert_sees(config: &Config, stream: &[u8], expected: &[Seen]) {
    let mut ws = Connection::new(config.clone());
    assert_eq!(receive(&mut ws, &[stream]), expected, "whole");
    let answer = drain(&mut ws);

    let check = |pieces: &[&[u8]], how: &str| {
        let mut ws = Connection::new(config.clone());
        assert_eq!(receive(&mut ws, pieces), expected, "{how}");
        assert_eq!(drain(&mut ws), answer, "the answer {how}");
        let mut ws = Connection::new(config.clone());
        assert_eq!(receive_bytes(&mut ws, pieces), expected, "as bytes, {how}");
        assert_eq!(drain(&mut ws), answer, "the answer as bytes, {how}");
    };
    check(&[stream], "whole");
    check(&stream.chunks(1).collect::<Vec<_>>(), "byte by byte");
    for at in splits(stream.len()) {
        let (left, right) = stream.split_at(at);
        check(&[left, right], &format!("split at {at}"));
        check(&[left, &[], right], &format!("split at {at} by an empty read"));
    }
}

/// Asserts that `stream` sees `expected`, also with bytes after it, which no longer count.
pub fn assert_ends_with(config: &Config, stream: &[u8], expected: &[Seen]) {
    assert_sees(config, stream, expected);
    for trailing in [&b"\x81\x05Hello"[..], &[0xFF; 32], &[0; 32]] {
        assert_sees(config, &[stream, trailing].concat(), expected);
    }
}

fn splits(len: usize) -> Vec<usize> {
    if len <= 4096 {
        return (0..=len).collect();
    }
    let between = (0..32).map(|i| 64 + (i * 7919 * 613) % (len - 128));
    (0..64).chain(between).chain(len - 64..=len).collect()
}
