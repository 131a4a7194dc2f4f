//! Incremental UTF-8 validation that fails at the byte that breaks the text: RFC 6455 §8.1,
//! RFC 3629.

use core::fmt;

/// An error for bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidUtf8 {
    /// The index of the first byte that cannot follow the bytes before it in valid UTF-8. If the
    /// bytes end inside a code point, it is the index of the last byte.
    pub offset: usize,
}

impl fmt::Display for InvalidUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text is not UTF-8 at byte {}", self.offset)
    }
}

impl core::error::Error for InvalidUtf8 {}

/// A validator for text that arrives in pieces.
///
/// A code point may be cut by the end of a piece. A byte that cannot be part of valid text is found
/// in the piece that contains it. RFC 3629 §4 defines which bytes these are. The verdict is the
/// same however the text was cut.
///
/// ```
/// use sansock::utf8::{InvalidUtf8, Validator};
///
/// let mut text = Validator::new();
/// assert_eq!(text.push(b"caf\xC3"), Ok(()));
/// assert!(!text.is_complete()); // inside the é
/// assert_eq!(text.push(b"\xA9"), Ok(()));
/// assert!(text.is_complete());
/// assert_eq!(text.push(b" \xED\xA0"), Err(InvalidUtf8 { offset: 2 })); // the start of a surrogate
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Continuation bytes that the current code point still needs: `missing <= 3`.
    missing: u8,
    /// If `missing > 0`, the next byte must be in `lowest..=highest`.
    lowest: u8,
    highest: u8,
}

impl Validator {
    /// Creates a validator at the start of a text.
    pub const fn new() -> Self {
        Validator { missing: 0, lowest: CONTINUATION_MIN, highest: CONTINUATION_MAX }
    }

    /// Validates the next piece of the text.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the index in `piece` of the byte that breaks the text. Do not use the
    /// validator after that.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        let (head, rest) = piece.split_at(self.cut_len(piece));
        self.step_through(head, 0)?;
        let (whole, tail) = rest.split_at(rest.len() - unfinished_len(rest));
        if !is_valid(whole) {
            // Search all of `rest`: the byte that breaks the end of `whole` may be the first byte
            // of `tail`.
            return Err(InvalidUtf8 { offset: head.len() + breaking_index(rest) });
        }
        self.step_through(tail, head.len() + whole.len())
    }

    /// Returns `true` if the text so far ends with a whole code point, as a whole message must.
    pub const fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Returns how many bytes the unfinished code point still needs: 3 at most.
    #[cfg(feature = "alloc")]
    pub(crate) fn missing(&self) -> usize {
        usize::from(self.missing)
    }

    /// Returns how many bytes of `piece` belong to a code point that began before it.
    fn cut_len(&self, piece: &[u8]) -> usize {
        piece.len().min(usize::from(self.missing))
    }

    /// Validates bytes one by one. `at` is the index of the first of them in the piece.
    fn step_through(&mut self, bytes: &[u8], at: usize) -> Result<(), InvalidUtf8> {
        for (i, &byte) in bytes.iter().enumerate() {
            self.step(byte).ok_or(InvalidUtf8 { offset: at + i })?;
        }
        Ok(())
    }

    /// Validates one byte. Returns `None` if it breaks the text.
    fn step(&mut self, byte: u8) -> Option<()> {
        if self.missing > 0 {
            if byte < self.lowest || byte > self.highest {
                return None;
            }
            let missing = self.missing - 1;
            *self = Validator { missing, ..Validator::new() };
            return Some(());
        }
        // RFC 3629 §4: what may follow each first byte. The second byte's range excludes overlong
        // forms (E0, F0), surrogates (ED) and code points above U+10FFFF (F4).
        let (missing, lowest, highest) = match byte {
            0x00..=0x7F => return Some(()),
            0xC2..=0xDF => (1, CONTINUATION_MIN, CONTINUATION_MAX),
            0xE0 => (2, 0xA0, CONTINUATION_MAX),
            0xED => (2, CONTINUATION_MIN, 0x9F),
            0xE1..=0xEF => (2, CONTINUATION_MIN, CONTINUATION_MAX),
            0xF0 => (3, 0x90, CONTINUATION_MAX),
            0xF1..=0xF3 => (3, CONTINUATION_MIN, CONTINUATION_MAX),
            0xF4 => (3, CONTINUATION_MIN, 0x8F),
            _ => return None,
        };
        *self = Validator { missing, lowest, highest };
        Some(())
    }
}

impl Default for Validator {
    fn default() -> Self {
        Validator::new()
    }
}

/// Validates a whole text, and returns it as `str`.
///
/// # Errors
///
/// [`InvalidUtf8`] at the byte that breaks the text, or at its last byte if it ends inside a code
/// point.
pub fn from_utf8(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    #[cfg(feature = "simd")]
    let text = if bytes.len() >= BLOCK {
        simdutf8::basic::from_utf8(bytes).ok()
    } else {
        core::str::from_utf8(bytes).ok()
    };
    #[cfg(not(feature = "simd"))]
    let text = core::str::from_utf8(bytes).ok();
    text.ok_or_else(|| invalid_in(bytes))
}

/// Validates a whole text as [`from_utf8`] does, for callers that need no `str`.
#[cfg(feature = "alloc")]
pub(crate) fn validate(bytes: &[u8]) -> Result<(), InvalidUtf8> {
    if is_valid(bytes) { Ok(()) } else { Err(invalid_in(bytes)) }
}

/// Returns `true` if `bytes` is valid UTF-8. This is the fastest validation available, and does not
/// find the byte that breaks the text.
fn is_valid(bytes: &[u8]) -> bool {
    if bytes.len() < MAX_LOOKED_AT && bytes.is_ascii() {
        return true;
    }
    #[cfg(feature = "simd")]
    if bytes.len() >= BLOCK {
        return simdutf8::basic::from_utf8(bytes).is_ok();
    }
    #[cfg(feature = "simd")]
    if bytes.len() >= MIN_PADDED {
        // Put zeros after the text to fill a block. Zeros are ASCII, so they complete no code
        // point.
        let mut block = [0; BLOCK];
        if let Some(front) = block.get_mut(..bytes.len()) {
            front.copy_from_slice(bytes);
            return simdutf8::basic::from_utf8(&block).is_ok();
        }
    }
    core::str::from_utf8(bytes).is_ok()
}

#[cold]
fn invalid_in(bytes: &[u8]) -> InvalidUtf8 {
    InvalidUtf8 { offset: breaking_index(bytes) }
}

/// Returns the index of the byte that breaks an invalid text, or of its last byte.
#[cold]
fn breaking_index(bytes: &[u8]) -> usize {
    let valid = core::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let broken = bytes.get(valid..).unwrap_or_default();
    match Validator::new().step_through(broken, valid) {
        Err(InvalidUtf8 { offset: at }) => at,
        Ok(()) => bytes.len().saturating_sub(1),
    }
}

/// Returns how many bytes at the end of `bytes` begin a code point that they do not finish.
pub(crate) fn unfinished_len(bytes: &[u8]) -> usize {
    for (i, &byte) in bytes.iter().rev().take(3).enumerate() {
        let begun = i + 1;
        let len = match byte {
            0xF0.. => 4,
            0xE0.. => 3,
            0xC0.. => 2,
            CONTINUATION_MIN.. => continue,
            _ => 1,
        };
        return if len > begun { begun } else { 0 };
    }
    0
}

const CONTINUATION_MIN: u8 = 0x80;
const CONTINUATION_MAX: u8 = 0xBF;

/// Below this length, a separate check for ASCII pays off.
const MAX_LOOKED_AT: usize = 64;

/// The bytes that vector instructions validate at a time, and the shortest input for which
/// `simdutf8` uses them.
#[cfg(feature = "simd")]
const BLOCK: usize = 64;

/// Below this length, `core` is as fast as a padded block.
#[cfg(feature = "simd")]
const MIN_PADDED: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Finds the first prefix that nothing can complete, by trying `core`: the naive reference.
    fn naive(bytes: &[u8]) -> Result<bool, InvalidUtf8> {
        for end in 1..=bytes.len() {
            let broken = core::str::from_utf8(&bytes[..end]).err().and_then(|e| e.error_len());
            if broken.is_some() {
                return Err(InvalidUtf8 { offset: end - 1 });
            }
        }
        Ok(core::str::from_utf8(bytes).is_ok())
    }

    fn in_pieces(pieces: &[&[u8]]) -> Result<bool, InvalidUtf8> {
        let mut validator = Validator::new();
        let mut before = 0;
        for piece in pieces {
            validator
                .push(piece)
                .map_err(|InvalidUtf8 { offset: at }| InvalidUtf8 { offset: before + at })?;
            before += piece.len();
        }
        Ok(validator.is_complete())
    }

    /// Checks `bytes` whole, byte by byte, and at every split into two.
    fn assert_as_naive(bytes: &[u8]) {
        let expected = naive(bytes);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(in_pieces(&[bytes]), expected, "{bytes:x?} whole");
        assert_eq!(in_pieces(&single), expected, "{bytes:x?} byte by byte");
        for split in 0..=bytes.len() {
            let (left, right) = bytes.split_at(split);
            assert_eq!(in_pieces(&[left, right]), expected, "{bytes:x?} at {split}");
        }
        let whole = match expected {
            Ok(true) => Ok(core::str::from_utf8(bytes).unwrap()),
            Ok(false) => Err(InvalidUtf8 { offset: bytes.len() - 1 }),
            Err(invalid) => Err(invalid),
        };
        assert_eq!(from_utf8(bytes), whole);
    }

    #[test]
    fn every_two_bytes_are_judged_as_core_judges_them() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                assert_as_naive(&[first, second]);
            }
        }
    }

    #[test]
    fn every_edge_of_every_range_is_judged_as_core_judges_it() {
        let edges = [
            0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
            0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ];
        for lead in 0xC0..=u8::MAX {
            for a in edges {
                for b in edges {
                    assert_as_naive(&[lead, a, b]);
                    if lead >= 0xF0 {
                        for c in [0x7F, 0x80, 0xBF, 0xC0] {
                            assert_as_naive(&[lead, a, b, c]);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn long_texts_break_where_short_ones_do() {
        let long = "κόσμε €uro 🦀 ".repeat(20).into_bytes();
        assert_as_naive(&long);
        for at in [0, 63, 64, 65, 130, long.len() - 1] {
            let mut broken = long.clone();
            broken[at] = 0xFF;
            assert_as_naive(&broken);
        }
        assert_as_naive(&long[..long.len() - 2]);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_judged_as_core_judges_them(
            text in ".{0,40}",
            noise in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..3),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        ) {
            let mut bytes = text.into_bytes();
            for (at, byte) in noise {
                let at = at.index(bytes.len() + 1);
                bytes.insert(at, byte);
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(in_pieces(&pieces), naive(&bytes));
        }
    }
}
