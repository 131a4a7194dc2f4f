//! However a stream is cut into reads, received and delivered, a connection sees the same messages
//! and the same error at the same offset, and sends the same answers.
#![no_main]

use std::io::{self, Read};

use bytes::BytesMut;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sansock::connection::Delivery;
use sansock::{ReadBuffer, Role};
use sansock_fuzz::connection::{Outcome, Watched, receive};
use sansock_fuzz::stream::Stream;

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    server: bool,
    stream: Stream<'a>,
}

fn receive_from_bytes_mut(mut watched: Watched, pieces: &[&[u8]]) -> Outcome {
    let mut input = BytesMut::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        while watched.log.push(watched.ws.receive_from_bytes_mut(&mut input)) {}
        assert!(input.is_empty());
    }
    watched.outcome()
}

/// Receives each piece as soon as it is in the buffer.
fn receive_buffered(mut watched: Watched, capacity: usize, pieces: &[&[u8]]) -> Outcome {
    let mut input = ReadBuffer::with_capacity(capacity);
    for mut piece in pieces.iter().copied() {
        while !piece.is_empty() {
            let room = input.spare_mut();
            assert!(!room.is_empty());
            let len = piece.read(room).expect("memory is always ready");
            input.mark_filled(len);
            while watched.log.push(watched.ws.receive_buffered(&mut input)) {}
        }
    }
    watched.outcome()
}

/// Reads pieces as long as the buffer wants more, so that several are received at once.
fn receive_wanted(mut watched: Watched, capacity: usize, pieces: &[&[u8]]) -> Outcome {
    let mut input = ReadBuffer::with_capacity(capacity);
    let mut transport = Reads { pieces: pieces.iter().copied(), piece: &[] };
    while input.read_from(&mut transport).expect("memory is always ready") > 0 {
        while watched.log.push(watched.ws.receive_buffered(&mut input)) {}
    }
    watched.outcome()
}

/// A transport that returns a part of one piece in each call.
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

fuzz_target!(|input: Case<'_>| {
    let role = if input.server { Role::Server } else { Role::Client };
    let stream = input.stream.to_bytes(role);
    let whole = receive(role, Delivery::Whole, &[&stream]);
    for delivery in [Delivery::Whole, Delivery::Streaming] {
        let watched = || Watched::new(role, delivery);
        for pieces in input.stream.cuts(&stream) {
            assert_eq!(receive(role, delivery, &pieces), whole);
            assert_eq!(receive_from_bytes_mut(watched(), &pieces), whole);
            // Most messages are longer than the first capacity. None is longer than the second.
            for capacity in [64, 1 << 10] {
                assert_eq!(receive_buffered(watched(), capacity, &pieces), whole);
                assert_eq!(receive_wanted(watched(), capacity, &pieces), whole);
            }
        }
    }
});
