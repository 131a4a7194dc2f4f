//! However a stream is cut into reads, and whichever way it is received, a connection sees the same
//! events, the same error at the same offset, and answers the same.
#![no_main]

use bytes::{Buf, BytesMut};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sansock::{Config, Connection, Limits, Role, State};

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

fn connection(role: Role) -> Connection {
    let mut config = match role {
        Role::Server => Config::server(),
        Role::Client => Config::client_with_mask_keys(|| [1, 2, 3, 4]),
    };
    // Low enough to be reached.
    config.limits = Limits { frame: 1000, message: 2000, fragments: 20 };
    Connection::new(config)
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
fn describe(event: &sansock::Event<'_>) -> String {
    use sansock::Event;
    match event {
        Event::Text(text) => format!("text {}", text.as_str()),
        Event::Binary(data) => format!("binary {:?}", &**data),
        Event::Ping(data) => format!("ping {:?}", &**data),
        Event::Pong(data) => format!("pong {:?}", &**data),
        Event::Close { code, reason } => format!("close {code:?} {}", reason.as_str()),
        other => format!("{other:?}"),
    }
}

fn receive<'a>(role: Role, pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let (mut ws, mut seen) = (connection(role), Vec::new());
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match ws.receive(&mut input) {
                Ok(Some(event)) => seen.push(describe(&event)),
                Ok(None) => break,
                Err(error) => seen.push(error.to_string()),
            }
        }
        assert!(input.is_empty());
    }
    outcome(ws, seen)
}

fn receive_bytes<'a>(role: Role, pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let (mut ws, mut seen, mut input) = (connection(role), Vec::new(), BytesMut::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match ws.receive_bytes(&mut input) {
                Ok(Some(event)) => seen.push(describe(&event)),
                Ok(None) => break,
                Err(error) => seen.push(error.to_string()),
            }
        }
        assert!(input.is_empty());
    }
    outcome(ws, seen)
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
    let whole = receive(role, [input.stream].into_iter());
    assert_eq!(receive(role, input.stream.chunks(1)), whole);
    assert_eq!(receive(role, pieces(input.stream, &input.cuts)), whole);
    assert_eq!(receive_bytes(role, [input.stream].into_iter()), whole);
    assert_eq!(receive_bytes(role, pieces(input.stream, &input.cuts)), whole);
});
