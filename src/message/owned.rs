//! Owned messages to send.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::{Bytes, BytesMut};

use super::debug::{Escaped, fmt_content};
use super::{Payload, Text, Utf8Bytes};
use crate::opcode::Opcode;

/// An owned message to send. A large message is queued without a copy.
///
/// ```
/// use sansock::Message;
///
/// assert_eq!(Message::from("hello").as_bytes(), b"hello");
/// assert!(matches!(Message::from(vec![1, 2, 3]), Message::Binary(_)));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Message {
    /// A text message.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
}

impl Message {
    /// Returns the opcode: text or binary, RFC 6455 §5.6.
    pub fn opcode(&self) -> Opcode {
        match self {
            Message::Text(_) => Opcode::Text,
            Message::Binary(_) => Opcode::Binary,
        }
    }

    /// Returns the payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(data) => data,
        }
    }

    /// Returns the payload as a buffer, without a copy.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Message::Text(text) => text.into_bytes(),
            Message::Binary(data) => data,
        }
    }
}

/// Copies the text.
impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Message::Text(text.into())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Message::Text(text.into())
    }
}

/// Copies the data.
impl From<&[u8]> for Message {
    fn from(data: &[u8]) -> Self {
        Message::Binary(Bytes::copy_from_slice(data))
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Message::Binary(data.into())
    }
}

/// Copies the data.
impl<const N: usize> From<&[u8; N]> for Message {
    fn from(data: &[u8; N]) -> Self {
        Message::from(data.as_slice())
    }
}

impl From<BytesMut> for Message {
    fn from(data: BytesMut) -> Self {
        Message::Binary(data.freeze())
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Self {
        Message::Binary(data)
    }
}

impl From<Utf8Bytes> for Message {
    fn from(text: Utf8Bytes) -> Self {
        Message::Text(text)
    }
}

/// Copies the text if it is borrowed.
impl From<Text<'_>> for Message {
    fn from(text: Text<'_>) -> Self {
        Message::Text(text.into())
    }
}

/// Copies the data if it is borrowed.
impl From<Payload<'_>> for Message {
    fn from(data: Payload<'_>) -> Self {
        Message::Binary(data.into_bytes_mut().freeze())
    }
}

/// Shows only the length for `{:?}`, so that logs hold no user data. Shows the content for `{:#?}`.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Text(text) => fmt_content(f, "Text", text.len(), &text.as_str()),
            Message::Binary(data) => fmt_content(f, "Binary", data.len(), &Escaped(data)),
        }
    }
}
