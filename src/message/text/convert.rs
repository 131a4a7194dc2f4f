//! Conversions of strings into text, and comparisons with strings.

use alloc::string::String;

use bytes::BytesMut;

use super::{Repr, Text, Utf8Bytes};
use crate::message::owned_bytes::OwnedBytes;

/// Copies the text. Use it to make events in tests.
impl From<&str> for Text<'static> {
    fn from(text: &str) -> Self {
        Text(Repr::Owned(OwnedBytes::new(BytesMut::from(text.as_bytes()))))
    }
}

/// Copies the text.
impl From<String> for Text<'static> {
    fn from(text: String) -> Self {
        Text::from(&*text)
    }
}

impl PartialEq<String> for Text<'_> {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<str> for Utf8Bytes {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Utf8Bytes {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for Utf8Bytes {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}
