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
use super::buffer::Buffer;
use super::spill::Spill;
use crate::mask::{self, Key};
use crate::utf8::{self, Invalid, Validator};

/// A text that was received: lent from the caller's input, or owned.
///
/// It is its `str` by [`Deref`].
pub struct Text<'a>(Repr<'a>);

enum Repr<'a> {
    /// UTF-8.
    Lent(&'a [u8]),
    /// UTF-8.
    Owned(Buffer),
}

impl<'a> Text<'a> {
    /// No text.
    pub const EMPTY: Text<'static> = Text(Repr::Lent(b""));

    /// Validates `payload`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where it is not UTF-8.
    #[inline]
    pub fn from_utf8(payload: Payload<'a>) -> Result<Text<'a>, Invalid> {
        utf8::validate(&payload)?;
        Ok(Text::from_valid(payload))
    }

    /// Unmasks `payload`, the whole of a text, and validates it.
    ///
    /// # Errors
    ///
    /// As [`from_utf8`](Self::from_utf8).
    #[inline(always)]
    pub(crate) fn unmask(mut payload: Payload<'a>, key: Key) -> Result<Text<'a>, Invalid> {
        if payload.len() > BLOCK {
            return Text::unmask_by_blocks(payload, key);
        }
        if mask::apply_noting_ascii(&mut payload, key) {
            return Ok(Text::from_valid(payload));
        }
        Text::from_utf8(payload)
    }

    /// The same for a long text: each block is validated while the fastest cache holds it.
    #[inline(never)]
    fn unmask_by_blocks(mut payload: Payload<'a>, key: Key) -> Result<Text<'a>, Invalid> {
        let mut validator = Validator::new();
        let mut at = 0;
        for block in payload.chunks_mut(BLOCK) {
            let is_ascii = mask::apply_noting_ascii(block, key);
            if !(is_ascii && validator.is_complete()) {
                validator.push(block).map_err(|error| Invalid { at: at + error.at })?;
            }
            at += block.len();
        }
        if !validator.is_complete() {
            return Err(Invalid { at: at - 1 });
        }
        Ok(Text::from_valid(payload))
    }

    #[inline(always)]
    fn from_valid(payload: Payload<'a>) -> Text<'a> {
        Text(match payload.into_lent() {
            Ok(bytes) => Repr::Lent(bytes),
            Err(bytes) => Repr::Owned(Buffer::new(bytes)),
        })
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Lent(bytes) => validated(bytes),
            Repr::Owned(bytes) => validated(bytes),
        }
    }

    /// The text for as long as the input is borrowed, where it is lent from there; `None` where the
    /// text is owned.
    pub fn lent(&self) -> Option<&'a str> {
        match self.0 {
            Repr::Lent(bytes) => Some(validated(bytes)),
            Repr::Owned(_) => None,
        }
    }

    /// The same text without a borrow: copied where it is lent.
    pub fn into_owned(self) -> Text<'static> {
        Text(Repr::Owned(Buffer::new(self.into_bytes_mut())))
    }

    /// The text's bytes as a buffer: copied where they are lent.
    pub fn into_bytes_mut(self) -> BytesMut {
        match self.0 {
            Repr::Lent(bytes) => BytesMut::from(bytes),
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
    /// Appends a piece, unmasking it where there is a key, unless it breaks the text; `to_come` is
    /// as for [`Spill::append`].
    #[inline(always)]
    pub(super) fn append(
        &mut self,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> Result<(), Invalid> {
        let start = self.spill.len();
        let is_ascii = match key {
            Some(key) => self.spill.append_masked(piece, key, to_come),
            None => {
                self.spill.append(piece, to_come);
                piece.is_ascii()
            }
        };
        if is_ascii && self.validator.is_complete() {
            return Ok(());
        }
        // What breaks the text is not kept, and leaves the validator at what is.
        let mut validator = self.validator;
        validator.push(self.spill.since(start)).inspect_err(|_| self.spill.truncate(start))?;
        self.validator = validator;
        Ok(())
    }

    /// Whether [`append`](Self::append) has room for `len` bytes without growing.
    #[inline(always)]
    pub(super) fn has_room(&self, len: usize) -> bool {
        self.spill.has_room(len)
    }

    /// The whole text, or `None` where it ends within a code point.
    pub(crate) fn finish(self) -> Option<Text<'static>> {
        self.validator
            .is_complete()
            .then(|| Text(Repr::Owned(Buffer::new(self.spill.into_bytes()))))
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
        utf8::validate(&bytes)?;
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

/// Bytes that are unmasked, and validated while the fastest cache still holds them.
const BLOCK: usize = 8 << 10;

/// The text that `bytes` are, which stand in a private field of this file that only validated
/// bytes get into and that nothing writes to.
#[allow(unsafe_code)]
#[inline]
fn validated(bytes: &[u8]) -> &str {
    // SAFETY: the callers are methods of `Text` and `Utf8Bytes` with their own field. A `Text` is
    // made by `from_utf8`, which validates the very bytes; by `unmask`, which does so block by
    // block, as one text that ends with a whole code point, ASCII being valid wherever a code point
    // may begin; by `TextBuffer::finish`, whose buffer holds what `append` had validated in the same
    // way; by `into_owned`, which copies or keeps such bytes; or is empty. `Utf8Bytes` are made by
    // `from_utf8`, which validates them, from a `str`, a `String` or a `Text`. No method lends
    // either's bytes mutably.
    unsafe { core::str::from_utf8_unchecked(bytes) }
}
