//! The common case: a message in one frame, without extensions, and best of all whole.
//!
//! It is told apart from everything else here, and what is left of reading it is short. It keeps no
//! rule of its own: whatever is not plainly allowed is left to [`Rules::read`], which says why.

use super::header::{FIN, LEN, MASK};
use super::rules::{Rules, read_len};
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

impl Rules {
    /// The message that `bytes` begin with, where it is in one frame without reserved bits, all of
    /// it is there and nothing is wrong with its header. `None` says only that it is not so plain.
    ///
    /// To be asked where no message is open.
    #[inline(always)]
    pub(super) fn whole_message(&self, bytes: &[u8]) -> Option<SingleFrame> {
        self.single::<true>(bytes)
    }

    /// The same, however much of the payload is there.
    pub(super) fn single_frame(&self, bytes: &[u8]) -> Option<SingleFrame> {
        self.single::<false>(bytes)
    }

    #[inline(always)]
    fn single<const WHOLE: bool>(&self, bytes: &[u8]) -> Option<SingleFrame> {
        // RFC 6455 §5.2, in the order of the bytes.
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let opcode = match first {
            FIN_TEXT => Opcode::Text,
            FIN_BINARY => Opcode::Binary,
            _ => return None,
        };
        if (second & MASK != 0) != (self.role == Role::Server) {
            return None;
        }
        let (payload_len, rest) = read_len(second & LEN, rest).ok()??;
        self.check_len(None, opcode, payload_len).ok()?;
        let (key, rest) = self.read_mask_key(rest)?;
        let payload_len = usize::try_from(payload_len).ok()?;
        let header_len = bytes.len() - rest.len();
        let is_there = payload_len <= rest.len();
        (is_there || !WHOLE).then_some(SingleFrame { opcode, key, header_len, payload_len })
    }
}

/// A first byte: FIN, no reserved bits, text.
const FIN_TEXT: u8 = FIN | Opcode::Text.as_u8();
/// A first byte: FIN, no reserved bits, binary.
const FIN_BINARY: u8 = FIN | Opcode::Binary.as_u8();

#[cfg(test)]
mod tests {
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
                let rules = Rules { role, allowed: Rsv::RSV1, limits, lends_whole: true };
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
