//! Streams that a peer may send, and ways to cut them into reads.

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

impl Stream<'_> {
    /// Returns the stream as the peer of `role` sends it.
    pub fn to_bytes(&self, role: Role) -> Vec<u8> {
        let mut stream = Vec::new();
        self.frames.iter().take(8).for_each(|frame| frame.write(role, &mut stream));
        stream.extend_from_slice(self.rest);
        stream
    }

    /// Returns `bytes` whole, one by one, and in pieces with repeated lengths.
    pub fn cuts<'b>(&self, bytes: &'b [u8]) -> [Vec<&'b [u8]>; 3] {
        [vec![bytes], bytes.chunks(1).collect(), self.pieces(bytes)]
    }

    fn pieces<'b>(&self, mut bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let pieces = self.cuts.iter().cycle().map_while(move |cut| {
            let (piece, rest) = bytes.split_at((usize::from(*cut) + 1).min(bytes.len()));
            bytes = rest;
            (!piece.is_empty()).then_some(piece)
        });
        pieces.collect()
    }
}

impl Frame {
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

/// Low enough to be reached.
pub const LIMITS: Limits = Limits::DEFAULT.with_frame(1000).with_message(2000).with_fragments(20);

/// First bytes of frames: text and binary, whole and first; continuations, not last and last; ping
/// and pong.
const KINDS: [u8; 8] = [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A];
