//! Compresses messages, RFC 7692 §7.2.1.

use alloc::vec::Vec;

use zlib_rs::{DeflateConfig, DeflateFlush};

/// A compressor, and the buffer that it writes to.
///
/// ```text
/// a whole message              compress                            one frame
///   without context takeover   compress_alone                      one frame
/// a message in fragments       fragment, fragment, fragment(last)  one frame each
///   without context takeover   and reset after the last
/// ```
pub(crate) struct Compressor {
    deflate: zlib_rs::Deflate,
    window: Window,
    /// Its window bits, level and memory level.
    kind: (u8, u8, u8),
    /// Only `buffer[..len]` is output. The rest was written before, so that it need not be zeroed.
    buffer: Vec<u8>,
    /// `len <= buffer.len()`
    len: usize,
}

/// What the next message may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    Empty,
    /// The last bytes that were compressed.
    Used,
    /// Nothing, but the backend has not yet dropped them. To drop them clears 128 KiB, which a
    /// compressor that is not used again need not do.
    Stale,
}

impl Compressor {
    /// Creates a compressor. `kind` is its window bits, 9 to 15, its level and its memory level, both
    /// 1 to 9.
    pub(super) fn new(kind: (u8, u8, u8)) -> Compressor {
        let (bits, level, memory_level) = kind;
        let config = DeflateConfig {
            level: i32::from(level),
            window_bits: -i32::from(bits),
            mem_level: i32::from(memory_level),
            ..DeflateConfig::default()
        };
        let deflate = zlib_rs::Deflate::new_with_config(config);
        Compressor { deflate, window: Window::Empty, kind, buffer: Vec::new(), len: 0 }
    }

    pub(super) fn kind(&self) -> (u8, u8, u8) {
        self.kind
    }

    /// Forgets all that was compressed: the next message refers to nothing, RFC 7692 §7.1.1.
    pub(crate) fn reset(&mut self) {
        if self.window == Window::Used {
            self.window = Window::Stale;
        }
    }

    /// Frees what a long message has left.
    pub(super) fn shrink(&mut self) {
        if self.buffer.capacity() > MAX_KEPT {
            self.buffer = Vec::new();
        }
        self.len = 0;
    }

    /// Compresses a whole message that may refer to earlier ones, and later ones to it. Returns the
    /// payload to send with RSV1, or `None` if the message is better sent plain.
    ///
    /// A message that is sent plain must not stay in the window: the peer does not have it in its
    /// own. To drop it drops all earlier messages too. So only a message of at least 1 KiB that
    /// compression does not make shorter is sent plain. What it returns for another one is at most 6
    /// bytes longer than `payload`.
    pub(crate) fn compress(&mut self, payload: &[u8]) -> Option<&[u8]> {
        if payload.is_empty() {
            return None;
        }
        self.write(payload, true, DeflateFlush::SyncFlush);
        if self.len >= payload.len() && payload.len() >= MIN_PLAIN {
            self.reset();
            return None;
        }
        Some(self.output())
    }

    /// Compresses a whole message without context takeover. Returns the payload to send with RSV1, or
    /// `None` if the message is better sent plain, because compression does not make it shorter.
    pub(crate) fn compress_alone(&mut self, payload: &[u8]) -> Option<&[u8]> {
        self.reset();
        self.write(payload, true, DeflateFlush::FullFlush);
        (self.len < payload.len()).then(|| self.output())
    }

    /// Compresses a fragment of a message. Returns the payload to send. It is empty if `piece` is,
    /// unless it is the last.
    ///
    /// It is at most five bytes longer than `piece` for each 65 535 bytes of it that have begun, and
    /// one byte if it is the last.
    pub(crate) fn fragment(&mut self, piece: &[u8], is_last: bool) -> &[u8] {
        self.write(piece, is_last, DeflateFlush::SyncFlush);
        self.output()
    }

    /// Returns how many bytes it holds on the heap.
    pub(crate) fn memory_usage(&self) -> usize {
        let (bits, _, memory_level) = self.kind;
        HASH_TABLE
            + (4 << bits)
            + (7 << (memory_level + 6))
            + OVERHEAD
            + size_of::<Self>()
            + self.buffer.capacity()
    }

    fn output(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Writes the payload of a fragment. It ends on a byte boundary.
    ///
    /// After a `FullFlush`, the next one refers to nothing. This costs half a microsecond less than a
    /// reset.
    fn write(&mut self, piece: &[u8], is_last: bool, flush: DeflateFlush) {
        self.len = 0;
        if !piece.is_empty() {
            if self.window == Window::Stale {
                self.deflate.reset();
            }
            self.deflate_all(piece, flush);
            self.window = match flush {
                DeflateFlush::FullFlush => Window::Empty,
                _ => Window::Used,
            };
            // RFC 7692 §7.2.1: the end of a message's last block is not sent.
            let removed = if is_last { TAIL.len() } else { 0 };
            self.len = self.len.saturating_sub(removed);
            if self.len <= stored_len(piece.len(), is_last) {
                return;
            }
            // The window has the same bytes, whichever way they are sent.
            self.store(piece);
        }
        if is_last {
            // RFC 7692 §7.2.3.6: the header of an empty block, which has no more than its tail.
            self.push(&[0]);
        }
    }

    /// Compresses `piece`, and ends with an empty block, whose last four bytes are `TAIL`.
    ///
    /// A flush writes its empty block again if it has less than six bytes of room left, and never
    /// ends if it is offered less. So it always gets more room than it can fill: a long piece is
    /// compressed without a flush first, which leaves at most what the backend's buffers hold.
    fn deflate_all(&mut self, mut piece: &[u8], flush: DeflateFlush) {
        let flush_room = self.flush_room();
        if bound(piece.len()) > flush_room {
            loop {
                let (taken, is_full) = self.call(piece, piece.len() / 4, DeflateFlush::NoFlush);
                piece = piece.get(taken..).unwrap_or_default();
                if piece.is_empty() && !is_full {
                    break;
                }
            }
        }
        let mut room = if piece.is_empty() { flush_room } else { bound(piece.len()) };
        loop {
            let (taken, is_full) = self.call(piece, room, flush);
            piece = piece.get(taken..).unwrap_or_default();
            if !is_full {
                break;
            }
            room = flush_room;
        }
    }

    /// Calls the backend with at least `room` bytes of room. Returns how many bytes it took, and
    /// whether it filled all the room.
    fn call(&mut self, piece: &[u8], room: usize, flush: DeflateFlush) -> (usize, bool) {
        let needed = self.len + room.clamp(MIN_ROOM, MAX_ROOM);
        if self.buffer.len() < needed {
            self.buffer.resize(needed.max(2 * self.len), 0);
        }
        let to = self.buffer.get_mut(self.len..).unwrap_or_default();
        let offered = to.len();
        let (taken, written) = (self.deflate.total_in(), self.deflate.total_out());
        // It fails only if it was not initialized, or has nothing to do.
        let _ = self.deflate.compress(piece, to, flush);
        // Neither is more than the length of a slice.
        #[allow(clippy::cast_possible_truncation)]
        let since = |now: u64, before: u64| (now - before) as usize;
        let written = since(self.deflate.total_out(), written);
        self.len += written;
        (since(self.deflate.total_in(), taken), written == offered)
    }

    /// Returns more room than a flush needs of which the input was taken before.
    ///
    /// The backend then holds at most `2^(memory_level + 6)` symbols of up to 31 bits, one of its
    /// blocks, and a few hundred bytes that have no symbols yet.
    fn flush_room(&self) -> usize {
        let (_, _, memory_level) = self.kind;
        (4 << (memory_level + 6)) + 1024
    }

    /// Replaces the output by `piece` in stored blocks, RFC 1951 §3.2.4.
    fn store(&mut self, piece: &[u8]) {
        self.len = 0;
        for block in piece.chunks(MAX_STORED) {
            // No chunk is longer.
            let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
            self.push(&[0]);
            self.push(&len.to_le_bytes());
            self.push(&(!len).to_le_bytes());
            self.push(block);
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        if let Some(to) = self.buffer.get_mut(self.len..end) {
            to.copy_from_slice(bytes);
        }
        self.len = end;
    }
}

/// Returns the length of the payload that sends `len` bytes in stored blocks.
fn stored_len(len: usize, is_last: bool) -> usize {
    len + len.div_ceil(MAX_STORED) * STORED_HEADER + usize::from(is_last)
}

/// Returns more room than it takes to compress `len` bytes and flush them, at any level: at most nine
/// bits a byte, and what blocks and the flush begin and end with.
fn bound(len: usize) -> usize {
    len + len / 8 + 128
}

/// What a flush ends with, RFC 7692 §7.2.1.
const TAIL: [u8; 4] = *b"\x00\x00\xff\xff";

/// The least length of a message that is sent plain at the cost of what is in the window.
const MIN_PLAIN: usize = 1024;

/// The longest stored block, RFC 1951 §3.2.4.
const MAX_STORED: usize = 65_535;

/// One byte with three bits of header, the length, and its complement.
const STORED_HEADER: usize = 5;

/// The least room for output. The backend needs six bytes to end a flush.
const MIN_ROOM: usize = 128;
/// The most room that is made at once. No flush needs more.
const MAX_ROOM: usize = (4 << (9 + 6)) + 1024;

/// The most that is kept of the buffer for another connection.
const MAX_KEPT: usize = 80 << 10;

/// What a compressor takes beside its window: a table of hashes, which does not depend on any
/// setting, and the state.
const HASH_TABLE: usize = 128 << 10;
const OVERHEAD: usize = 3200;
