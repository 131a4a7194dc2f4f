//! What is measured: the rows of the table, with their frames and messages.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::transport::Transport;

/// What a peer does in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Decode,
    Encode,
    Echo,
}

/// The end that the peer is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Server,
    Client,
}

/// The content of the messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Binary,
    /// ASCII, like most text.
    Text,
    /// Text whose characters have one to four bytes.
    Mixed,
}

/// How the messages reach the peer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Unfragmented, in reads of 64 KiB.
    Whole,
    /// In fragments of the row's size, in reads of 64 KiB.
    Fragmented,
    /// Unfragmented, each frame arriving alone.
    FrameReads,
    /// Unfragmented, in reads of this many bytes.
    TinyReads(usize),
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row {
    pub work: Work,
    pub role: Role,
    pub kind: Kind,
    pub shape: Shape,
    /// Payload bytes a frame.
    pub len: usize,
}

pub const SIZES: [usize; 5] = [16, 125, 1 << 10, 16 << 10, 1 << 20];
const WHOLE_READ: usize = 64 << 10;
const FRAGMENTS: usize = 64;
const MAX_MESSAGE: usize = 4 << 20;
/// The least payload of a stream: enough reads that the first one has left the cache.
const STREAM: usize = 256 << 10;
const MIN_MESSAGES: usize = 4;
/// Fixed, so that runs can be compared. No peer gains from its bit pattern.
const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

impl Row {
    /// Returns all rows, in the order of the table.
    pub fn all() -> Vec<Row> {
        use {Kind::*, Role::*, Shape::*, Work::*};
        let mut rows = Vec::new();
        for (work, role) in
            [(Decode, Server), (Decode, Client), (Encode, Server), (Encode, Client), (Echo, Server)]
        {
            let shapes: &[Shape] = match work {
                Encode => &[Whole],
                _ => &[Whole, Fragmented, FrameReads, TinyReads(37), TinyReads(1)],
            };
            for kind in [Binary, Text] {
                for &shape in shapes {
                    rows.extend(SIZES.map(|len| Row { work, role, kind, shape, len }));
                }
            }
        }
        for shape in [Whole, Fragmented, TinyReads(37)] {
            let mixed = |len| Row { work: Decode, role: Server, kind: Mixed, shape, len };
            rows.extend([1 << 10, 16 << 10].map(mixed));
        }
        rows.retain(|row| row.message_len() <= row.max_message());
        rows
    }

    /// Returns the longest message that does not take too long.
    fn max_message(&self) -> usize {
        if self.shape == Shape::TinyReads(1) { 1 << 10 } else { MAX_MESSAGE }
    }

    fn message_len(&self) -> usize {
        self.len * self.fragments()
    }

    fn fragments(&self) -> usize {
        if self.shape == Shape::Fragmented { FRAGMENTS } else { 1 }
    }

    /// Returns the messages in the stream, which is the least number to receive at a time.
    pub fn count(&self) -> usize {
        (STREAM / self.message_len()).max(MIN_MESSAGES)
    }

    pub fn is_text(&self) -> bool {
        self.kind != Kind::Binary
    }

    /// Returns what every message carries.
    pub fn message(&self) -> Message {
        let sample = match self.kind {
            Kind::Mixed => "Größe 26 ₂, 漢字 и 10 🦀 digits. ",
            _ => "Say it in 26 letters, 10 digits. ",
        };
        let mut text = sample.repeat(self.message_len() / sample.len());
        // No character is cut: the rest is filled with ASCII.
        text.extend(std::iter::repeat_n('.', self.message_len() - text.len()));
        Message { is_text: self.is_text(), bytes: Bytes::from(text.clone()), text }
    }

    /// Returns everything that the other end sends: `message`, as often as the row has it.
    pub fn stream(&self, message: &Message) -> Arc<[u8]> {
        let mut stream = Vec::new();
        for _ in 0..self.count() {
            for (i, fragment) in message.bytes.chunks(self.len).enumerate() {
                self.write_frame(i, fragment, &mut stream);
            }
        }
        stream.into()
    }

    /// Returns the peer's end of a connection on which `stream` arrives.
    pub fn transport(&self, stream: &Arc<[u8]>) -> Transport {
        let frame = stream.len() / (self.count() * self.fragments());
        let (max_read, arrival) = match self.shape {
            Shape::Whole | Shape::Fragmented => (WHOLE_READ, stream.len()),
            Shape::FrameReads => (frame, frame),
            Shape::TinyReads(len) => (len, stream.len()),
        };
        Transport::new(stream.clone(), max_read, arrival)
    }

    /// Appends the frame that carries fragment number `i`, RFC 6455 §5.2.
    fn write_frame(&self, i: usize, payload: &[u8], stream: &mut Vec<u8>) {
        let opcode = if i > 0 { 0x0 } else { opcode(self.is_text()) };
        let fin = if i + 1 == self.fragments() { 0x80 } else { 0 };
        let masked = if self.role == Role::Server { 0x80 } else { 0 };
        stream.push(fin | opcode);
        match payload.len() {
            len @ ..126 => stream.push(masked | len as u8),
            len @ 126..0x1_0000 => {
                stream.push(masked | 126);
                stream.extend((len as u16).to_be_bytes());
            }
            len => {
                stream.push(masked | 127);
                stream.extend((len as u64).to_be_bytes());
            }
        }
        if self.role == Role::Server {
            stream.extend(KEY);
            stream.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        } else {
            stream.extend(payload);
        }
    }
}

/// Writes the name that is filtered by, for example `server decode 125 B binary whole`.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Binary => "binary",
            Kind::Text => "text",
            Kind::Mixed => "mixed text",
        };
        write!(f, "{} {} {kind}", self.title(), size(self.len))?;
        match self.shape {
            _ if self.work == Work::Encode => Ok(()),
            Shape::Whole => f.write_str(" whole"),
            Shape::Fragmented => f.write_str(" 64 fragments"),
            Shape::FrameReads => f.write_str(" one frame a read"),
            Shape::TinyReads(len) => write!(f, " {len}-byte reads"),
        }
    }
}

impl Row {
    /// Returns the heading for this role and work.
    pub fn title(&self) -> &'static str {
        match (self.role, self.work) {
            (Role::Server, Work::Decode) => "server decode",
            (Role::Server, Work::Encode) => "server encode",
            (Role::Server, Work::Echo) => "server echo",
            (Role::Client, Work::Decode) => "client decode",
            (Role::Client, Work::Encode) => "client encode",
            (Role::Client, Work::Echo) => "client echo",
        }
    }
}

/// Returns the opcode of a first or only frame, RFC 6455 §5.2.
pub fn opcode(is_text: bool) -> u8 {
    if is_text { 0x1 } else { 0x2 }
}

/// Returns a size with its unit.
pub fn size(len: usize) -> String {
    match len {
        ..0x400 => format!("{len} B"),
        0x400..0x10_0000 => format!("{} KiB", len >> 10),
        _ => format!("{} MiB", len >> 20),
    }
}

/// A message as its sender holds it. Sending must not change it.
pub struct Message {
    pub is_text: bool,
    /// Shared, like a message that is sent to many receivers.
    pub bytes: Bytes,
    /// The same bytes as text, whatever they are.
    pub text: String,
}
