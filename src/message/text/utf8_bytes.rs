//! A text to send, in a buffer that can be shared.

use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use bytes::Bytes;

use super::{Text, validated};
use crate::message::debug::fmt_content;
use crate::utf8::{self, InvalidUtf8};

/// A text to send: UTF-8 in a shared buffer. Cheap to clone.
///
/// It dereferences to its `str`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Utf8Bytes(
    /// UTF-8.
    Bytes,
);

impl Utf8Bytes {
    /// Makes a text of a static string, without a copy.
    pub const fn from_static(text: &'static str) -> Utf8Bytes {
        Utf8Bytes(Bytes::from_static(text.as_bytes()))
    }

    /// Validates `bytes` and makes a text of them, without a copy.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if they are not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Result<Utf8Bytes, InvalidUtf8> {
        utf8::validate(&bytes)?;
        Ok(Utf8Bytes(bytes))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        validated(&self.0)
    }

    /// Returns the bytes of the text, which are UTF-8.
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

/// Validates the bytes, as [`Utf8Bytes::from_utf8`] does.
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

/// Copies the text if it is borrowed.
impl From<Text<'_>> for Utf8Bytes {
    fn from(text: Text<'_>) -> Self {
        Utf8Bytes(text.into_bytes_mut().freeze())
    }
}

/// Shows only the length for `{:?}`, so that logs hold no user data. Shows the content for `{:#?}`.
impl fmt::Debug for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_content(f, "Utf8Bytes", self.len(), &self.as_str())
    }
}
