//! What a buffer begins with, for a caller that leaves a message there until it is whole.

use super::decoder::{Decoder, State};
use super::header::{Rsv, expected_len};
use super::whole::SingleFrame;
use crate::mask::Key;

/// What bytes begin with that were not taken.
pub(crate) enum Peek {
    /// The header of a message in one frame.
    Message(SingleFrame),
    /// A part of a header without a fault, and the length of that header as far as the part tells.
    PartialHeader(usize),
    /// Anything else: a fragment, a control frame, what an extension has changed, a fault.
    Other,
}

impl Decoder {
    /// Returns what `bytes` begin with, and takes nothing.
    #[inline]
    pub(crate) fn peek(&self, bytes: &[u8]) -> Peek {
        if !self.is_idle() {
            return Peek::Other;
        }
        match self.rules.read(None, bytes) {
            Ok(None) => Peek::PartialHeader(expected_len(bytes)),
            Ok(Some((header, header_len)))
                if header.fin && header.opcode.is_data() && header.rsv == Rsv::NONE =>
            {
                usize::try_from(header.payload_len).map_or(Peek::Other, |payload_len| {
                    let key = header.mask_key.map(Key::new);
                    Peek::Message(SingleFrame {
                        opcode: header.opcode,
                        key,
                        header_len,
                        payload_len,
                    })
                })
            }
            Ok(Some(_)) | Err(_) => Peek::Other,
        }
    }

    /// Returns `true` between two messages of a stream whose messages may stay with the caller.
    #[inline]
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Notes that the first `len` bytes of a message have come and stay with the caller.
    #[inline]
    pub(crate) fn note_held(&mut self, len: usize) {
        self.mark = self.offset + len as u64;
    }

    /// Takes `len` bytes, which are all of a message or as much of it as counts.
    #[inline]
    pub(crate) fn take_message(&mut self, len: usize) {
        self.offset += len as u64;
    }
}
