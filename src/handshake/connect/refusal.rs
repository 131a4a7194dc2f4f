//! Reasons to refuse a request over HTTP/2 or HTTP/3.

use alloc::string::{String, ToString};
use core::fmt;

use crate::handshake::error::HeadError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::fields::HeaderFields;
use crate::handshake::lines::Lines;

/// The reason why a request is no opening handshake by Extended CONNECT, RFC 8441 and RFC 9220.
///
/// Answer with [`status`](Self::status), [`fields`](Self::fields) and [`content`](Self::content), and
/// end the stream. The connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectRefusal {
    /// A header field is missing, duplicate, invalid, or not allowed in this version of HTTP.
    Head(HeadError),
    /// A method other than CONNECT, such as that of a page, which you may prefer to answer.
    Method {
        /// The method.
        method: Excerpt,
    },
    /// A CONNECT without `:protocol`: a client that takes the server for a proxy.
    NoProtocol,
    /// A protocol other than WebSocket, RFC 9220 §3.
    Protocol {
        /// The value of `:protocol`.
        protocol: Excerpt,
    },
    /// A pseudo-header field that is missing or invalid, RFC 8441 §4 and §5.
    PseudoField {
        /// The name of the field.
        name: &'static str,
    },
    /// A header field that has no place in this request: it belongs to a connection of HTTP/1.1, RFC
    /// 9113 §8.2.2, or announces a length.
    ForbiddenField {
        /// The name of the field.
        name: &'static str,
    },
    /// A version of the protocol other than 13, RFC 6455 §4.2.2, item 4.
    WebSocketVersion {
        /// The version.
        version: Excerpt,
    },
}

impl ConnectRefusal {
    /// Returns the status code of the response to this refusal.
    pub const fn status(&self) -> u16 {
        match self {
            ConnectRefusal::Method { .. } | ConnectRefusal::NoProtocol => 405,
            ConnectRefusal::Protocol { .. } => 501,
            ConnectRefusal::Head(_)
            | ConnectRefusal::PseudoField { .. }
            | ConnectRefusal::ForbiddenField { .. }
            | ConnectRefusal::WebSocketVersion { .. } => 400,
        }
    }

    /// Returns the header fields of the response.
    pub fn fields(&self) -> HeaderFields {
        let mut lines = Lines::default();
        match self {
            // RFC 9110 §15.5.6
            ConnectRefusal::Method { .. } | ConnectRefusal::NoProtocol => {
                lines.push("allow", "CONNECT");
            }
            // RFC 6455 §4.4. A 426 would have to name an upgrade, which this version of HTTP has not.
            ConnectRefusal::WebSocketVersion { .. } => lines.push("sec-websocket-version", "13"),
            _ => {}
        }
        lines.push("content-type", "text/plain");
        HeaderFields::new(lines)
    }

    /// Returns the content of the response: a line of text with the reason. RFC 9110 §9.3.2: there is
    /// none for a HEAD request.
    pub fn content(&self) -> String {
        match self {
            ConnectRefusal::Method { method } if method.as_bytes() == b"HEAD" => String::new(),
            _ => self.to_string(),
        }
    }
}

impl From<HeadError> for ConnectRefusal {
    fn from(error: HeadError) -> Self {
        ConnectRefusal::Head(error)
    }
}

impl fmt::Display for ConnectRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectRefusal::Head(error) => error.fmt(f),
            ConnectRefusal::Method { method } => write!(f, "method {method} is not CONNECT"),
            ConnectRefusal::NoProtocol => f.write_str("CONNECT without :protocol"),
            ConnectRefusal::Protocol { protocol } => {
                write!(f, "protocol {protocol} is not websocket")
            }
            ConnectRefusal::PseudoField { name } => write!(f, "missing or invalid {name}"),
            ConnectRefusal::ForbiddenField { name } => {
                write!(f, "{name} header is not allowed in an Extended CONNECT")
            }
            ConnectRefusal::WebSocketVersion { version } => {
                write!(f, "WebSocket version {version} is not 13")
            }
        }
    }
}

impl core::error::Error for ConnectRefusal {}
