//! Compresses messages, RFC 7692 §7.2.1.

use alloc::vec::Vec;

use zlib_rs::{DeflateConfig, DeflateFlush};

/// A compressor, and the buffer that it writes to.
pub(crate) struct Compressor {
    deflate: zlib_rs::Deflate,
    /// Its window bits, level and memory level.
    kind: (u8, u8, u8),
    /// Only `buffer[..len]` is output. The rest was written before, so that it need not be zeroed.
    buffer: Vec<u8>,
    len: usize,
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
        Compressor { deflate, kind, buffer: Vec::new(), len: 0 }
    }

    pub(super) fn kind(&self) -> (u8, u8, u8) {
        self.kind
    }

    /// Forgets all that was compressed.
    pub(crate) fn reset(&mut self) {
        self.deflate.reset();
        if self.buffer.capacity() > MAX_KEPT {
            self.buffer = Vec::new();
        }
    }

    /// Compresses a message, or a fragment of one. Returns the payload to send.
    ///
    /// It is at most five bytes longer than `payload` for each 65 535 bytes of it that have begun,
    /// and one byte.
    pub(crate) fn compress(&mut self, payload: &[u8], _takes_over: bool) -> Option<&[u8]> {
        Some(self.fragment(payload, true))
    }

    pub(crate) fn fragment(&mut self, payload: &[u8], is_last: bool) -> &[u8] {
        self.len = 0;
        self.deflate_all(payload);
        let stored = stored_len(payload.len()) + TAIL.len();
        if self.len > stored {
            // The window has the same bytes, whichever way they are sent.
            self.store(payload);
        }
        if self.len == 0 {
            // Nothing was left to flush: RFC 7692 §7.2.3.6, an empty block.
            self.push(&[0]);
            self.push(&TAIL);
        }
        if is_last {
            // RFC 7692 §7.2.1: the end of the last block is not sent.
            self.len -= TAIL.len();
        }
        self.buffer.get(..self.len).unwrap_or_default()
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

    /// Compresses all of `payload`, and ends with an empty block, whose last four bytes are `TAIL`.
    fn deflate_all(&mut self, mut payload: &[u8]) {
        loop {
            // With less room than a marker has, a flush would never end.
            let room = (payload.len() / 2).clamp(MIN_ROOM, MAX_ROOM);
            if self.buffer.len() - self.len < room {
                self.buffer.resize((self.len + room).max(2 * self.buffer.len()), 0);
            }
            let (taken, written) = (self.deflate.total_in(), self.deflate.total_out());
            let to = self.buffer.get_mut(self.len..).unwrap_or_default();
            let offered = to.len();
            // It fails only if it was not initialized.
            let _ = self.deflate.compress(payload, to, DeflateFlush::SyncFlush);
            #[allow(clippy::cast_possible_truncation)]
            let since = |now: u64, before: u64| (now - before) as usize;
            let written = since(self.deflate.total_out(), written);
            payload = payload.get(since(self.deflate.total_in(), taken)..).unwrap_or_default();
            self.len += written;
            if written < offered {
                return;
            }
        }
    }

    /// Replaces the output by `payload` in stored blocks, RFC 1951 §3.2.4, and an empty one.
    fn store(&mut self, payload: &[u8]) {
        self.len = 0;
        for block in payload.chunks(MAX_STORED) {
            // No chunk is longer.
            let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
            self.push(&[0]);
            self.push(&len.to_le_bytes());
            self.push(&(!len).to_le_bytes());
            self.push(block);
        }
        self.push(&[0]);
        self.push(&TAIL);
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
fn stored_len(len: usize) -> usize {
    len + len.div_ceil(MAX_STORED) * STORED_HEADER + 1
}

/// What a flush ends with, RFC 7692 §7.2.1.
const TAIL: [u8; 4] = *b"\x00\x00\xff\xff";

/// The longest stored block, RFC 1951 §3.2.4.
const MAX_STORED: usize = 65_535;

/// One byte with three bits of header, the length, and its complement.
const STORED_HEADER: usize = 5;

/// The least room for output. The backend needs six bytes to end a flush.
const MIN_ROOM: usize = 128;
/// The most room that is made at once.
const MAX_ROOM: usize = 64 << 10;

/// The most that is kept of the buffer for another connection.
const MAX_KEPT: usize = 64 << 10;

/// What a compressor takes beside its window: a table of hashes, which does not depend on any
/// setting, and the state.
const HASH_TABLE: usize = 128 << 10;
const OVERHEAD: usize = 3200;
