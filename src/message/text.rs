//! Text that is UTF-8 for certain, RFC 6455 §5.6, §8.1.
//!
//! The one place with a line of `unsafe`: text is validated where it is
//! made, and not again wherever it is looked at. Every constructor in this file validates, or takes
//! what another one validated; the fields are private to it.

use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use bytes::{Bytes, BytesMut};

use super::Payload;
use super::spill::Spill;
use crate::utf8::{self, Invalid, Validator};

/// A text that was received: lent from the caller's input, or owned.
///
/// It is its `str` by [`Deref`].
pub struct Text<'a>(Repr<'a>);

enum Repr<'a> {
    Borrowed(&'a str),
    /// UTF-8.
    Owned(BytesMut),
}

impl<'a> Text<'a> {
    /// No text.
    pub const EMPTY: Text<'static> = Text(Repr::Borrowed(""));

    /// Validates `payload`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where it is not UTF-8.
    #[inline]
    pub fn from_utf8(payload: Payload<'a>) -> Result<Text<'a>, Invalid> {
        match payload {
            Payload::Borrowed(bytes) => Ok(Text(Repr::Borrowed(utf8::from_utf8(bytes)?))),
            Payload::Owned(bytes) => {
                utf8::from_utf8(&bytes)?;
                Ok(Text(Repr::Owned(bytes)))
            }
        }
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Borrowed(text) => text,
            Repr::Owned(bytes) => validated(bytes),
        }
    }

    /// The text for as long as the input is borrowed, where it is lent from there; `None` where the
    /// text is owned.
    pub fn lent(&self) -> Option<&'a str> {
        match self.0 {
            Repr::Borrowed(text) => Some(text),
            Repr::Owned(_) => None,
        }
    }

    /// The same text without a borrow: copied where it is lent.
    pub fn into_owned(self) -> Text<'static> {
        Text(Repr::Owned(self.into_bytes_mut()))
    }

    /// The text's bytes as a buffer: copied where they are lent.
    pub fn into_bytes_mut(self) -> BytesMut {
        match self.0 {
            Repr::Borrowed(text) => BytesMut::from(text),
            Repr::Owned(bytes) => bytes,
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

/// Shows the length alone, so that logs hold nobody's data.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.len())
    }
}

/// A text that is collected from pieces, each validated before it is kept.
#[derive(Default)]
pub(crate) struct TextBuffer {
    /// Valid as far as `validator` has seen it, which is all of it.
    spill: Spill,
    validator: Validator,
}

impl TextBuffer {
    /// Appends a piece, unless it breaks the text; `to_come` is as for [`Spill::append`].
    pub(super) fn append(&mut self, piece: &[u8], to_come: u64) -> Result<(), Invalid> {
        let mut validator = self.validator;
        validator.push(piece)?;
        self.spill.append(piece, to_come);
        // Last, so that an allocator that panics leaves a validator that has seen what is there.
        self.validator = validator;
        Ok(())
    }

    /// The whole text, or `None` where it ends within a code point.
    pub(crate) fn finish(self) -> Option<Text<'static>> {
        self.validator.is_complete().then(|| Text(Repr::Owned(self.spill.into_bytes())))
    }
}

/// A text to be sent: UTF-8 in a shared buffer, cheap to clone.
///
/// It is its `str` by [`Deref`].
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Utf8Bytes(
    /// UTF-8.
    Bytes,
);

impl Utf8Bytes {
    /// Validates `bytes`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where they are not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Result<Utf8Bytes, Invalid> {
        utf8::from_utf8(&bytes)?;
        Ok(Utf8Bytes(bytes))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        validated(&self.0)
    }

    /// The text's bytes, which are UTF-8.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Utf8Bytes {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Utf8Bytes {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// Copies the text.
impl From<&str> for Utf8Bytes {
    fn from(text: &str) -> Self {
        Utf8Bytes(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Utf8Bytes {
    fn from(text: String) -> Self {
        Utf8Bytes(text.into())
    }
}

/// Copies the text where it is lent.
impl From<Text<'_>> for Utf8Bytes {
    fn from(text: Text<'_>) -> Self {
        Utf8Bytes(text.into_bytes_mut().freeze())
    }
}

/// Shows the length alone, so that logs hold nobody's data.
impl fmt::Debug for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Utf8Bytes({} bytes)", self.0.len())
    }
}

/// The text that `bytes` are, which stand in a private field of this file that only validated
/// bytes get into and that nothing writes to.
#[allow(unsafe_code)]
#[inline]
fn validated(bytes: &[u8]) -> &str {
    // SAFETY: the callers are `Text::as_str` and `Utf8Bytes::as_str` with their own field. A `Text`
    // is owned by `from_utf8`, which validates the very buffer; by `TextBuffer::finish`, whose
    // buffer holds what `append` had validated, as one text, and ends with a whole code point; or
    // by `into_owned`, which copies a `str` or keeps such a buffer. `Utf8Bytes` are made by
    // `from_utf8`, which validates them, from a `str`, a `String` or a `Text`. No method lends
    // either buffer mutably.
    unsafe { core::str::from_utf8_unchecked(bytes) }
}
