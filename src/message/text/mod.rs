//! Text that is guaranteed to be UTF-8, RFC 6455 §5.6, §8.1.
//!
//! Besides the mask kernels, this is the only place with a line of `unsafe`: text is validated when
//! it is made, and not again each time it is used. Every constructor in this directory validates
//! its bytes, or takes bytes that another one validated. The fields are private to this directory.
//! Two other files validate bytes and then make a text of them with [`Text::from_valid`]:
//! `message/assembler.rs` and `message/in_place/partial.rs`.

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

/// A text that was received: borrowed from the caller's input, or owned.
///
/// It dereferences to its `str`.
pub struct Text<'a>(Repr<'a>);

enum Repr<'a> {
    /// UTF-8.
    Borrowed(&'a [u8]),
    /// UTF-8.
    Owned(OwnedBytes),
}

impl<'a> Text<'a> {
    /// The empty text.
    pub const EMPTY: Text<'static> = Text(Repr::Borrowed(b""));

    /// Validates `payload` and makes a text of it.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if it is not UTF-8.
    #[inline]
    pub fn from_utf8(payload: Payload<'a>) -> Result<Text<'a>, InvalidUtf8> {
        utf8::validate(&payload)?;
        Ok(Text::from_valid(payload))
    }

    /// Unmasks the payload of a whole text, if there is a key, and validates it.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if the unmasked payload is not UTF-8.
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

    /// Does the same for a long text. Each block is validated while the L1 cache still holds it.
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

    /// Makes a text of `payload`, which must be UTF-8: [`validated`] relies on that.
    #[inline]
    pub(super) fn from_valid(payload: Payload<'a>) -> Text<'a> {
        debug_assert!(utf8::validate(&payload).is_ok(), "the payload of a text must be UTF-8");
        Text(match payload.try_into_borrowed() {
            Ok(bytes) => Repr::Borrowed(bytes),
            Err(bytes) => Repr::Owned(OwnedBytes::new(bytes)),
        })
    }

    /// Returns the text.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Borrowed(bytes) => validated(bytes),
            Repr::Owned(bytes) => validated(bytes),
        }
    }

    /// Returns the borrowed text, or `None` if the text is owned. It lives as long as the borrow of
    /// the input.
    pub fn as_borrowed(&self) -> Option<&'a str> {
        match self.0 {
            Repr::Borrowed(bytes) => Some(validated(bytes)),
            Repr::Owned(_) => None,
        }
    }

    /// Returns the same text, owned. Copies it if it is borrowed.
    pub fn into_owned(self) -> Text<'static> {
        Text(Repr::Owned(OwnedBytes::new(self.into_bytes_mut())))
    }

    /// Returns the bytes of the text as a buffer. Copies them if they are borrowed.
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

/// Shows only the length for `{:?}`, so that logs hold no user data. Shows the content for `{:#?}`.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_content(f, "Text", self.len(), &self.as_str())
    }
}

/// The number of bytes that are unmasked and then validated while the L1 cache still holds them.
const BLOCK: usize = 8 << 10;

/// Unmasks `bytes`, if there is a key, and validates them as the continuation of what `validator`
/// has seen. Each block is validated while the L1 cache still holds it.
///
/// # Errors
///
/// [`InvalidUtf8`] with the index, in `bytes`, of the byte that makes the text invalid.
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

/// Returns `bytes` as `str`. They must be in a field that is private to this directory, that only
/// validated bytes are moved into, and that nothing writes to.
#[allow(unsafe_code)]
#[inline]
fn validated(bytes: &[u8]) -> &str {
    // SAFETY: `bytes` are UTF-8, because the only callers are methods of `Text` and `Utf8Bytes`,
    // which pass their own field. A `Text` is made in one of these ways:
    // * `from_utf8` validates the very bytes of the text.
    // * `unmask` validates them block by block, as one text that ends with a whole code point. A
    //   block of ASCII needs no validator where a code point may begin, because it is valid there.
    // * `Assembler::finish` takes a private buffer. It is empty when a text begins, and then holds
    //   only what `append_text` validated in the same way.
    // * `take_chunk` validates its pieces in the same way, from the first byte of a code point on,
    //   and splits them between code points.
    // * `in_place::partial` validates all of its bytes in the same way. The top of that file proves
    //   that they have not changed since.
    // * `into_owned` copies or keeps the bytes of a `Text`.
    // * It copies a `str`, or it is empty.
    // `Utf8Bytes` are made by `from_utf8`, which validates them, or from a `str`, a `String` or a
    // `Text`, or they are empty. No method of either type returns a mutable reference to the bytes.
    unsafe { core::str::from_utf8_unchecked(bytes) }
}
