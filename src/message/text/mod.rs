//! Text that is UTF-8 for certain, RFC 6455 §5.6, §8.1.
//!
//! The one place with a line of `unsafe` beside the mask kernels: text is validated where it is
//! made, and not again wherever it is looked at. Every constructor in this directory validates, or
//! takes what another one validated; the fields are private to it. Two other files make a text of bytes
//! that they have validated, by [`Text::from_valid`]: `message/assembler.rs` and
//! `message/in_place/partial.rs`.

mod convert;
mod stream;
mod utf8_bytes;

use core::fmt;
use core::ops::Deref;

use bytes::BytesMut;

use super::Payload;
use super::debug::fmt_content;
use super::owned_bytes::OwnedBytes;
use crate::mask::{self, Key};
use crate::utf8::{self, InvalidUtf8, Validator};

pub(super) use stream::take_chunk;
pub use utf8_bytes::Utf8Bytes;

/// A text that was received: lent from the caller's input, or owned.
///
/// It is its `str` by [`Deref`].
pub struct Text<'a>(Repr<'a>);

enum Repr<'a> {
    /// UTF-8.
    Borrowed(&'a [u8]),
    /// UTF-8.
    Owned(OwnedBytes),
}

impl<'a> Text<'a> {
    /// No text.
    pub const EMPTY: Text<'static> = Text(Repr::Borrowed(b""));

    /// Validates `payload`.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] where it is not UTF-8.
    #[inline]
    pub fn from_utf8(payload: Payload<'a>) -> Result<Text<'a>, InvalidUtf8> {
        utf8::validate(&payload)?;
        Ok(Text::from_valid(payload))
    }

    /// Unmasks `payload`, the whole of a text, where there is a key, and validates it.
    ///
    /// # Errors
    ///
    /// As [`from_utf8`](Self::from_utf8).
    #[inline(always)]
    pub(crate) fn unmask(
        mut payload: Payload<'a>,
        key: Option<Key>,
    ) -> Result<Text<'a>, InvalidUtf8> {
        if payload.len() > BLOCK {
            return Text::unmask_by_blocks(payload, key);
        }
        if mask::unmask_noting_ascii(&mut payload, key) {
            return Ok(Text::from_valid(payload));
        }
        Text::from_utf8(payload)
    }

    /// The same for a long text: each block is validated while the fastest cache holds it.
    #[inline(never)]
    fn unmask_by_blocks(
        mut payload: Payload<'a>,
        key: Option<Key>,
    ) -> Result<Text<'a>, InvalidUtf8> {
        let mut validator = Validator::new();
        unmask_and_validate(&mut payload, key, &mut validator)?;
        if !validator.is_complete() {
            return Err(InvalidUtf8 { offset: payload.len() - 1 });
        }
        Ok(Text::from_valid(payload))
    }

    /// The text that `payload` is, which is UTF-8: [`validated`] relies on it.
    #[inline]
    pub(super) fn from_valid(payload: Payload<'a>) -> Text<'a> {
        debug_assert!(utf8::validate(&payload).is_ok(), "only valid text gets here");
        Text(match payload.try_into_borrowed() {
            Ok(bytes) => Repr::Borrowed(bytes),
            Err(bytes) => Repr::Owned(OwnedBytes::new(bytes)),
        })
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Borrowed(bytes) => validated(bytes),
            Repr::Owned(bytes) => validated(bytes),
        }
    }

    /// The text for as long as the input is borrowed, where it is lent from there; `None` where the
    /// text is owned.
    pub fn as_borrowed(&self) -> Option<&'a str> {
        match self.0 {
            Repr::Borrowed(bytes) => Some(validated(bytes)),
            Repr::Owned(_) => None,
        }
    }

    /// The same text without a borrow: copied where it is lent.
    pub fn into_owned(self) -> Text<'static> {
        Text(Repr::Owned(OwnedBytes::new(self.into_bytes_mut())))
    }

    /// The text's bytes as a buffer: copied where they are lent.
    pub fn into_bytes_mut(self) -> BytesMut {
        match self.0 {
            Repr::Borrowed(bytes) => BytesMut::from(bytes),
            Repr::Owned(bytes) => bytes.into_inner(),
        }
    }
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// `{:?}` shows the length alone, so that logs hold nobody's data, and `{:#?}` shows the content.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_content(f, "Text", self.len(), &self.as_str())
    }
}

/// Bytes that are unmasked, and validated while the fastest cache still holds them.
const BLOCK: usize = 8 << 10;

/// Unmasks `bytes` where there is a key, and has them validated as what follows what `validator` has
/// seen, each block while the fastest cache holds it.
pub(in crate::message) fn unmask_and_validate(
    bytes: &mut [u8],
    key: Option<Key>,
    validator: &mut Validator,
) -> Result<(), InvalidUtf8> {
    let mut at = 0;
    for block in bytes.chunks_mut(BLOCK) {
        let is_ascii = mask::unmask_noting_ascii(block, key);
        if !(is_ascii && validator.is_complete()) {
            validator.push(block).map_err(|error| InvalidUtf8 { offset: at + error.offset })?;
        }
        at += block.len();
    }
    Ok(())
}

/// The text that `bytes` are, which stand in a private field of this directory that only validated
/// bytes get into and that nothing writes to.
#[allow(unsafe_code)]
#[inline]
fn validated(bytes: &[u8]) -> &str {
    // SAFETY: the callers are methods of `Text` and `Utf8Bytes` with their own field. A `Text` is
    // made by `from_utf8`, which validates the very bytes; by `unmask`, which does so block by
    // block, as one text that ends with a whole code point, ASCII being valid wherever a code point
    // may begin; by `Assembler::finish`, whose private buffer is empty when a text begins, and then
    // holds what `append_text` validated in the same way; by `take_chunk`, whose pieces are validated
    // in that way from a code point's first byte on, and cut between code points;
    // by `in_place::partial`, which has had all of its bytes validated in the same way, and argues
    // at its top that they have not changed since; by `into_owned`, which copies or keeps
    // such bytes; or is empty. `Utf8Bytes` are made by
    // `from_utf8`, which validates them, from a `str`, a `String` or a `Text`, or are empty. A `Text`
    // may be a copy of a `str` too. No method lends either's bytes mutably.
    unsafe { core::str::from_utf8_unchecked(bytes) }
}
