//! However a stream is cut into reads, and whichever way it is received and delivered, a connection
//! sees the same messages, the same error at the same offset, and answers the same.
#![no_main]

use std::io::{self, Read};

use bytes::{Buf, BytesMut};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sansock::{Config, Connection, Delivery, Event, Limits, ReadBuffer, Role, State};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    server: bool,
    cuts: [u8; 8],
    /// What the stream begins with: by the rules, or nearly so, and longer than bytes by chance.
    frames: Vec<Frame>,
    rest: &'a [u8],
}

#[derive(Arbitrary, Debug)]
struct Frame {
    kind: u8,
    len: u16,
    /// What the payload consists of; 0 stands for code points of three bytes.
    fill: u8,
}

impl Frame {
    /// As the peer of `role` sends it.
    fn write(&self, role: Role, stream: &mut Vec<u8>) {
        let first = KINDS[usize::from(self.kind) % KINDS.len()];
        let most = if first & 0x08 == 0 { 1100 } else { 125 };
        let len = self.len % (most + 1);
        let mask = if role == Role::Server { 0x80 } else { 0 };
        stream.push(first);
        match len {
            0..126 => stream.push(mask | len as u8),
            _ => {
                stream.push(mask | 126);
                stream.extend(len.to_be_bytes());
            }
        }
        let mut key = [0; 4];
        if role == Role::Server {
            key = [9, 8, 7, self.fill];
            stream.extend(key);
        }
        let fill = if self.fill == 0 { "€".as_bytes() } else { &[self.fill] };
        let payload = fill.iter().cycle().take(len.into());
        stream.extend(payload.zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
}

/// First bytes of frames: text and binary, whole and begun, continued and ended, ping and pong.
const KINDS: [u8; 8] = [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A];

/// What was seen, as text, and what is to be sent.
#[derive(Debug, PartialEq)]
struct Outcome {
    seen: Vec<String>,
    answer: Vec<u8>,
    state: State,
}

fn connection((role, delivery): (Role, Delivery)) -> Connection {
    let mut config = match role {
        Role::Server => Config::server(),
        Role::Client => Config::client_with_mask_keys(|| [1, 2, 3, 4]),
    };
    // Low enough to be reached.
    config.limits = Limits { frame: 1000, message: 2000, fragments: 20 };
    config.delivery = delivery;
    Connection::new(config)
}

/// What was seen. Chunks are put together, so that a message is the same however it is delivered.
#[derive(Default)]
struct Log {
    seen: Vec<String>,
    chunks: Vec<u8>,
}

impl Log {
    fn push(&mut self, event: &Event<'_>) {
        let (is_text, piece, last) = match event {
            Event::TextChunk { text, last } => (true, text.as_bytes(), *last),
            Event::BinaryChunk { data, last } => (false, &**data, *last),
            other => return self.seen.push(describe(other)),
        };
        assert!(last || !piece.is_empty(), "a chunk that tells nothing");
        self.chunks.extend_from_slice(piece);
        if last {
            let message = std::mem::take(&mut self.chunks);
            self.seen.push(if is_text {
                format!("text {}", String::from_utf8(message).expect("text"))
            } else {
                format!("binary {message:?}")
            });
        }
    }
}

fn outcome(mut ws: Connection, seen: Vec<String>) -> Outcome {
    let mut answer = Vec::new();
    let output = ws.output();
    while output.has_remaining() {
        let len = output.chunk().len();
        answer.extend_from_slice(output.chunk());
        output.advance(len);
    }
    Outcome { seen, answer, state: ws.state() }
}

/// `Debug` hides content, so it is shown by hand.
fn describe(event: &Event<'_>) -> String {
    match event {
        Event::Text(text) => format!("text {}", text.as_str()),
        Event::Binary(data) => format!("binary {:?}", &**data),
        Event::Ping(data) => format!("ping {:?}", &**data),
        Event::Pong(data) => format!("pong {:?}", &**data),
        Event::Close { code, reason } => format!("close {code:?} {}", reason.as_str()),
        other => format!("{other:?}"),
    }
}

fn receive<'a>(end: (Role, Delivery), pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let (mut ws, mut log) = (connection(end), Log::default());
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match ws.receive(&mut input) {
                Ok(Some(event)) => log.push(&event),
                Ok(None) => break,
                Err(error) => log.seen.push(error.to_string()),
            }
        }
        assert!(input.is_empty());
    }
    outcome(ws, log.seen)
}

fn receive_bytes<'a>(end: (Role, Delivery), pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let (mut ws, mut log, mut input) = (connection(end), Log::default(), BytesMut::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match ws.receive_bytes(&mut input) {
                Ok(Some(event)) => log.push(&event),
                Ok(None) => break,
                Err(error) => log.seen.push(error.to_string()),
            }
        }
        assert!(input.is_empty());
    }
    outcome(ws, log.seen)
}

/// Each piece is put where there is room, and looked at.
fn receive_buffered<'a>(
    end: (Role, Delivery),
    capacity: usize,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Outcome {
    let (mut ws, mut log) = (connection(end), Log::default());
    let mut input = ReadBuffer::with_capacity(capacity);
    for mut piece in pieces {
        while !piece.is_empty() {
            let room = input.room();
            assert!(!room.is_empty());
            let len = piece.read(room).expect("memory is always ready");
            input.filled(len);
            receive_from(&mut ws, &mut input, &mut log);
        }
    }
    outcome(ws, log.seen)
}

/// The same where the pieces are read as they are wanted, so that not each is looked at by itself.
fn receive_wanted<'a>(
    end: (Role, Delivery),
    capacity: usize,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Outcome {
    let (mut ws, mut log) = (connection(end), Log::default());
    let mut input = ReadBuffer::with_capacity(capacity);
    let mut transport = Reads { pieces, piece: &[] };
    while input.read_from(&mut transport).expect("memory is always ready") > 0 {
        receive_from(&mut ws, &mut input, &mut log);
    }
    outcome(ws, log.seen)
}

fn receive_from(ws: &mut Connection, input: &mut ReadBuffer, log: &mut Log) {
    loop {
        match ws.receive_buffered(input) {
            Ok(Some(event)) => log.push(&event),
            Ok(None) => break,
            Err(error) => log.seen.push(error.to_string()),
        }
    }
}

/// A transport that gives a part of one piece in each call.
struct Reads<'a, I> {
    pieces: I,
    piece: &'a [u8],
}

impl<'a, I: Iterator<Item = &'a [u8]>> Read for Reads<'a, I> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            self.piece = self.pieces.next().unwrap_or_default();
        }
        self.piece.read(room)
    }
}

/// The stream in pieces whose lengths go round in `cuts`.
fn pieces<'a>(mut stream: &'a [u8], cuts: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    cuts.iter().cycle().map_while(move |cut| {
        let (piece, rest) = stream.split_at((usize::from(*cut) + 1).min(stream.len()));
        stream = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

fuzz_target!(|input: Input<'_>| {
    let role = if input.server { Role::Server } else { Role::Client };
    let mut stream = Vec::new();
    input.frames.iter().take(8).for_each(|frame| frame.write(role, &mut stream));
    stream.extend_from_slice(input.rest);
    let whole = receive((role, Delivery::Whole), [&stream[..]].into_iter());
    for delivery in [Delivery::Whole, Delivery::Streaming] {
        let end = (role, delivery);
        assert_eq!(receive(end, stream.chunks(1)), whole);
        assert_eq!(receive(end, pieces(&stream, &input.cuts)), whole);
        assert_eq!(receive_bytes(end, [&stream[..]].into_iter()), whole);
        assert_eq!(receive_bytes(end, pieces(&stream, &input.cuts)), whole);
        // Most messages are longer than the first, and none is longer than the second.
        for capacity in [64, 1 << 10] {
            let cut = || pieces(&stream, &input.cuts);
            assert_eq!(receive_buffered(end, capacity, [&stream[..]].into_iter()), whole);
            assert_eq!(receive_buffered(end, capacity, stream.chunks(1)), whole);
            assert_eq!(receive_buffered(end, capacity, cut()), whole);
            assert_eq!(receive_wanted(end, capacity, cut()), whole);
        }
    }
});
