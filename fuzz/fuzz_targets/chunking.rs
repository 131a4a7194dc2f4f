//! However a stream is cut into reads, and whichever way it is received and delivered, a connection
//! sees the same messages, the same error at the same offset, and answers the same.
#![no_main]

use bytes::{Buf, BytesMut};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sansock::{Config, Connection, Delivery, Event, Limits, Role, State};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    server: bool,
    cuts: [u8; 8],
    stream: &'a [u8],
}

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
    let whole = receive((role, Delivery::Whole), [input.stream].into_iter());
    for delivery in [Delivery::Whole, Delivery::Streaming] {
        let end = (role, delivery);
        assert_eq!(receive(end, input.stream.chunks(1)), whole);
        assert_eq!(receive(end, pieces(input.stream, &input.cuts)), whole);
        assert_eq!(receive_bytes(end, [input.stream].into_iter()), whole);
        assert_eq!(receive_bytes(end, pieces(input.stream, &input.cuts)), whole);
    }
});
