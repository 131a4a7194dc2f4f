//! The server's response.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::handshake::error::HeadError;
use crate::handshake::headers::{Field, Headers};

/// The head of an HTTP/1.1 response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    status: u16,
    reason: String,
    /// 0 or 1
    minor_version: u8,
    headers: Headers,
}

impl ResponseHead {
    /// Returns the status code, three digits.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the reason phrase. It is meant for people and is often empty. It is also empty if it
    /// is not ASCII.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns the minor version of HTTP/1: 0 or 1.
    pub fn minor_version(&self) -> u8 {
        self.minor_version
    }

    /// Returns the header fields, such as cookies, `Location` or `WWW-Authenticate`.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Creates a response from what an HTTP library has parsed, for
    /// [`ClientHandshake::receive_head`](super::ClientHandshake::receive_head).
    ///
    /// `minor_version` is that of HTTP/1.
    ///
    /// # Errors
    ///
    /// [`HeadError::StartLine`] if the status is not three digits, [`HeadError::HttpVersion`] if the
    /// minor version is neither 0 nor 1, and [`HeadError::HeaderLine`] if a name is not a token, or a
    /// value has a byte that no value has.
    pub fn from_parts<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        status: u16,
        minor_version: u8,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Result<ResponseHead, HeadError> {
        if !(100..=999).contains(&status) {
            return Err(HeadError::StartLine);
        }
        if minor_version > 1 {
            return Err(HeadError::HttpVersion);
        }
        let headers = Headers::copied(headers)?;
        Ok(ResponseHead { status, reason: String::new(), minor_version, headers })
    }

    /// Parses a head that has `headers` header fields.
    pub(super) fn parse(head: Vec<u8>, headers: usize) -> Result<ResponseHead, HeadError> {
        let mut array = vec![httparse::EMPTY_HEADER; headers];
        let mut parsed = httparse::Response::new(&mut array);
        parsed.parse(&head).map_err(HeadError::from_httparse)?;
        let (Some(status), Some(minor_version)) = (parsed.code, parsed.version) else {
            return Err(HeadError::StartLine);
        };
        let reason = parsed.reason.unwrap_or_default().into();
        let fields = Field::locate(&head, parsed.headers);
        Ok(ResponseHead { status, reason, minor_version, headers: Headers::new(head, fields) })
    }
}
