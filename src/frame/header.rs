//! The header of a frame and its encoding: RFC 6455 §5.2.
//!
//! ```text
//!  0                   1
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//! +-+-+-+-+-------+-+-------------+---------------------+---------------+
//! |F|R|R|R|opcode |M|  length     |  longer length      |  mask key     |
//! |I|S|S|S|  (4)  |A|   (7)       |  (0, 16 or 64 bits) |  (0 or 32)    |
//! |N|V|V|V|       |S|             |                     |               |
//! | |1|2|3|       |K|             |                     |               |
//! +-+-+-+-+-------+-+-------------+---------------------+---------------+
//! ```

use core::ops::BitOr;

use super::MAX_HEADER;
use super::short::ShortBytes;
use crate::opcode::Opcode;

/// The header of a frame: what comes before its payload, RFC 6455 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// `true` if this is the last frame of its message.
    pub fin: bool,
    /// The reserved bits, which extensions define.
    pub rsv: Rsv,
    /// The type of the frame.
    pub opcode: Opcode,
    /// The key that the payload is masked with. It is `Some` for every frame that a client sends,
    /// and `None` for every frame that a server sends.
    pub mask_key: Option<[u8; 4]>,
    /// The length of the payload in bytes, below 2^63.
    pub payload_len: u64,
}

/// An encoded header, as it is sent on the wire.
pub type HeaderBytes = ShortBytes<MAX_HEADER>;

impl Header {
    /// Creates the header of a message in one frame, or of a control frame, without reserved bits.
    pub const fn single(opcode: Opcode, payload_len: u64, mask_key: Option<[u8; 4]>) -> Self {
        Header { fin: true, rsv: Rsv::NONE, opcode, mask_key, payload_len }
    }

    /// Encodes the header as it is sent on the wire, with its length in as few bytes as possible.
    #[inline]
    pub(super) fn to_bytes(self) -> HeaderBytes {
        let (bytes, len) = self.encode();
        ShortBytes::from_front(bytes.to_le_bytes(), len)
    }

    /// Encodes the header as a number, and returns the number and the header's length in bytes.
    ///
    /// The lowest byte of the number is sent first. The header is built in registers and stored at
    /// once.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "each cast is in the range it matched")]
    pub(crate) fn encode(self) -> (u128, usize) {
        let first = if self.fin { FIN } else { 0 } | (self.rsv.bits() << RSV_SHIFT);
        let first = u128::from(first | self.opcode.as_u8());
        let mask = if self.mask_key.is_some() { MASK } else { 0 };
        let (short_len, longer_len, before_key) = match self.payload_len {
            len @ 0..LEN_16_U64 => (len as u8, 0, 2),
            len @ LEN_16_U64..=MAX_LEN_16 => (LEN_16, u64::from((len as u16).swap_bytes()), 4),
            len => (LEN_64, len.swap_bytes(), 10),
        };
        let second = u128::from(mask | short_len);
        let bytes = first | second << 8 | u128::from(longer_len) << 16;
        match self.mask_key {
            None => (bytes, before_key),
            Some(key) => {
                let key = u128::from(u32::from_le_bytes(key));
                (bytes | key << (8 * before_key), before_key + size_of::<u32>())
            }
        }
    }
}

/// Returns the length of the header that begins with `bytes`, as far as `bytes` show it.
#[cfg(feature = "alloc")]
pub(super) fn expected_len(bytes: &[u8]) -> usize {
    let Some(second) = bytes.get(1) else { return 2 };
    let longer_len = match second & LEN {
        LEN_16 => 2,
        LEN_64 => 8,
        _ => 0,
    };
    let key = if second & MASK == 0 { 0 } else { 4 };
    2 + longer_len + key
}

/// The three reserved bits of a header, which extensions define: RFC 6455 §5.2, §9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rsv(u8);

impl Rsv {
    /// No bit set.
    pub const NONE: Rsv = Rsv(0b000);
    /// RSV1, which permessage-deflate uses (RFC 7692 §6).
    pub const RSV1: Rsv = Rsv(0b100);
    /// RSV2.
    pub const RSV2: Rsv = Rsv(0b010);
    /// RSV3.
    pub const RSV3: Rsv = Rsv(0b001);

    /// Returns the three bits, with RSV1 the highest: `0b100` is RSV1 alone.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Returns `true` if every bit of `other` is also set in `self`.
    pub const fn contains(self, other: Rsv) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the reserved bits of a header's first byte.
    pub(super) const fn of(first: u8) -> Rsv {
        Rsv((first >> RSV_SHIFT) & 0b111)
    }
}

impl BitOr for Rsv {
    type Output = Rsv;

    fn bitor(self, other: Rsv) -> Rsv {
        Rsv(self.0 | other.0)
    }
}

/// In the first byte: set for the last frame of a message.
pub(super) const FIN: u8 = 0b1000_0000;
/// In the first byte: the opcode.
pub(super) const OPCODE: u8 = 0b0000_1111;
/// How far the reserved bits are shifted to the left in the first byte.
const RSV_SHIFT: u32 = 4;

/// In the second byte: set if a mask key follows.
pub(super) const MASK: u8 = 0b1000_0000;
/// In the second byte: the length, or `LEN_16` or `LEN_64` if a longer length follows.
pub(super) const LEN: u8 = 0b0111_1111;
/// The length is in the next 16 bits.
pub(super) const LEN_16: u8 = 126;
/// The length is in the next 64 bits.
pub(super) const LEN_64: u8 = 127;

/// The smallest length that needs 16 bits.
pub(super) const LEN_16_U64: u64 = LEN_16 as u64;
/// The largest length that fits into 16 bits.
pub(super) const MAX_LEN_16: u64 = u16::MAX as u64;

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;

    #[test]
    fn reserved_bits_are_a_set() {
        for (a, b) in (0..8).flat_map(|a| (0..8).map(move |b| (a, b))) {
            assert_eq!((Rsv(a) | Rsv(b)).bits(), a | b);
            assert_eq!(Rsv(a).contains(Rsv(b)), a & b == b);
        }
    }

    #[test]
    fn a_header_says_with_its_second_byte_how_long_it_is() {
        for key in [None, Some([1, 2, 3, 4])] {
            for payload_len in [0, 125, 126, 0xFFFF, 0x1_0000, u64::MAX >> 1] {
                let header = Header::single(Opcode::Binary, payload_len, key).to_bytes();
                for there in 0..=header.len() {
                    let expected = if there < 2 { 2 } else { header.len() };
                    assert_eq!(expected_len(&header[..there]), expected, "{there} of {header:?}");
                }
            }
        }
    }
}
