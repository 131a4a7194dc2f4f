//! The fast path for the common cases: a whole message in one frame, and a fragment.
//!
//! It has no rules of its own. A header that is not clearly allowed is left to [`Rules::read`],
//! which returns the fault if there is one.

use super::header::{FIN, LEN, MASK};
use super::rules::{OpenMessage, Rules, read_len};
use crate::mask::Key;
use crate::opcode::Opcode;
use crate::role::Role;

/// A message in one frame, at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SingleFrame {
    /// Either text or binary.
    pub(crate) opcode: Opcode,
    /// The key that the payload is masked with, if it is masked.
    pub(crate) key: Option<Key>,
    /// The number of bytes before the payload.
    pub(crate) header_len: usize,
    pub(crate) payload_len: usize,
}

/// A fragment at the front of the input.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment<'a> {
    /// `true` if this is the last fragment of its message.
    pub(crate) fin: bool,
    /// Text or binary if the message begins with this fragment, and otherwise continuation.
    pub(crate) opcode: Opcode,
    /// The key that the payload is masked with, if it is masked.
    pub(crate) key: Option<Key>,
    pub(super) payload_len: usize,
    /// The input after the fragment's header.
    pub(super) rest: &'a [u8],
}

/// Returns `true` if a fragment can begin with this byte.
#[cfg(feature = "alloc")]
#[inline]
pub(super) const fn begins_fragment(first: u8) -> bool {
    matches!(first, TEXT | BINARY | CONTINUATION | FIN_CONTINUATION)
}

impl Rules {
    /// Returns the message at the front of `bytes`, if it is whole, in one frame, without reserved
    /// bits and with a valid header.
    ///
    /// `None` only means that `bytes` do not begin with such a message. Call it only between two
    /// messages.
    #[inline]
    pub(super) fn whole_message(&self, bytes: &[u8]) -> Option<SingleFrame> {
        // RFC 6455 §5.2, in the order of the bytes.
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let opcode = match first {
            FIN_TEXT => Opcode::Text,
            FIN_BINARY => Opcode::Binary,
            _ => return None,
        };
        let (payload_len, key, rest) = self.plain_rest(None, opcode, second, rest)?;
        let header_len = bytes.len() - rest.len();
        (payload_len <= rest.len()).then_some(SingleFrame { opcode, key, header_len, payload_len })
    }

    /// Returns the fragment at the front of `bytes`, RFC 6455 §5.4, if its header is whole, valid
    /// and without reserved bits.
    ///
    /// The fragment is the first frame of a message that has more frames, or a continuation of the
    /// `open` message. Its payload may be cut. `None` only means that `bytes` do not begin with
    /// such a fragment.
    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub(super) fn fragment<'a>(
        &self,
        open: Option<&OpenMessage>,
        bytes: &'a [u8],
    ) -> Option<Fragment<'a>> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let opcode = match (open, first) {
            (Some(open), CONTINUATION | FIN_CONTINUATION)
                if open.fragments.get() < self.fragment_limit =>
            {
                Opcode::Continuation
            }
            // With FIN, the message would be in one frame.
            (None, TEXT) => Opcode::Text,
            (None, BINARY) => Opcode::Binary,
            _ => return None,
        };
        let (payload_len, key, rest) = self.plain_rest(open, opcode, second, rest)?;
        Some(Fragment { fin: first & FIN != 0, opcode, key, payload_len, rest })
    }

    /// Reads the rest of a header after its first byte, if the header is valid. Returns the length
    /// of the payload, its key, and what follows the header.
    #[inline(always)]
    fn plain_rest<'a>(
        &self,
        open: Option<&OpenMessage>,
        opcode: Opcode,
        second: u8,
        rest: &'a [u8],
    ) -> Option<(usize, Option<Key>, &'a [u8])> {
        if (second & MASK != 0) != (self.role == Role::Server) {
            return None;
        }
        let (payload_len, rest) = read_len(second & LEN, rest).ok()??;
        self.check_len(open, opcode, payload_len).ok()?;
        let (key, rest) = self.read_mask_key(rest)?;
        Some((usize::try_from(payload_len).ok()?, key, rest))
    }
}

/// The first byte of a text frame without FIN and reserved bits.
const TEXT: u8 = Opcode::Text.as_u8();
/// The first byte of a binary frame without FIN and reserved bits.
const BINARY: u8 = Opcode::Binary.as_u8();
/// The first byte of a continuation frame without FIN and reserved bits.
#[cfg(feature = "alloc")]
const CONTINUATION: u8 = Opcode::Continuation.as_u8();
/// The first byte of a continuation frame with FIN and without reserved bits.
#[cfg(feature = "alloc")]
const FIN_CONTINUATION: u8 = FIN | CONTINUATION;
/// The first byte of a text frame with FIN and without reserved bits.
const FIN_TEXT: u8 = FIN | TEXT;
/// The first byte of a binary frame with FIN and without reserved bits.
const FIN_BINARY: u8 = FIN | BINARY;

#[cfg(test)]
mod tests {
    #[cfg(feature = "alloc")]
    use core::num::NonZeroU32;

    use super::*;
    use crate::frame::header::Rsv;
    use crate::frame::rules::Limits;

    /// Reads the same bytes by the rules for all headers.
    fn by_the_rules(rules: &Rules, bytes: &[u8]) -> Option<SingleFrame> {
        let (header, header_len) = rules.read(None, bytes).ok()??;
        let is_message = header.fin && matches!(header.opcode, Opcode::Text | Opcode::Binary);
        let payload_len = usize::try_from(header.payload_len).ok()?;
        let is_there = bytes.len() - header_len >= payload_len;
        (is_message && header.rsv == Rsv::NONE && is_there).then_some(SingleFrame {
            opcode: header.opcode,
            key: header.mask_key.map(Key::new),
            header_len,
            payload_len,
        })
    }

    #[test]
    fn a_whole_message_is_what_the_rules_say_for_every_header() {
        let mut bytes = vec![0xAB; 70_020];
        for role in [Role::Client, Role::Server] {
            for frame in [300, 70_000] {
                let limits = Limits { frame, message: 69_999, fragments: 1 };
                let rules = Rules::new(role, Rsv::RSV1, limits);
                for head in 0..=u16::MAX {
                    let [first, second] = head.to_be_bytes();
                    for longer in LENGTHS {
                        bytes[..2].copy_from_slice(&[first, second]);
                        match second & LEN {
                            126 => bytes[2..4].copy_from_slice(&longer.to_be_bytes()[6..]),
                            127 => bytes[2..10].copy_from_slice(&longer.to_be_bytes()),
                            _ if longer != LENGTHS[0] => continue,
                            _ => {}
                        }
                        assert_same(&rules, &bytes);
                    }
                }
            }
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn a_fragment_is_what_the_rules_say_for_every_header() {
        let limits = Limits { frame: 300, message: 400, fragments: 3 };
        let open = |len, fragments| {
            Some(OpenMessage { len, fragments: NonZeroU32::new(fragments).unwrap() })
        };
        let opens = [None, open(0, 1), open(100, 2), open(101, 2), open(400, 1), open(0, 3)];
        let mut bytes = vec![0xAB; 320];
        for role in [Role::Client, Role::Server] {
            let rules = Rules::new(role, Rsv::RSV1, limits);
            for (head, open) in (0..=u16::MAX).flat_map(|head| opens.map(|open| (head, open))) {
                bytes[..2].copy_from_slice(&head.to_be_bytes());
                for longer in [125, 126, 299, 300, 301u16] {
                    bytes[2..4].copy_from_slice(&longer.to_be_bytes());
                    let end = match rules.read(open.as_ref(), &bytes) {
                        Ok(Some((header, len))) => {
                            len + usize::try_from(header.payload_len).unwrap()
                        }
                        _ => 16,
                    };
                    for bytes in [end, end - 1, end + 1, 1, 0].map(|end| &bytes[..end.min(320)]) {
                        let fragment = rules.fragment(open.as_ref(), bytes);
                        assert_eq!(fragment, fragment_by_the_rules(&rules, open, bytes));
                        let may_be = bytes.first().is_some_and(|&first| begins_fragment(first));
                        assert!(may_be || fragment.is_none());
                    }
                }
            }
        }
    }

    #[cfg(feature = "alloc")]
    fn fragment_by_the_rules<'a>(
        rules: &Rules,
        open: Option<OpenMessage>,
        bytes: &'a [u8],
    ) -> Option<Fragment<'a>> {
        let (header, header_len) = rules.read(open.as_ref(), bytes).ok()??;
        let is_fragment = header.opcode.is_data() && !(header.fin && open.is_none());
        (is_fragment && header.rsv == Rsv::NONE).then_some(Fragment {
            fin: header.fin,
            opcode: header.opcode,
            key: header.mask_key.map(Key::new),
            payload_len: usize::try_from(header.payload_len).ok()?,
            rest: &bytes[header_len..],
        })
    }

    const LENGTHS: [u64; 11] =
        [0, 125, 126, 127, 300, 301, 65_535, 65_536, 69_999, 70_000, 1 << 63];

    /// Compares both readers for a frame that is whole, one byte shorter, one byte longer, and only
    /// begun.
    fn assert_same(rules: &Rules, bytes: &[u8]) {
        let end = match rules.read(None, bytes) {
            Ok(Some((header, len))) => len + usize::try_from(header.payload_len).unwrap(),
            _ => 16,
        };
        for end in [end, end - 1, end + 1, 1, 3, 7] {
            let bytes = &bytes[..end.min(bytes.len())];
            assert_eq!(rules.whole_message(bytes), by_the_rules(rules, bytes));
        }
    }
}
