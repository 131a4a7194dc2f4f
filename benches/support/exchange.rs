//! One end of a connection, and a transport in memory with all that the other end sends.

use std::fmt;

use sansock::bytes::Buf;
use sansock::frame::{Encoder, Header, Rsv};
use sansock::{Config, Connection, Event, Input, Opcode, Role};

use super::{HUGE, KEY, SIZES, TINY_READ, WHOLE_READ};

/// Fragments a message, where it is in fragments.
pub const FRAGMENTS: usize = 64;
/// Payload that one round carries, at least: enough reads to forget where the first began.
const ROUND: usize = 256 << 10;

/// How a message reaches its receiver.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Whole,
    Fragmented,
    TinyReads,
}

/// One row of a table.
#[derive(Clone, Copy)]
pub struct Case {
    /// Who receives, or sends: a server receives masked frames, a client sends them.
    pub role: Role,
    pub opcode: Opcode,
    pub shape: Shape,
    /// Payload bytes a frame.
    pub len: usize,
}

impl Case {
    /// Every role, kind of message, shape and size, without messages of 64 MiB.
    pub fn all() -> impl Iterator<Item = Case> {
        let roles = [Role::Server, Role::Client].into_iter();
        let kinds = roles.flat_map(|role| [Opcode::Binary, Opcode::Text].map(|kind| (role, kind)));
        let shaped = kinds.flat_map(|(role, opcode)| {
            [Shape::Whole, Shape::Fragmented, Shape::TinyReads].map(|shape| (role, opcode, shape))
        });
        shaped
            .flat_map(|(role, opcode, shape)| {
                let huge = (shape == Shape::Whole).then_some(HUGE);
                SIZES.into_iter().chain(huge).map(move |len| Case { role, opcode, shape, len })
            })
            .filter(|case| case.shape == Shape::Whole || case.message_len() <= 1 << 20)
    }

    pub fn fragments(&self) -> usize {
        if self.shape == Shape::Fragmented { FRAGMENTS } else { 1 }
    }

    pub fn message_len(&self) -> usize {
        self.len * self.fragments()
    }

    /// Messages a round.
    pub fn count(&self) -> usize {
        (ROUND / self.message_len()).max(4)
    }

    /// The payload of every message: ASCII text, as most text is.
    pub fn payload(&self) -> Vec<u8> {
        b"Say it in 26 letters, 10 digits. "
            .iter()
            .copied()
            .cycle()
            .take(self.message_len())
            .collect()
    }

    /// This end of the connection.
    pub fn connection(&self) -> Connection {
        Connection::new(match self.role {
            Role::Server => Config::server(),
            Role::Client => Config::client(),
        })
    }

    /// The other end of it: what it sends in a round, and the reads that bring it.
    pub fn transport(&self) -> Transport {
        let (payload, mut stream) = (self.payload(), Vec::new());
        for _ in 0..self.count() {
            self.write(self.role.peer(), &payload, &mut stream);
        }
        let read = if self.shape == Shape::TinyReads { TINY_READ } else { WHOLE_READ };
        Transport::new(stream, read)
    }

    /// Appends a message to `stream` as `sender` sends it.
    pub fn write(&self, sender: Role, payload: &[u8], stream: &mut Vec<u8>) {
        let mut encoder = Encoder::new(sender);
        for (i, fragment) in payload.chunks(self.len).enumerate() {
            let header = Header {
                fin: i + 1 == self.fragments(),
                rsv: Rsv::NONE,
                opcode: if i == 0 { self.opcode } else { Opcode::Continuation },
                mask_key: sender.masks().then_some(KEY),
                payload_len: fragment.len() as u64,
            };
            stream.extend_from_slice(&encoder.header(header).expect("a message of its own"));
            let start = stream.len();
            stream.extend_from_slice(fragment);
            encoder.payload(&mut stream[start..]).expect("what the header announced");
        }
    }
}

/// What comes before the size in the name of a benchmark.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = if self.role == Role::Server { "server" } else { "client" };
        let kind = if self.opcode == Opcode::Text { "text" } else { "binary" };
        let shape = match self.shape {
            Shape::Whole => "whole",
            Shape::Fragmented => "64 fragments",
            Shape::TinyReads => "37-byte reads",
        };
        write!(f, "{role} {kind} {shape}")
    }
}

/// A transport that has all that it will ever read, and copies it as a socket does.
pub struct Transport {
    stream: Vec<u8>,
    buffer: Vec<u8>,
}

impl Transport {
    /// A transport that gives `read` bytes of `stream` at a time.
    pub fn new(stream: Vec<u8>, read: usize) -> Self {
        Transport { stream, buffer: vec![0; read] }
    }

    /// Reads a round, and gives each event to `on_event`. Output is dropped after each read, as if
    /// it were written.
    pub fn run(
        &mut self,
        ws: &mut Connection,
        mut on_event: impl FnMut(&mut Connection, Event<'_>),
    ) {
        for piece in self.stream.chunks(self.buffer.len()) {
            // `receive` unmasks in place, so that every round needs the copy too.
            let input = &mut self.buffer[..piece.len()];
            input.copy_from_slice(piece);
            let mut input = Input::new(input);
            while let Some(event) = ws.receive(&mut input).expect("the peer keeps the rules") {
                on_event(ws, event);
            }
            drop_output(ws);
        }
    }
}

/// The payload of a message.
pub fn bytes_of<'e>(event: &'e Event<'_>) -> &'e [u8] {
    match event {
        Event::Text(text) => text.as_bytes(),
        Event::Binary(data) => data,
        _ => &[],
    }
}

/// Drops the output as if it were written.
pub fn drop_output(ws: &mut Connection) {
    let output = ws.output();
    output.advance(output.remaining());
}
