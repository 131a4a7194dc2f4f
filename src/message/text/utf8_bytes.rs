//! A text to be sent, which any number may share.

use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use bytes::Bytes;

use super::{Text, validated};
use crate::message::debug::fmt_content;
use crate::utf8::{self, InvalidUtf8};

/// A text to be sent: UTF-8 in a shared buffer, cheap to clone.
///
/// It is its `str` by [`Deref`].
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Utf8Bytes(
    /// UTF-8.
    Bytes,
);

impl Utf8Bytes {
    /// A text that lives as long as the program, without a copy.
    pub const fn from_static(text: &'static str) -> Utf8Bytes {
        Utf8Bytes(Bytes::from_static(text.as_bytes()))
    }

    /// Validates `bytes`.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] where they are not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Result<Utf8Bytes, InvalidUtf8> {
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

/// As [`Utf8Bytes::from_utf8`].
impl TryFrom<Bytes> for Utf8Bytes {
    type Error = InvalidUtf8;

    fn try_from(bytes: Bytes) -> Result<Self, InvalidUtf8> {
        Utf8Bytes::from_utf8(bytes)
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

/// `{:?}` shows the length alone, so that logs hold nobody's data, and `{:#?}` shows the content.
impl fmt::Debug for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_content(f, "Utf8Bytes", self.len(), &self.as_str())
    }
}
