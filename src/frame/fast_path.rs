//! The common cases: a message in one frame, best of all whole, and a fragment.
//!
//! They are told apart from everything else here, and what is left of reading them is short. That keeps
//! no rule of its own: whatever is not plainly allowed is left to [`Rules::read`], which says why.

use super::header::{FIN, LEN, MASK};
use super::rules::{OpenMessage, Rules, read_len};
use crate::mask::Key;
use crate::opcode::Opcode;
use crate::role::Role;

/// A message in one frame, at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SingleFrame {
    /// Text or binary.
    pub(crate) opcode: Opcode,
    /// The key that the payload is masked with, if it is.
    pub(crate) key: Option<Key>,
    /// Bytes before the payload.
    pub(crate) header_len: usize,
    pub(crate) payload_len: usize,
}

/// A fragment at the front of the input.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment<'a> {
    /// Whether its message ends with it.
    pub(crate) fin: bool,
    /// Text or binary where its message begins with it, and a continuation otherwise.
    pub(crate) opcode: Opcode,
    /// The key that the payload is masked with, if it is.
    pub(crate) key: Option<Key>,
    pub(super) payload_len: usize,
    /// The input after its header.
    pub(super) rest: &'a [u8],
}

/// Whether a fragment may have this first byte, when the rest of it is right.
#[cfg(feature = "alloc")]
#[inline]
pub(super) const fn begins_fragment(first: u8) -> bool {
    matches!(first, TEXT | BINARY | CONTINUATION | FIN_CONTINUATION)
}

impl Rules {
    /// The message that `bytes` begin with, where it is in one frame without reserved bits, all of
    /// it is there and nothing is wrong with its header. `None` says only that it is not so plain.
    ///
    /// To be asked where no message is open.
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

    /// The fragment that `bytes` begin with, RFC 6455 §5.4: the first frame of a message that has more
    /// of them, or a continuation of the `open` one, without reserved bits, all of its header there and
    /// nothing wrong with it. `None` says only that it is not so plain.
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
            // With FIN it would be a whole message.
            (None, TEXT) => Opcode::Text,
            (None, BINARY) => Opcode::Binary,
            _ => return None,
        };
        let (payload_len, key, rest) = self.plain_rest(open, opcode, second, rest)?;
        Some(Fragment { fin: first & FIN != 0, opcode, key, payload_len, rest })
    }

    /// What a header has after its first byte, where nothing is wrong with it: the length of the payload
    /// and its key, and what follows them.
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

/// A first byte: no FIN, no reserved bits, text.
const TEXT: u8 = Opcode::Text.as_u8();
/// A first byte: no FIN, no reserved bits, binary.
const BINARY: u8 = Opcode::Binary.as_u8();
/// A first byte: no FIN, no reserved bits, a continuation.
#[cfg(feature = "alloc")]
const CONTINUATION: u8 = Opcode::Continuation.as_u8();
/// A first byte: FIN, no reserved bits, a continuation.
#[cfg(feature = "alloc")]
const FIN_CONTINUATION: u8 = FIN | CONTINUATION;
/// A first byte: FIN, no reserved bits, text.
const FIN_TEXT: u8 = FIN | TEXT;
/// A first byte: FIN, no reserved bits, binary.
const FIN_BINARY: u8 = FIN | BINARY;

#[cfg(test)]
mod tests {
    #[cfg(feature = "alloc")]
    use core::num::NonZeroU32;

    use super::*;
    use crate::frame::header::Rsv;
    use crate::frame::rules::Limits;

    /// What the rules for all headers make of the same bytes.
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

    /// The frame as long as it says, a byte less, a byte more, and hardly any of it.
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
