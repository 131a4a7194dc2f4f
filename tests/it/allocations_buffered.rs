//! A connection with its own read buffer allocates nothing in a steady state.
#![cfg(feature = "std")]

use std::io::{self, ErrorKind, IoSlice, Write};

use crate::counting::measure;
use crate::support::{ROLES, config, fragmented_for, frame_for};
use bytes::Buf;
use sansock::{Connection, Event, Opcode, ReadBuffer, Role};

/// How much of each message a transport takes before it would block.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Takes {
    All,
    Half,
}

/// A transport that takes this many bytes and then would block.
struct Transport(usize);

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let len = slices.iter().map(|slice| slice.len()).sum::<usize>().min(self.0);
        self.0 -= len;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection that echoes each message without copying it.
struct Echo {
    ws: Connection,
    input: ReadBuffer,
    takes: Takes,
    events: usize,
}

impl Echo {
    fn new(role: Role, takes: Takes) -> Self {
        let mut config = config(role);
        config.max_output = None;
        Echo { ws: Connection::new(config), input: ReadBuffer::new(), takes, events: 0 }
    }

    /// Reads `stream`, `read` bytes at once or as many as the buffer has room for.
    fn run(&mut self, mut stream: &[u8], read: usize) {
        while !stream.is_empty() {
            let room = self.input.spare_mut();
            let (now, later) = stream.split_at(stream.len().min(read).min(room.len()));
            room[..now.len()].copy_from_slice(now);
            self.input.mark_filled(now.len());
            stream = later;
            while let Some(event) = self.ws.receive_buffered(&mut self.input).unwrap() {
                answer(&mut self.ws, &event, self.takes);
                self.events += 1;
            }
        }
        assert!(self.input.is_empty());
    }
}

fn answer(ws: &mut Connection, event: &Event<'_>, takes: Takes) {
    let view = match event {
        Event::Text(text) => ws.output_with_text(text).unwrap(),
        Event::Binary(data) => ws.output_with_binary(data).unwrap(),
        Event::Ping(_) => return ws.output().write_to(&mut io::sink()).unwrap(),
        other => panic!("{other:?}"),
    };
    let transport = match takes {
        Takes::All => usize::MAX,
        Takes::Half => view.remaining() / 2,
    };
    let written = view.write_to(&mut Transport(transport)).map_err(|error| error.kind());
    assert_eq!(written, if takes == Takes::All { Ok(()) } else { Err(ErrorKind::WouldBlock) });
    ws.output().write_to(&mut io::sink()).unwrap();
}

/// Returns the allocations of three rounds, the bytes they leave, and their events. Two rounds run
/// before.
fn steady(mut echo: Echo, stream: &[u8], read: usize) -> (usize, isize, usize) {
    // The first round grows the buffers. Its message may be moved to the front of the read buffer.
    (0..2).for_each(|_| echo.run(stream, read));
    echo.events = 0;
    let (allocations, bytes, ()) = measure(|| (0..3).for_each(|_| echo.run(stream, read)));
    (allocations, bytes, echo.events)
}

/// Asserts that repeated rounds of `events` events allocate and free nothing.
fn assert_steady(role: Role, takes: Takes, stream: &[u8], read: usize, events: usize, what: &str) {
    let seen = steady(Echo::new(role, takes), stream, read);
    assert_eq!(seen, (0, 0, 3 * events), "{role:?}, {takes:?}, {what} in reads of {read}");
}

/// Returns a frame. Text has two bytes a code point, so every byte has to be validated.
fn frame(role: Role, opcode: Opcode, len: usize) -> Vec<u8> {
    let payload =
        if opcode == Opcode::Text { "ä".repeat(len / 2).into() } else { vec![0xFF; len] };
    frame_for(role, 0x80 | opcode.as_u8(), &payload)
}

/// As many bytes a read as the buffer has room for.
const ALL: usize = usize::MAX;

/// Lengths of messages, bytes a read, and messages a round.
const CASES: [(usize, usize, usize); 13] = [
    (0, ALL, 100),
    (2, ALL, 100),
    (124, ALL, 200),
    (1 << 10, ALL, 50),
    (16 << 10, ALL, 5),
    (64 << 10, ALL, 3),
    (124, 37, 20),
    (1 << 10, 37, 5),
    (16 << 10, 37, 2),
    (16 << 10, 1 << 10, 5),
    (100_000, 16 << 10, 3),
    (1 << 20, 16 << 10, 1),
    (1 << 20, ALL, 1),
];

#[test]
fn messages_in_one_frame_allocate_nothing_however_they_are_read() {
    for role in ROLES {
        for opcode in [Opcode::Text, Opcode::Binary] {
            for (len, read, messages) in CASES {
                let stream = frame(role, opcode, len).repeat(messages);
                let what = format!("{opcode:?} of {len}");
                assert_steady(role, Takes::All, &stream, read, messages, &what);
                // A client's message of sixteen blocks is sixteen rounds without a burst of output.
                // The output buffer then shrinks, and the end of the next message has to grow it
                // again.
                if role == Role::Server || len < 1 << 20 {
                    assert_steady(role, Takes::Half, &stream, read, messages, &what);
                }
            }
        }
    }
}

#[test]
fn messages_of_all_lengths_among_each_other_allocate_nothing() {
    for role in ROLES {
        let lengths = [70_000, 2, 16 << 10, 124, 1 << 10, 0, 30_000];
        let kinds = [Opcode::Text, Opcode::Binary].into_iter().cycle();
        let each = lengths.into_iter().zip(kinds).map(|(len, opcode)| frame(role, opcode, len));
        let stream = each.collect::<Vec<_>>().concat();
        for read in [37, 1 << 10, ALL] {
            for takes in [Takes::All, Takes::Half] {
                assert_steady(role, takes, &stream, read, lengths.len(), "all lengths");
            }
        }
    }
}

/// They are reassembled in the memory of the messages before them.
#[test]
fn large_messages_in_fragments_allocate_nothing() {
    for role in ROLES {
        for opcode in [Opcode::Text, Opcode::Binary] {
            let stream = fragmented_for(role, opcode, &[&[b'x'; 10_000][..]; 6]);
            for read in [37, 1 << 10, ALL] {
                for takes in [Takes::All, Takes::Half] {
                    assert_steady(role, takes, &stream, read, 1, "fragments");
                }
            }
        }
    }
}

#[test]
fn pings_that_come_whole_allocate_nothing() {
    for role in ROLES {
        let ping = frame_for(role, 0x89, b"there?");
        let stream = [&ping[..], &frame(role, Opcode::Text, 124), &ping].concat();
        assert_steady(role, Takes::All, &stream.repeat(20), stream.len(), 60, "pings");
    }
}

/// One allocation to reassemble the ping, which may come between the pieces of a message, and one
/// for its event.
#[test]
fn a_ping_that_a_read_cuts_takes_two_allocations() {
    for role in ROLES {
        let ping = frame_for(role, 0x89, &[b'x'; 125]);
        for read in [1, 37, ping.len() - 1] {
            let seen = steady(Echo::new(role, Takes::All), &ping, read);
            assert_eq!(seen, (2 * 3, 0, 3), "{role:?}, in reads of {read}");
        }
    }
}
