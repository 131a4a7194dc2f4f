//! The frame whose payload a decoder is reading.

#[cfg(feature = "alloc")]
use super::fast_path::Fragment;
use super::header::{Header, Rsv};
use crate::mask::Key;
use crate::opcode::Opcode;

/// The frame whose payload a decoder is reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentFrame {
    pub(crate) fin: bool,
    pub(crate) rsv: Rsv,
    pub(crate) opcode: Opcode,
    /// `true` if a piece of the payload was taken.
    pub(crate) begun: bool,
    /// The key of a masked payload. Its first byte masks the next byte to come.
    pub(crate) key: Option<Key>,
    /// The number of payload bytes to come.
    pub(crate) remaining: u64,
}

#[cfg(feature = "alloc")]
impl CurrentFrame {
    /// Creates the state for a fragment whose payload comes next.
    #[inline]
    pub(super) fn of_fragment(fragment: &Fragment<'_>) -> CurrentFrame {
        CurrentFrame {
            fin: fragment.fin,
            rsv: Rsv::NONE,
            opcode: fragment.opcode,
            begun: false,
            key: fragment.key,
            remaining: fragment.payload_len as u64,
        }
    }

    /// Returns `true` if the next `len` bytes of payload are a whole message, RFC 6455 §5.4.
    #[inline]
    pub(crate) fn is_whole_message(&self, len: usize) -> bool {
        self.opcode != Opcode::Continuation && !self.begun && self.is_end_of_message(len)
    }

    /// Returns `true` if some of a data frame's payload came before its next `len` bytes, and some
    /// comes after them.
    #[inline]
    pub(crate) fn is_inner(&self, len: usize) -> bool {
        self.begun && self.opcode.is_data() && (len as u64) < self.remaining
    }

    /// Returns `true` if a message ends with the next `len` bytes of payload.
    #[inline]
    pub(crate) fn is_end_of_message(&self, len: usize) -> bool {
        self.fin && self.remaining == len as u64
    }
}

impl CurrentFrame {
    /// Returns the header of this frame. Call it before any of the payload is taken.
    pub(crate) fn header(&self) -> Header {
        Header {
            fin: self.fin,
            rsv: self.rsv,
            opcode: self.opcode,
            mask_key: self.key.map(Key::to_bytes),
            payload_len: self.remaining,
        }
    }

    /// Returns the length of the piece of payload at the front of the next `available` bytes.
    ///
    /// Returns `None` if more payload is to come and `available` is 0.
    #[inline]
    pub(crate) fn len_in(&self, available: usize) -> Option<usize> {
        let len = usize::try_from(self.remaining).map_or(available, |len| len.min(available));
        (len > 0 || self.remaining == 0).then_some(len)
    }
}
