//! Streams that a peer may send, and ways to cut them into reads.

use std::io::{self, Read};

use arbitrary::Arbitrary;
use sansock::Role;
use sansock::frame::Limits;

/// A stream that begins with valid or almost valid frames. It stays valid for longer than random
/// bytes.
#[derive(Arbitrary, Debug)]
pub struct Stream<'a> {
    frames: Vec<Frame>,
    rest: &'a [u8],
    cuts: [u8; 8],
}

#[derive(Arbitrary, Debug)]
struct Frame {
    kind: u8,
    len: u16,
    /// The content of the payload. 0 means code points of three bytes.
    fill: u8,
}

impl<'a> Stream<'a> {
    /// Returns a stream with three bytes for each frame, and what follows the frames.
    pub fn of(frames: &[u8], rest: &'a [u8]) -> Self {
        let frame = |bytes: &[u8; 3]| {
            let [kind, len, fill] = *bytes;
            Frame { kind, len: len.into(), fill }
        };
        Stream { frames: frames.as_chunks().0.iter().map(frame).collect(), rest, cuts: [0; 8] }
    }
}

impl Stream<'_> {
    /// Returns the stream as the peer of `role` sends it.
    pub fn to_bytes(&self, role: Role) -> Vec<u8> {
        self.to_long_bytes(role, 1)
    }

    /// Returns a stream whose messages are longer by a factor.
    pub fn to_long_bytes(&self, role: Role, factor: usize) -> Vec<u8> {
        let mut stream = Vec::new();
        let most = if factor == 1 { 8 } else { 3 };
        self.frames.iter().take(most).for_each(|frame| frame.write(role, factor, &mut stream));
        stream.extend_from_slice(self.rest);
        stream
    }

    /// Returns `bytes` whole, one by one, and in pieces with repeated lengths.
    pub fn cuts<'b>(&self, bytes: &'b [u8]) -> [Vec<&'b [u8]>; 3] {
        [vec![bytes], bytes.chunks(1).collect(), pieces(bytes, &lens(self.cuts))]
    }
}

/// Returns lengths of pieces, none of which is empty.
pub fn lens<const N: usize>(cuts: [u8; N]) -> [usize; N] {
    cuts.map(|cut| usize::from(cut) + 1)
}

/// Cuts `bytes` into pieces of these lengths, repeated.
pub fn pieces<'b>(mut bytes: &'b [u8], lens: &[usize]) -> Vec<&'b [u8]> {
    let pieces = lens.iter().cycle().map_while(|len| {
        let (piece, rest) = bytes.split_at(bytes.len().min(*len));
        bytes = rest;
        (!piece.is_empty()).then_some(piece)
    });
    pieces.collect()
}

/// A transport that returns a part of one piece in each call.
pub struct Pieces<'a> {
    pieces: std::slice::Iter<'a, &'a [u8]>,
    piece: &'a [u8],
}

impl<'a> Pieces<'a> {
    pub fn new(pieces: &'a [&'a [u8]]) -> Self {
        Pieces { pieces: pieces.iter(), piece: &[] }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            self.piece = self.pieces.next().copied().unwrap_or_default();
        }
        self.piece.read(room)
    }
}

impl Frame {
    fn write(&self, role: Role, factor: usize, stream: &mut Vec<u8>) {
        let first = KINDS[usize::from(self.kind) % KINDS.len()];
        let most = if first & 0x08 == 0 { 1100 * factor } else { 125 };
        let len = usize::from(self.len) * factor % (most + 1);
        let mask = if role == Role::Server { 0x80 } else { 0 };
        stream.push(first);
        match len {
            0..126 => stream.push(mask | len as u8),
            126..65_536 => {
                stream.push(mask | 126);
                stream.extend((len as u16).to_be_bytes());
            }
            _ => {
                stream.push(mask | 127);
                stream.extend((len as u64).to_be_bytes());
            }
        }
        let mut key = [0; 4];
        if role == Role::Server {
            key = [9, 8, 7, self.fill];
            stream.extend(key);
        }
        let fill = if self.fill == 0 { "€".as_bytes() } else { &[self.fill] };
        let payload = fill.iter().cycle().take(len);
        stream.extend(payload.zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
}

/// Low enough to be reached.
pub const LIMITS: Limits = Limits::DEFAULT.with_frame(1000).with_message(2000).with_fragments(20);

/// First bytes of frames: text and binary, whole and first; continuations, not last and last; ping
/// and pong.
const KINDS: [u8; 8] = [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A];
