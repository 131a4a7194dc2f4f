//! Errors in heads, split by blame: [`HeadError`] is the peer's fault, [`BuildError`] the caller's.

use core::fmt;

use super::excerpt::Excerpt;

/// A peer's head that breaks HTTP/1.1, exceeds a limit, or has a header field that breaks RFC 6455.
///
/// Offsets count from the first byte that was received. They are the same however the stream was
/// cut into reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadError {
    /// A byte at the beginning that no HTTP/1.1 message has there. Possible causes are TLS, an
    /// empty line, or another protocol's greeting.
    NotHttp {
        /// The byte.
        byte: u8,
        /// Its offset.
        offset: usize,
    },
    /// A carriage return or a line feed that is not part of CRLF, RFC 9112 §2.2.
    BareLineEnd {
        /// The offset of the byte that proves it.
        offset: usize,
    },
    /// A header field folded over two lines, RFC 9112 §5.2.
    FoldedLine {
        /// The offset at which the line begins.
        offset: usize,
    },
    /// A control character, RFC 9110 §5.5.
    ControlByte {
        /// The byte.
        byte: u8,
        /// Its offset.
        offset: usize,
    },
    /// A head that is longer than the limit, [`HeadLimits::head`](super::HeadLimits::head).
    TooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// More header fields than the limit, [`HeadLimits::headers`](super::HeadLimits::headers).
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// A request line or status line that breaks the grammar, RFC 9112 §3 and §4.
    StartLine,
    /// An HTTP version other than 1.0 and 1.1, RFC 9112 §2.3.
    HttpVersion,
    /// A header line that breaks the grammar, RFC 9112 §5: no colon, a space before it, no name.
    HeaderLine,
    /// A required header field is missing.
    MissingHeader {
        /// The name of the field.
        name: &'static str,
    },
    /// A header field that may appear only once appears again.
    DuplicateHeader {
        /// The name of the field.
        name: &'static str,
    },
    /// A header field has a value that is not allowed.
    InvalidHeader {
        /// The name of the field.
        name: &'static str,
        /// The value of the first field with this name.
        value: Excerpt,
    },
    /// The handshake was already over: its head was complete, or it had failed. No bytes were
    /// taken.
    Over,
}

impl HeadError {
    /// Converts the error that `httparse` found in a head whose lines all end in CRLF.
    pub(super) const fn from_httparse(error: httparse::Error) -> Self {
        match error {
            httparse::Error::Version => HeadError::HttpVersion,
            httparse::Error::HeaderName
            | httparse::Error::HeaderValue
            | httparse::Error::TooManyHeaders => HeadError::HeaderLine,
            httparse::Error::NewLine | httparse::Error::Status | httparse::Error::Token => {
                HeadError::StartLine
            }
        }
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadError::NotHttp { byte, offset } => {
                write!(f, "not an HTTP/1.1 message: unexpected byte {byte:#04x} at offset {offset}")
            }
            HeadError::BareLineEnd { offset } => {
                write!(f, "line end without CRLF at offset {offset}")
            }
            HeadError::FoldedLine { offset } => write!(f, "folded header line at offset {offset}"),
            HeadError::ControlByte { byte, offset } => {
                write!(f, "invalid control character {byte:#04x} at offset {offset}")
            }
            HeadError::TooLong { limit } => write!(f, "head exceeds the limit of {limit} bytes"),
            HeadError::TooManyHeaders { limit } => write!(f, "more than {limit} header fields"),
            HeadError::StartLine => f.write_str("malformed start line"),
            HeadError::HttpVersion => f.write_str("HTTP version is not 1.0 or 1.1"),
            HeadError::HeaderLine => f.write_str("malformed header line"),
            HeadError::MissingHeader { name } => write!(f, "missing {name} header"),
            HeadError::DuplicateHeader { name } => write!(f, "duplicate {name} header"),
            HeadError::InvalidHeader { name, value } => write!(f, "invalid {name} header {value}"),
            HeadError::Over => f.write_str("handshake is already over"),
        }
    }
}

impl core::error::Error for HeadError {}

/// A head that the caller asked for, but that HTTP or RFC 6455 forbids. No part of it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildError {
    /// A header name that is not a token, RFC 9110 §5.1.
    HeaderName {
        /// The name.
        name: Excerpt,
    },
    /// A header value with a byte that is not allowed there, such as CR, LF or NUL, RFC 9110 §5.5.
    /// The value is not shown, because it may be a secret.
    HeaderValue {
        /// The byte.
        byte: u8,
        /// Its offset in the value.
        offset: usize,
    },
    /// A header that the handshake writes itself, or that would change where the message ends.
    ReservedHeader {
        /// The name.
        name: Excerpt,
    },
    /// A subprotocol that is not a token, RFC 6455 §4.1, item 10.
    SubprotocolName {
        /// The subprotocol.
        subprotocol: Excerpt,
    },
    /// A subprotocol that is offered twice, RFC 6455 §4.1, item 10.
    DuplicateSubprotocol {
        /// The subprotocol.
        subprotocol: Excerpt,
    },
    /// A subprotocol that the client did not offer, RFC 6455 §4.2.2, item 4.
    UnofferedSubprotocol {
        /// The subprotocol.
        subprotocol: Excerpt,
    },
    /// A list of extensions that breaks the grammar of RFC 6455 §9.1.
    Extensions {
        /// The list.
        extensions: Excerpt,
    },
    /// An extension that the client did not offer, RFC 6455 §4.2.2, item 4.
    UnofferedExtension {
        /// The name of the extension.
        extension: Excerpt,
    },
    /// A status code outside 200 to 599, which no final response has, RFC 9110 §15.
    Status {
        /// The status code.
        status: u16,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::HeaderName { name } => write!(f, "header name {name} is not a token"),
            BuildError::HeaderValue { byte, offset } => {
                write!(f, "invalid byte {byte:#04x} at offset {offset} of a header value")
            }
            BuildError::ReservedHeader { name } => {
                write!(f, "header {name} is reserved for the handshake")
            }
            BuildError::SubprotocolName { subprotocol } => {
                write!(f, "subprotocol {subprotocol} is not a token")
            }
            BuildError::DuplicateSubprotocol { subprotocol } => {
                write!(f, "subprotocol {subprotocol} is offered twice")
            }
            BuildError::UnofferedSubprotocol { subprotocol } => {
                write!(f, "subprotocol {subprotocol} was not offered")
            }
            BuildError::Extensions { extensions } => {
                write!(f, "invalid list of extensions {extensions}")
            }
            BuildError::UnofferedExtension { extension } => {
                write!(f, "extension {extension} was not offered")
            }
            BuildError::Status { status } => write!(f, "invalid status code {status}"),
        }
    }
}

impl core::error::Error for BuildError {}
