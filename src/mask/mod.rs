//! Masking: XOR with a four-byte key, RFC 6455 §5.3.
//!
//! Masking and unmasking are the same operation. Byte `i` of a payload is combined with byte
//! `i mod 4` of the key. If a payload arrives in pieces, mask each piece by itself, with the number
//! of payload bytes before it as its `offset`.
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

#[allow(unsafe_code)]
mod instances;
#[allow(unsafe_code)]
mod kernel;
mod key;
mod scalar;
#[allow(unsafe_code)]
mod vector;

#[cfg(feature = "alloc")]
#[allow(unsafe_code)]
mod append;

#[cfg(feature = "alloc")]
pub(crate) use append::{append, append_noting_ascii};
pub(crate) use key::Key;

/// Masks `payload` in place. A second call with the same key and offset unmasks it.
///
/// `offset` is the number of payload bytes before `payload` in its frame. Only its remainder by
/// four matters.
#[inline]
pub fn apply(payload: &mut [u8], key: [u8; 4], offset: usize) {
    apply_key(payload, Key::new(key).turned(offset));
}

/// Masks as [`apply`] does, with a key that is turned to the payload's first byte.
#[inline]
fn apply_key(payload: &mut [u8], key: Key) {
    in_place::<false>(payload, key);
}

/// Unmasks `payload` in place, if there is a key.
#[inline]
pub(crate) fn unmask(payload: &mut [u8], key: Option<Key>) {
    if let Some(key) = key {
        apply_key(payload, key);
    }
}

/// Unmasks as [`unmask`] does, and returns `true` if all of the result is ASCII.
#[cfg(feature = "alloc")]
#[inline]
pub(crate) fn unmask_noting_ascii(payload: &mut [u8], key: Option<Key>) -> bool {
    match key {
        Some(key) => is_ascii(in_place::<true>(payload, key)),
        // To scan a short text takes no longer than to check its first bytes.
        None if payload.len() > 128 && !begins_in_ascii(payload) => false,
        None => is_ascii(instances::look(payload)),
    }
}

/// Returns `true` if the first 32 bytes are ASCII, or if there are fewer bytes.
///
/// If nothing is unmasked, a scan for ASCII is a pass of its own. In most languages, the first
/// bytes of a text already show that the scan would be in vain.
#[cfg(feature = "alloc")]
#[inline(never)]
fn begins_in_ascii(bytes: &[u8]) -> bool {
    let front = bytes.first_chunk::<32>();
    front.is_none_or(|front| front.iter().fold(0, |seen, byte| seen | byte).is_ascii())
}

/// Writes `payload`, masked, to the front of `masked`. Returns the number of bytes written, which
/// is the length of the shorter slice.
///
/// This is one pass, where copying and then masking need two. `offset` is the same as for
/// [`apply`].
#[allow(unsafe_code)]
pub fn apply_copy(payload: &[u8], masked: &mut [u8], key: [u8; 4], offset: usize) -> usize {
    let len = payload.len().min(masked.len());
    let key = Key::new(key).turned(offset);
    // SAFETY: `len` is within both slices. They do not overlap, because `masked` is borrowed
    // exclusively.
    unsafe { instances::mask::<false>(payload.as_ptr(), masked.as_mut_ptr(), len, key) };
    len
}

/// Returns the key as it is after `count` bytes of payload: the byte for the next one comes first.
///
/// If you store a rotated key, you need not store an offset.
///
/// ```
/// assert_eq!(sansock::mask::rotate([1, 2, 3, 4], 5), [2, 3, 4, 1]);
/// ```
#[inline]
pub const fn rotate(key: [u8; 4], count: usize) -> [u8; 4] {
    Key::new(key).turned(count).to_bytes()
}

/// Masks `payload` in place, and returns what [`kernel::mask`] returns.
#[inline(never)]
#[allow(unsafe_code)]
fn in_place<const NOTE: bool>(payload: &mut [u8], key: Key) -> u64 {
    let (start, len) = (payload.as_mut_ptr(), payload.len());
    // SAFETY: `start` is valid for reading and writing the `len` bytes of the slice.
    unsafe { instances::mask::<NOTE>(start, start, len, key) }
}

/// Returns `true` if bytes are ASCII. `seen` is the OR of all of them, by words.
#[cfg(feature = "alloc")]
#[inline]
const fn is_ascii(seen: u64) -> bool {
    seen & 0x8080_8080_8080_8080 == 0
}

/// Returns a mask key for one frame, from the thread's random number generator.
///
/// Take a fresh key for each frame. The operating system seeds the generator, because RFC 6455 §5.3
/// and §10.3 ask for a strong source of entropy.
///
/// # Panics
///
/// Panics if the operating system provides no entropy.
#[cfg(feature = "rand")]
pub fn random_key() -> [u8; 4] {
    rand::random()
}

/// The slowest and plainest masking, to test the other ways against.
#[doc(hidden)]
pub use scalar::apply as apply_scalar;

/// Each kernel by itself, for the benchmarks and fuzz targets.
#[doc(hidden)]
pub use instances::Kernel;

#[cfg(test)]
mod tests {
    use super::vector::Words;
    use super::*;
    use proptest::prelude::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// Covers every length around the block sizes, every offset in the key and every alignment.
    #[test]
    fn wide_masks_as_scalar_does_at_every_length_offset_and_alignment() {
        let source: Vec<u8> = (0..=255u8).cycle().map(|i| i.wrapping_mul(7)).take(1500).collect();
        for len in (0..=300).chain([511, 512, 513, 600, 1023, 1024, 1025, 1400]) {
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

                    let mut copy = vec![0xEE; start + len + 1];
                    assert_eq!(apply_copy(payload, &mut copy[start..][..len], KEY, offset), len);
                    assert_eq!(copy[start..][..len], expected);
                    assert_eq!((&copy[..start], copy[start + len]), (&[0xEE; 8][..start], 0xEE));
                }
            }
        }
    }

    /// The direction of a copy depends on the distance of both addresses within a page.
    #[test]
    fn a_copy_is_the_same_whichever_way_it_goes() {
        const PAGE: usize = 4096;
        let mut memory: Vec<u8> =
            (0..=255u8).cycle().map(|i| i.wrapping_mul(7)).take(8 * PAGE).collect();
        let (left, right) = memory.split_at_mut(4 * PAGE);
        for len in (100..=600).chain([PAGE, PAGE + 1, 2 * PAGE + 77]) {
            for apart in [0, 1, 16, 64, 1000, 2047, 2048, 2049, PAGE - 64, PAGE - 1] {
                let payload = &left[32..32 + len];
                let mut expected = payload.to_vec();
                scalar::apply(&mut expected, KEY, 3);
                let start = 32 + apart;
                for kernel in Kernel::all().map(Some).chain([None]) {
                    right.fill(0xEE);
                    let masked = &mut right[start..start + len];
                    let written = match kernel {
                        Some(kernel) => kernel.apply_copy(payload, masked, KEY, 3),
                        None => apply_copy(payload, masked, KEY, 3),
                    };
                    assert_eq!(written, len);
                    assert!(*masked == expected, "{len} bytes, {apart} apart, {kernel:?}");
                    assert_eq!((right[start - 1], right[start + len]), (0xEE, 0xEE));
                }
            }
        }
    }

    /// Covers vectors of every size, because `apply` chooses only one of them.
    #[test]
    fn vectors_of_every_size_mask_as_scalar_does() {
        let key = Key::new(KEY);
        for len in 0..=600 {
            let source: Vec<u8> = (0..=255u8).cycle().skip(3).take(len).collect();
            let mut expected = source.clone();
            scalar::apply(&mut expected, KEY, 0);
            for mask in [
                kernel::mask::<Words<1>, true, false>,
                kernel::mask::<Words<1>, true, true>,
                kernel::mask::<Words<2>, true, false>,
                kernel::mask::<Words<2>, true, true>,
                kernel::mask::<Words<4>, true, false>,
                kernel::mask::<Words<4>, true, true>,
                kernel::mask::<Words<8>, true, false>,
                kernel::mask::<Words<8>, true, true>,
            ] {
                let mut masked = source.clone();
                let start = masked.as_mut_ptr();
                // SAFETY: `start` is the address of `len` bytes, which are read and written in
                // place.
                #[allow(unsafe_code)]
                unsafe {
                    mask(start, start, len, key)
                };
                assert_eq!(masked, expected, "{len} bytes");
            }
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn one_byte_that_is_not_ascii_is_noted_wherever_it_stands() {
        let key = Key::new(KEY);
        for len in 0..=600 {
            let mut text = vec![b'x'; len];
            for at in (0..len).step_by(1 + len / 37).chain(len.checked_sub(1)) {
                text[at] = 0x80;
                let mut masked = text.clone();
                scalar::apply(&mut masked, KEY, 0);
                assert!(!unmask_noting_ascii(&mut masked, Some(key)), "{at} of {len}");
                assert_eq!(masked, text);
                assert!(!unmask_noting_ascii(&mut masked, None), "{at} of {len}");
                assert_eq!(masked, text);
                text[at] = b'x';
            }
            let mut masked = text.clone();
            scalar::apply(&mut masked, KEY, 0);
            assert!(unmask_noting_ascii(&mut masked, Some(key)), "{len} bytes of ASCII");
            assert!(unmask_noting_ascii(&mut masked, None), "{len} bytes of ASCII");
        }
    }

    /// Covers vectors of every size, at every alignment.
    #[cfg(feature = "alloc")]
    #[test]
    fn a_look_sees_every_byte_of_the_payload_and_no_other() {
        let mut bytes = vec![b'x'; 700];
        let mut check = |start: usize, len: usize, at: usize| {
            bytes[at] = 0x80;
            let payload = &bytes[start..start + len];
            let mut seen = vec![instances::look(payload)];
            for (size, look) in [
                (8, kernel::look::<Words<1>> as unsafe fn(*const u8, usize) -> u64),
                (16, kernel::look::<Words<2>>),
                (32, kernel::look::<Words<4>>),
                (64, kernel::look::<Words<8>>),
            ] {
                if len >= size {
                    // SAFETY: the bytes are those of the slice, and there are at least `size` of
                    // them.
                    #[allow(unsafe_code)]
                    seen.push(unsafe { look(payload.as_ptr(), len) });
                }
            }
            let is_within = (start..start + len).contains(&at);
            let is_seen = seen.into_iter().all(|seen| is_ascii(seen) != is_within);
            assert!(is_seen, "at {at} of {len} from {start}");
            bytes[at] = b'x';
        };
        for start in 1..=64 {
            for len in (0..=80).chain([127, 128, 129, 255, 300, 511, 600]) {
                for at in (start..start + len).step_by(1 + len / 19) {
                    check(start, len, at);
                }
                check(start, len, start - 1);
                check(start, len, start + len);
                check(start, len, start + len - 1);
            }
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn append_masks_whatever_room_there_is() {
        let payload: Vec<u8> = (0..200).collect();
        for room in [0, 1, 7, 63, 200, 300] {
            let mut buffer = bytes::BytesMut::with_capacity(room);
            buffer.extend_from_slice(b"ab");
            assert!(append_noting_ascii(&mut buffer, b"", Key::new(KEY)));
            assert!(!append_noting_ascii(&mut buffer, &payload, Key::new(KEY)));
            let mut vec = Vec::with_capacity(room);
            append(&mut vec, &payload, Key::new(KEY));

            let mut expected = payload.clone();
            scalar::apply(&mut expected, KEY, 0);
            assert_eq!((&buffer[..2], &buffer[2..]), (&b"ab"[..], &expected[..]));
            assert_eq!(vec, expected);
        }
    }

    #[test]
    fn every_processor_has_a_kernel() {
        assert!(Kernel::all().next().is_some());
    }

    #[test]
    fn a_short_destination_takes_what_fits() {
        let mut masked = [0; 3];
        assert_eq!(apply_copy(b"Hello", &mut masked, KEY, 0), 3);
        assert_eq!(masked, [0x7f, 0x9f, 0x4d]);
        for kernel in Kernel::all() {
            let mut masked = [0; 3];
            assert_eq!(kernel.apply_copy(b"Hello", &mut masked, KEY, 0), 3);
            assert_eq!(masked, [0x7f, 0x9f, 0x4d]);
        }
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
