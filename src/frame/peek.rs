//! Looks at the front of a buffer, for callers that keep a message there until it is whole.

use super::decoder::Decoder;
use super::fast_path::SingleFrame;
use super::header::{Rsv, expected_len};
use crate::mask::Key;

/// What the bytes in a buffer begin with. None of them is taken.
pub(crate) enum Peek {
    /// The header of a message in one frame.
    Message(SingleFrame),
    /// A part of a header without a fault, and the header's length as far as the part shows it.
    PartialHeader(usize),
    /// Anything else: a fragment, a control frame, a frame that an extension has changed, or a
    /// fault.
    Other,
}

impl Decoder {
    /// Returns what `bytes` begin with, without taking any of them.
    #[inline]
    pub(crate) fn peek(&self, bytes: &[u8]) -> Peek {
        if !self.is_between_messages() {
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

    /// Records that the first `len` bytes of a message have arrived and stay with the caller.
    #[inline]
    pub(crate) fn note_held(&mut self, len: usize) {
        self.mark = self.offset + len as u64;
    }

    /// Takes `len` bytes: a whole message, or what has arrived of a message that is refused.
    #[inline]
    pub(crate) fn take_message(&mut self, len: usize) {
        self.offset += len as u64;
    }
}
