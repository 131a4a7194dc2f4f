//! Masking: XOR with a four-byte key, RFC 6455 §5.3.
//!
//! Masking and unmasking are the same operation. Byte `i` of a payload is combined with byte
//! `i mod 4` of the key; a payload that comes in pieces is masked piece by piece, each with the
//! number of payload bytes before it as its `offset`.
//!
//! ```
//! use sansock::mask;
//!
//! let key = [0x37, 0xfa, 0x21, 0x3d];
//! let mut payload = *b"Hello";
//! mask::apply(&mut payload[..2], key, 0);
//! mask::apply(&mut payload[2..], key, 2);
//! assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]); // RFC 6455 §5.7
//! ```

mod scalar;
mod wide;

/// Masks `payload` in place; applied twice with the same key and offset it changes nothing.
///
/// `offset` is the number of payload bytes before these in their frame; only its remainder by
/// four matters.
pub fn apply(payload: &mut [u8], key: [u8; 4], offset: usize) {
    wide::apply::<{ wide::BLOCK }>(payload, rotate(key, offset));
}

/// Writes `payload`, masked, to the front of `masked`, and returns how many bytes it wrote: the
/// length of the shorter of both.
///
/// `offset` is as for [`apply`]. This is one pass where copying and then masking are two.
pub fn apply_copy(payload: &[u8], masked: &mut [u8], key: [u8; 4], offset: usize) -> usize {
    wide::apply_copy::<{ wide::BLOCK }>(payload, masked, rotate(key, offset));
    payload.len().min(masked.len())
}

/// The key as it stands after `count` bytes of payload: its next byte comes first.
///
/// Who keeps a rotated key needs to keep no offset.
///
/// ```
/// assert_eq!(sansock::mask::rotate([1, 2, 3, 4], 5), [2, 3, 4, 1]);
/// ```
#[allow(clippy::cast_possible_truncation, reason = "what is cast is at most 24")]
pub const fn rotate(key: [u8; 4], count: usize) -> [u8; 4] {
    // In big-endian order the first byte of the key is the highest, so it leaves on the left.
    let bits = (8 * (count % 4)) as u32;
    u32::from_be_bytes(key).rotate_left(bits).to_be_bytes()
}

/// The slowest and plainest masking there is, to test the others against.
#[doc(hidden)]
pub use scalar::apply as apply_scalar;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// Every length around the block sizes, every offset in the key, every alignment.
    #[test]
    fn wide_masks_as_scalar_does_at_every_length_offset_and_alignment() {
        let source: Vec<u8> = (0..=255u8).cycle().map(|i| i.wrapping_mul(7)).take(400).collect();
        for len in (0..=140).chain([255, 256, 257, 300]) {
            for offset in 0..4 {
                for start in 0..8 {
                    let payload = &source[start..start + len];
                    let mut expected = payload.to_vec();
                    scalar::apply(&mut expected, KEY, offset);

                    let mut buffer = source.clone();
                    apply(&mut buffer[start..start + len], KEY, offset);
                    assert_eq!(buffer[start..start + len], expected);
                    assert_eq!(buffer[..start], source[..start], "before the payload");
                    assert_eq!(buffer[start + len..], source[start + len..], "after it");

                    let mut copy = vec![0xEE; len + 1];
                    assert_eq!(apply_copy(payload, &mut copy, KEY, offset), len);
                    assert_eq!(copy[..len], expected);
                    assert_eq!(copy[len], 0xEE, "after the copy");
                }
            }
        }
    }

    #[test]
    fn a_short_destination_takes_what_fits() {
        let mut masked = [0; 3];
        assert_eq!(apply_copy(b"Hello", &mut masked, KEY, 0), 3);
        assert_eq!(masked, [0x7f, 0x9f, 0x4d]);
    }

    #[test]
    fn rotate_gives_the_key_as_seen_from_any_offset() {
        for offset in [0, 1, 2, 3, 4, 5, usize::MAX] {
            let rotated = rotate(KEY, offset);
            for i in 0..4 {
                assert_eq!(rotated[i], KEY[(offset % 4 + i) % 4]);
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_mask_as_the_whole_does(
            payload in proptest::collection::vec(any::<u8>(), 0..600),
            key: [u8; 4],
            cuts in proptest::collection::vec(0usize..600, 0..6),
        ) {
            let mut whole = payload.clone();
            scalar::apply(&mut whole, key, 0);

            let mut pieces = payload;
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (pieces.len() + 1)).collect();
            cuts.extend([0, pieces.len()]);
            cuts.sort_unstable();
            for pair in cuts.windows(2) {
                apply(&mut pieces[pair[0]..pair[1]], key, pair[0]);
            }
            prop_assert_eq!(pieces, whole);
        }
    }
}
