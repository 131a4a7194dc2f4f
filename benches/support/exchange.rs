//! One end of a connection, and a transport in memory with everything that the other end sends.

use std::fmt;

use sansock::bytes::Buf;
use sansock::frame::{Encoder, Header, Rsv};
use sansock::{Config, Connection, Event, Input, Opcode, Role};

use super::{HUGE, KEY, SIZES, TINY_READ, WHOLE_READ};

/// The fragments of a fragmented message.
pub const FRAGMENTS: usize = 64;
/// The least payload of a round: enough reads that the first one has left the cache.
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
    /// The role of the end that is measured: a server receives masked frames, a client sends them.
    pub role: Role,
    pub opcode: Opcode,
    pub shape: Shape,
    /// Payload bytes a frame.
    pub len: usize,
}

impl Case {
    /// Returns every role, kind of message, shape and size, without messages of 64 MiB.
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

    /// Returns the messages a round.
    pub fn count(&self) -> usize {
        (ROUND / self.message_len()).max(4)
    }

    /// Returns the payload of every message: ASCII text, like most text.
    pub fn payload(&self) -> Vec<u8> {
        b"Say it in 26 letters, 10 digits. "
            .iter()
            .copied()
            .cycle()
            .take(self.message_len())
            .collect()
    }

    /// Returns this end of the connection.
    pub fn connection(&self) -> Connection {
        Connection::new(match self.role {
            Role::Server => Config::server(),
            Role::Client => Config::client(),
        })
    }

    /// Returns the other end: what it sends in a round, and the reads that bring it.
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

/// Writes what precedes the size in the name of a benchmark.
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

/// A transport with a fixed stream. It copies bytes like a socket.
pub struct Transport {
    stream: Vec<u8>,
    buffer: Vec<u8>,
}

impl Transport {
    /// Returns a transport that returns `stream` in reads of `read` bytes.
    pub fn new(stream: Vec<u8>, read: usize) -> Self {
        Transport { stream, buffer: vec![0; read] }
    }

    /// Reads a round, and passes each event to `on_event`. After each read, the output is dropped
    /// as if it were written.
    pub fn run(
        &mut self,
        ws: &mut Connection,
        mut on_event: impl FnMut(&mut Connection, Event<'_>),
    ) {
        for piece in self.stream.chunks(self.buffer.len()) {
            // `receive` unmasks in place, so each round needs a new copy.
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

/// Returns the payload of a message.
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
