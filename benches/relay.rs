//! Passing on frames from a client to a server: from reads of 64 KiB to bytes ready to be written,
//! including the transport's copy. A relay does it, and for comparison two connections.
//!
//! `cargo bench --bench relay` prints the time for a frame. For comparison it also measures the
//! read's copy alone, and that copy with another one.

#![allow(missing_docs, reason = "criterion's macros make the functions")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sansock::frame::Relay;
use sansock::{Config, Connection, Event, Input, Opcode, Role};
use support::exchange::{Case, Shape, drop_output};
use support::{WHOLE_READ, group, measure};

fn relay(criterion: &mut Criterion) {
    let mut group = group(criterion, "relay");
    for len in [125, 1 << 10, 16 << 10, 1 << 20] {
        let case = Case { role: Role::Server, opcode: Opcode::Binary, shape: Shape::Whole, len };
        let per_round = (case.count(), len);
        let mut stream = Stream::of(&case);
        assert_passes_on(&case, &stream);

        let mut to_server = Relay::new(Role::Server);
        measure(&mut group, ("forward", len), per_round, || {
            stream.read(|input, _| {
                forward(&mut to_server, input, |part| {
                    black_box(part);
                });
            });
        });
        measure(&mut group, ("forward, gathered", len), per_round, || {
            stream.read(|input, gathered| {
                forward(&mut to_server, input, |part| gathered.extend_from_slice(part));
            });
        });
        let (mut server, mut client) =
            (Connection::new(Config::server()), Connection::new(Config::client()));
        measure(&mut group, ("decode and encode", len), per_round, || {
            stream.read(|input, _| decode_and_encode(&mut server, &mut client, input));
        });
        measure(&mut group, ("copy", len), per_round, || stream.read(|_, _| ()));
        measure(&mut group, ("copy twice", len), per_round, || {
            stream.read(|input, gathered| gathered.extend_from_slice(input));
        });
    }
}

/// All bytes that a client sends in a round, and the buffer that a proxy reads into.
struct Stream {
    sent: Vec<u8>,
    buffer: Vec<u8>,
    gathered: Vec<u8>,
}

impl Stream {
    fn of(case: &Case) -> Stream {
        let (payload, mut sent) = (case.payload(), Vec::new());
        for _ in 0..case.count() {
            case.write(Role::Client, &payload, &mut sent);
        }
        Stream { sent, buffer: vec![0; WHOLE_READ], gathered: Vec::new() }
    }

    /// Passes each read to `take`, with a buffer for the output.
    fn read(&mut self, mut take: impl FnMut(&mut [u8], &mut Vec<u8>)) {
        for piece in self.sent.chunks(WHOLE_READ) {
            let input = &mut self.buffer[..piece.len()];
            input.copy_from_slice(piece);
            self.gathered.clear();
            take(black_box(input), &mut self.gathered);
            black_box(&self.gathered);
        }
    }
}

fn forward(relay: &mut Relay, input: &mut [u8], mut send: impl FnMut(&[u8])) {
    let mut input = Input::new(input);
    let fresh_key = || rand::random::<u32>().to_ne_bytes();
    while let Some(part) = relay.forward(&mut input, fresh_key).expect("the client keeps the rules")
    {
        send(&part.head());
        send(part.payload);
    }
}

fn decode_and_encode(server: &mut Connection, client: &mut Connection, input: &mut [u8]) {
    let mut input = Input::new(input);
    while let Some(event) = server.receive(&mut input).expect("the client keeps the rules") {
        if let Event::Binary(data) = event {
            client.send_binary(&data).expect("there is room");
        }
    }
    drop_output(client);
}

/// Asserts that both ways deliver the client's messages to the server.
fn assert_passes_on(case: &Case, stream: &Stream) {
    let mut to_server = Relay::new(Role::Server);
    let (mut input, mut sent) = (stream.sent.clone(), Vec::new());
    forward(&mut to_server, &mut input, |part| sent.extend_from_slice(part));
    assert_eq!(sent.len(), stream.sent.len());
    assert!(sent != stream.sent, "the keys are other ones");

    let (mut received, mut server) = (0, case.connection());
    let mut input = Input::new(&mut sent[..]);
    while let Some(event) = server.receive(&mut input).expect("frames by the rules") {
        assert!(support::exchange::bytes_of(&event) == case.payload());
        received += 1;
    }
    assert_eq!(received, case.count());
}

criterion_group!(name = benches; config = support::criterion(); targets = relay);
criterion_main!(benches);
