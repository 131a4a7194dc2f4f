//! The frame within which a decoder is.

#[cfg(feature = "alloc")]
use super::fast_path::Fragment;
use super::header::{Header, Rsv};
use crate::mask::Key;
use crate::opcode::Opcode;

/// The frame within which a decoder is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentFrame {
    pub(crate) fin: bool,
    pub(super) rsv: Rsv,
    pub(crate) opcode: Opcode,
    /// Whether any of the payload has come.
    pub(crate) begun: bool,
    /// The key of a masked payload; its first byte masks the next byte to come.
    pub(crate) key: Option<Key>,
    /// Bytes of payload to come.
    pub(crate) remaining: u64,
}

#[cfg(feature = "alloc")]
impl CurrentFrame {
    /// A fragment whose payload comes next.
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

    /// Whether the next `len` bytes of payload are a whole message, RFC 6455 §5.4.
    #[inline]
    pub(crate) fn is_whole_message(&self, len: usize) -> bool {
        self.opcode != Opcode::Continuation && !self.begun && self.is_end_of_message(len)
    }

    /// Whether some of a message's payload came before the next `len` bytes of this frame, and some
    /// comes after them.
    #[inline]
    pub(crate) fn is_inner(&self, len: usize) -> bool {
        self.begun && self.opcode.is_data() && (len as u64) < self.remaining
    }

    /// Whether a message ends with the next `len` bytes of payload.
    #[inline]
    pub(crate) fn is_end_of_message(&self, len: usize) -> bool {
        self.fin && self.remaining == len as u64
    }
}

impl CurrentFrame {
    /// The header that it began with, while none of its payload has come.
    pub(crate) fn header(&self) -> Header {
        Header {
            fin: self.fin,
            rsv: self.rsv,
            opcode: self.opcode,
            mask_key: self.key.map(Key::to_bytes),
            payload_len: self.remaining,
        }
    }

    /// The length of the piece of payload that the next `available` bytes begin with, or `None`
    /// where there has to be one and is none.
    #[inline]
    pub(crate) fn len_in(&self, available: usize) -> Option<usize> {
        let len = usize::try_from(self.remaining).map_or(available, |len| len.min(available));
        (len > 0 || self.remaining == 0).then_some(len)
    }
}
