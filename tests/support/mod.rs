//! Shared by the tests of connections: frames built by hand, and every way to cut a stream into
//! reads.
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

pub mod conversation;

use bytes::{Buf, BytesMut};
use sansock::connection::{PingPolicy, ReceiveError};
use sansock::frame::{ControlPayload, MessageDecoder, MessagePart};
use sansock::{
    Config, Connection, Event, Input, Limits, Opcode, ProtocolError, ReadBuffer, Role, Violation,
};

/// The mask key of the examples in RFC 6455 §5.7.
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A length that no peer means, but that memory could hold: a terabyte with 64-bit addresses.
pub const ABSURD_LEN: u64 = if usize::BITS < 64 { 1 << 29 } else { 1 << 40 };

/// An event or an error, owned and comparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// The code, if there is one, and the reason.
    Close(Option<u16>, String),
    /// The violation and its offset.
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
                Seen::Close(code.map(|code| code.as_u16()), reason.to_string())
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

impl From<ReceiveError> for Seen {
    fn from(error: ReceiveError) -> Seen {
        match error {
            ReceiveError::Protocol(error) => error.into(),
            other => panic!("{other}"),
        }
    }
}

pub const ROLES: [Role; 2] = [Role::Client, Role::Server];

/// Returns a configuration for `role`. A client masks with [`KEY`].
pub fn config(role: Role) -> Config {
    match role {
        Role::Server => Config::server(),
        Role::Client => Config::client_with_mask_keys(|| KEY),
    }
}

/// Returns the same configuration with other limits.
pub fn limited(role: Role, limits: Limits) -> Config {
    let mut config = config(role);
    config.limits = limits;
    config
}

pub fn connection(role: Role) -> Connection {
    Connection::new(config(role))
}

/// Returns a frame as the peer of `role` sends it: masked if `role` is a server's.
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

/// Returns the header of a frame as the peer of `role` sends it.
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

/// Limits beyond any length that a header can declare.
pub const NO_LIMITS: Limits = Limits::NONE;

/// Returns a message in one frame for each of `parts`, as the peer of `role` sends it.
pub fn fragmented_for(role: Role, opcode: Opcode, parts: &[&[u8]]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let opcode = if i == 0 { opcode } else { Opcode::Continuation };
        let fin = if i + 1 == parts.len() { 0x80 } else { 0 };
        stream.extend(frame_for(role, fin | opcode.as_u8(), part));
    }
    stream
}

/// A frame that a connection has sent, parsed by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub first: u8,
    pub key: Option<[u8; 4]>,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

impl Frame {
    /// Returns what does not depend on the sender's role.
    pub fn content(&self) -> (u8, &[u8]) {
        (self.first, &self.payload)
    }
}

/// Parses `bytes`, a series of complete frames, by hand. Asserts that their lengths are minimal.
pub fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut take = |count: usize| {
        let (front, rest) = bytes.split_at(count);
        bytes = rest;
        (front, rest.is_empty())
    };
    let mut frames = Vec::new();
    let mut done = take(0).1;
    while !done {
        let head = take(2).0;
        let len = match head[1] & 0x7F {
            126 => {
                let len = u16::from_be_bytes(take(2).0.try_into().unwrap());
                assert!(len >= 126, "a length of 16 bits is minimal");
                usize::from(len)
            }
            127 => {
                let len = u64::from_be_bytes(take(8).0.try_into().unwrap());
                assert!(len >= 65536, "a length of 64 bits is minimal");
                usize::try_from(len).unwrap()
            }
            len => usize::from(len),
        };
        let key: Option<[u8; 4]> = (head[1] & 0x80 != 0).then(|| take(4).0.try_into().unwrap());
        let (payload, last) = take(len);
        let mask = key.unwrap_or_default();
        let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key);
        frames.push(Frame { first: head[0], key, payload: payload.collect() });
        done = last;
    }
    frames
}

/// Returns the body of a Close frame.
pub fn close_body(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// A list of what was seen. Chunks are joined, so that a message is the same in both delivery
/// modes.
#[derive(Default)]
struct Log {
    seen: Vec<Seen>,
    chunks: Option<Vec<u8>>,
}

impl Log {
    fn push(&mut self, event: Event<'_>) {
        match event {
            Event::TextChunk { text, last } => self.push_piece(true, text.as_bytes(), last),
            Event::BinaryChunk { data, last } => self.push_piece(false, &data, last),
            other => self.seen.push(other.into()),
        }
    }

    fn push_piece(&mut self, is_text: bool, piece: &[u8], last: bool) {
        assert!(last || !piece.is_empty(), "an empty chunk that is not the last");
        let message = [&self.chunks.take().unwrap_or_default()[..], piece].concat();
        match (last, is_text) {
            (false, _) => self.chunks = Some(message),
            (true, true) => self.seen.push(Seen::Text(String::from_utf8(message).unwrap())),
            (true, false) => self.seen.push(Seen::Binary(message)),
        }
    }
}

/// Passes `pieces` to the connection, one read after the other. Returns what it reports.
pub fn receive(ws: &mut Connection, pieces: &[&[u8]]) -> Vec<Seen> {
    let mut log = Log::default();
    for piece in pieces {
        let mut buffer = piece.to_vec();
        let mut input = Input::new(&mut buffer[..]);
        loop {
            match ws.receive(&mut input) {
                Ok(Some(event)) => log.push(event),
                Ok(None) => break,
                Err(error) => log.seen.push(error.into()),
            }
        }
        assert!(input.is_empty(), "None means that all input was taken");
    }
    log.seen
}

/// Does the same with [`Connection::receive_from_bytes_mut`]: each piece is appended to one buffer.
pub fn receive_from_bytes_mut(ws: &mut Connection, pieces: &[&[u8]]) -> Vec<Seen> {
    let mut log = Log::default();
    let mut input = BytesMut::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match ws.receive_from_bytes_mut(&mut input) {
                Ok(Some(event)) => log.push(event),
                Ok(None) => break,
                Err(error) => log.seen.push(error.into()),
            }
        }
        assert!(input.is_empty(), "None means that all input was taken");
    }
    log.seen
}

/// Does the same with [`Connection::receive_buffered`], from a buffer with this capacity.
pub fn receive_buffered(ws: &mut Connection, capacity: usize, pieces: &[&[u8]]) -> Vec<Seen> {
    receive_buffered_in(ws, &mut ReadBuffer::with_capacity(capacity), pieces)
}

/// Does the same with [`Connection::receive_buffered`], from this buffer.
pub fn receive_buffered_in(
    ws: &mut Connection,
    input: &mut ReadBuffer,
    pieces: &[&[u8]],
) -> Vec<Seen> {
    let mut log = Log::default();
    for piece in pieces {
        let mut piece = *piece;
        loop {
            let room = input.spare_mut();
            let (now, later) = piece.split_at(room.len().min(piece.len()));
            room[..now.len()].copy_from_slice(now);
            input.mark_filled(now.len());
            piece = later;
            loop {
                match ws.receive_buffered(input) {
                    Ok(Some(event)) => log.push(event),
                    Ok(None) => break,
                    Err(error) => log.seen.push(error.into()),
                }
            }
            if piece.is_empty() {
                break;
            }
        }
    }
    log.seen
}

/// Reads all of `bytes`, `at_once` of them at a time, and passes each event to `visit`.
pub fn read(
    ws: &mut Connection,
    input: &mut ReadBuffer,
    mut bytes: &[u8],
    at_once: usize,
    mut visit: impl FnMut(Event<'_>),
) {
    while !bytes.is_empty() {
        let room = input.spare_mut();
        assert!(!room.is_empty(), "a read to no room says that the transport has ended");
        let len = room.len().min(at_once).min(bytes.len());
        room[..len].copy_from_slice(&bytes[..len]);
        input.mark_filled(len);
        bytes = &bytes[len..];
        while let Some(event) = ws.receive_buffered(input).unwrap() {
            visit(event);
        }
    }
}

/// Takes all output.
pub fn drain(ws: &mut Connection) -> Vec<u8> {
    let output = ws.output();
    let mut bytes = Vec::new();
    // Taking output may let a waiting pong into it.
    while output.has_remaining() {
        let len = output.chunk().len();
        bytes.extend_from_slice(output.chunk());
        output.advance(len);
    }
    bytes
}

/// Asserts that `buf` contains the bytes of `model`.
///
/// Vectored chunks must agree with it too, up to its end if `shows_all`.
pub fn assert_shows(buf: &impl Buf, model: &[u8], shows_all: bool) {
    assert_eq!(buf.remaining(), model.len());
    assert!(model.starts_with(buf.chunk()));
    assert_eq!(buf.chunk().is_empty(), model.is_empty());
    let slots: &[usize] = if cfg!(feature = "std") { &[0, 1, 2, 3, 100] } else { &[] };
    for &slots in slots {
        let mut slices = vec![std::io::IoSlice::new(&[]); slots];
        let filled = buf.chunks_vectored(&mut slices);
        let bytes = slices[..filled].iter().flat_map(|slice| slice.to_vec());
        let bytes: Vec<u8> = bytes.collect();
        assert!(model.starts_with(&bytes));
        assert!(!shows_all || filled == slots || bytes == model);
        assert_eq!(filled == 0, slots == 0 || model.is_empty());
        assert!(slices[..filled].iter().all(|slice| !slice.is_empty()));
    }
}

/// Asserts that a connection with this configuration sees `expected` in `stream`, with the same
/// replies, however the stream is read.
///
/// It is read whole, byte by byte and cut at every place, by all receive methods. Beyond 4 KiB, it
/// is cut at the first and last 64 bytes and at some places between them.
///
/// A [`MessageDecoder`] sees the same, unless pings have a budget, which it has not, or there are no
/// limits: those of a connection are lowered to what can be allocated.
pub fn assert_sees(config: &Config, stream: &[u8], expected: &[Seen]) {
    assert_each_sees(|| Connection::new(config.clone()), stream, expected);
    if config.pings != PingPolicy::AnswerAll || config.limits == NO_LIMITS {
        return;
    }
    let check = |pieces: &[&[u8]], how: &str| {
        let mut decoder = MessageDecoder::new(config.role()).with_limits(config.limits);
        assert_eq!(decode_messages(&mut decoder, pieces), expected, "by a decoder, {how}");
    };
    check(&[stream], "whole");
    check(&stream.chunks(1).collect::<Vec<_>>(), "byte by byte");
    for at in splits(stream.len()) {
        let (left, right) = stream.split_at(at);
        check(&[left, &[], right], &format!("split at {at}"));
    }
}

/// Passes `pieces` to the decoder. Returns what it reports.
pub fn decode_messages(decoder: &mut MessageDecoder, pieces: &[&[u8]]) -> Vec<Seen> {
    let mut log = Log::default();
    for piece in pieces {
        let mut buffer = piece.to_vec();
        let mut input = Input::new(&mut buffer[..]);
        loop {
            let payload = |payload: ControlPayload| payload.to_vec();
            match decoder.decode(&mut input) {
                Ok(None) => break,
                Ok(Some(MessagePart::Text { bytes, last })) => log.push_piece(true, bytes, last),
                Ok(Some(MessagePart::Binary { bytes, last })) => log.push_piece(false, bytes, last),
                Ok(Some(MessagePart::Ping(ping))) => log.seen.push(Seen::Ping(payload(ping))),
                Ok(Some(MessagePart::Pong(pong))) => log.seen.push(Seen::Pong(payload(pong))),
                Ok(Some(MessagePart::Close(frame))) => log.seen.push(match frame.body().status {
                    Some((code, reason)) => {
                        Seen::Close(Some(code.as_u16()), reason.as_str().into())
                    }
                    None => Seen::Close(None, String::new()),
                }),
                Ok(Some(other)) => panic!("{other:?}"),
                Err(error) => log.seen.push(error.into()),
            }
        }
        assert!(input.is_empty(), "None means that all input was taken");
    }
    log.seen
}

/// Does the same as [`assert_sees`] with connections that `create` makes.
pub fn assert_each_sees(create: impl Fn() -> Connection, stream: &[u8], expected: &[Seen]) {
    let mut ws = create();
    assert_eq!(receive(&mut ws, &[stream]), expected, "whole");
    let answer = drain(&mut ws);

    let check = |pieces: &[&[u8]], how: &str| {
        let mut ws = create();
        assert_eq!(receive(&mut ws, pieces), expected, "{how}");
        assert_eq!(drain(&mut ws), answer, "the answer {how}");
        let mut ws = create();
        assert_eq!(receive_from_bytes_mut(&mut ws, pieces), expected, "as bytes, {how}");
        assert_eq!(drain(&mut ws), answer, "the answer as bytes, {how}");
        for capacity in [0, 1 << 10] {
            let mut ws = create();
            assert_eq!(receive_buffered(&mut ws, capacity, pieces), expected, "buffered, {how}");
            assert_eq!(drain(&mut ws), answer, "the answer buffered, {how}");
        }
    };
    check(&[stream], "whole");
    check(&stream.chunks(1).collect::<Vec<_>>(), "byte by byte");
    for at in splits(stream.len()) {
        let (left, right) = stream.split_at(at);
        check(&[left, right], &format!("split at {at}"));
        check(&[left, &[], right], &format!("split at {at} by an empty read"));
    }
}

/// Asserts that `stream` leads to `expected`, and that bytes after it are ignored.
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
