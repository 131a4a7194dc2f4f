//! From messages to writes.

use std::io::IoSlice;

use super::vectors::{self, Vector};
use crate::rows::Role;
use crate::transport::Sink;

pub(super) struct Writer {
    is_masked: bool,
    /// Seeded by the operating system, but predictable from its output.
    keys: fastrand::Rng,
    /// `ROOM` bytes, of which `queued <= FULL` wait to be written.
    output: Box<[u8]>,
    queued: usize,
}

/// The bytes to write at once. More would leave the nearest cache.
const FULL: usize = 16 << 10;
/// The bytes to mask at once, and the most that a server copies when it sends and when it echoes.
/// Longer payloads are written without a copy.
const BLOCK: usize = 4 << 10;
const MAX_COPIED: usize = 128;
const MAX_PLACED: usize = BLOCK;
const MAX_HEADER: usize = 14;
/// Room for a frame with a block of payload, and one more word, because headers are stored as
/// words.
const ROOM: usize = FULL + MAX_HEADER + BLOCK + 8;
const FIN: u8 = 0x80;
const MASK: u8 = 0x80;

impl Writer {
    pub(super) fn new(role: Role) -> Self {
        Writer {
            is_masked: role == Role::Client,
            keys: fastrand::Rng::new(),
            output: vec![0; ROOM].into(),
            queued: 0,
        }
    }

    /// Queues a message, and writes if much is queued.
    ///
    /// # Safety
    ///
    /// The processor must support `V`.
    #[inline(always)]
    pub(super) unsafe fn send<V: Vector>(&mut self, opcode: u8, payload: &[u8]) {
        let key = if self.is_masked { self.keys.u32(..) } else { 0 };
        // SAFETY: `queued <= FULL` here, and `ROOM` has room for a header and a block beyond that.
        unsafe { self.push_header(opcode, payload.len(), key) };
        if payload.len() <= MAX_COPIED {
            // SAFETY: as above.
            unsafe { self.push::<V>(payload, key) };
        } else if self.is_masked {
            for block in payload.chunks(BLOCK) {
                // SAFETY: `flush_if_full` keeps `queued <= FULL`; for `V`, as the caller promises.
                unsafe { self.push::<V>(block, key) };
                self.flush_if_full();
            }
        } else {
            let queued = &self.output[..self.queued];
            Sink.send_vectored(&[IoSlice::new(queued), IoSlice::new(payload)]);
            self.queued = 0;
        }
        self.flush_if_full();
    }

    /// Returns where to store the payload of a message, or `None` if it is sent in another way.
    /// Servers only.
    #[inline(always)]
    pub(super) fn place(&mut self, opcode: u8, len: usize) -> Option<*mut u8> {
        if len > MAX_PLACED {
            return None;
        }
        // SAFETY: `queued <= FULL` here, and `ROOM` has room for a header and a block beyond that.
        unsafe {
            self.push_header(opcode, len, 0);
            Some(self.output.as_mut_ptr().add(self.queued))
        }
    }

    /// Queues the payload that was stored at [`place`](Self::place).
    #[inline(always)]
    pub(super) fn placed(&mut self, len: usize) {
        self.queued += len;
        self.flush_if_full();
    }

    pub(super) fn flush(&mut self) {
        if self.queued > 0 {
            Sink.send(&self.output[..self.queued]);
            self.queued = 0;
        }
    }

    #[inline(always)]
    fn flush_if_full(&mut self) {
        if self.queued >= FULL {
            self.flush();
        }
    }

    /// Masks `payload` and queues it.
    ///
    /// # Safety
    ///
    /// There must be room for `payload`, and the processor must support `V`.
    #[inline(always)]
    unsafe fn push<V: Vector>(&mut self, payload: &[u8], key: u32) {
        // SAFETY: as the caller promises.
        unsafe {
            let to = self.output.as_mut_ptr().add(self.queued);
            vectors::mask::<V, false>(payload.as_ptr(), to, payload.len(), key);
        }
        self.queued += payload.len();
    }

    /// Queues a header.
    ///
    /// # Safety
    ///
    /// There must be room for a header and a word.
    #[inline(always)]
    unsafe fn push_header(&mut self, opcode: u8, len: usize, key: u32) {
        let mask = if self.is_masked { MASK } else { 0 };
        // SAFETY: as the caller promises.
        unsafe {
            let to = self.output.as_mut_ptr().add(self.queued);
            *to = FIN | opcode;
            let size = if len < 126 {
                *to.add(1) = mask | len as u8;
                2
            } else if len < 0x1_0000 {
                *to.add(1) = mask | 126;
                to.add(2).cast::<u16>().write_unaligned((len as u16).to_be());
                4
            } else {
                *to.add(1) = mask | 127;
                to.add(2).cast::<u64>().write_unaligned((len as u64).to_be());
                10
            };
            // Without a mask, the payload overwrites this.
            to.add(size).cast::<u32>().write_unaligned(key);
            self.queued += size + if self.is_masked { 4 } else { 0 };
        }
    }
}
