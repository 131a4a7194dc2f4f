//! Reasons to refuse a request, and the responses to them.

use alloc::string::ToString;
use core::fmt;

use super::response::Response;
use crate::handshake::error::HeadError;
use crate::handshake::excerpt::Excerpt;

/// The reason why a request is not a valid opening handshake, RFC 6455 §4.2.1.
///
/// Answer with [`response`](Self::response), then close the connection, even after the 426 that
/// asks for an upgrade. Another attempt needs a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The head is not HTTP/1.1, exceeds a limit, or has a missing, duplicate or invalid header
    /// field.
    Head(HeadError),
    /// The client started HTTP/2 without prior agreement, RFC 9113 §3.4.
    Http2,
    /// A method other than GET, RFC 6455 §4.2.1, item 1.
    Method {
        /// The method.
        method: Excerpt,
    },
    /// HTTP/1.0, RFC 6455 §4.2.1, item 1.
    Http10,
    /// A target that is neither a path nor an `http` or `https` URI, RFC 6455 §4.2.1, item 1.
    Target {
        /// The target.
        target: Excerpt,
    },
    /// A request that announces a body. Another reader would treat as its body the bytes that this
    /// one treats as frames.
    Body {
        /// The header that announces the body.
        name: &'static str,
    },
    /// A request that does not ask for WebSocket, such as a plain GET, RFC 6455 §4.2.1, item 3.
    NotUpgrade,
    /// A version of the protocol other than 13, RFC 6455 §4.2.2, item 4.
    WebSocketVersion {
        /// The version.
        version: Excerpt,
    },
}

impl Refusal {
    /// Returns the status code of the response to this refusal.
    pub const fn status(&self) -> u16 {
        match self {
            Refusal::Head(HeadError::TooLong { .. } | HeadError::TooManyHeaders { .. }) => 431,
            Refusal::Head(HeadError::HttpVersion) | Refusal::Http2 => 505,
            Refusal::Method { .. } => 405,
            Refusal::NotUpgrade | Refusal::WebSocketVersion { .. } => 426,
            Refusal::Head(_) | Refusal::Http10 | Refusal::Target { .. } | Refusal::Body { .. } => {
                400
            }
        }
    }

    /// Returns the whole response: the status, its headers, and a line of text with the reason. If
    /// the refused request is a HEAD request, the text is left out (RFC 9110 §9.3.2).
    ///
    /// ```
    /// use sansock::Input;
    /// use sansock::handshake::server::ServerHandshake;
    ///
    /// let mut head = *b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    /// let request = ServerHandshake::default().receive(&mut Input::new(&mut head))?;
    /// let refusal = request.expect("the head is complete").upgrade().unwrap_err();
    /// assert_eq!(
    ///     String::from_utf8(refusal.response().encode())?,
    ///     "HTTP/1.1 426 Upgrade Required\r\n\
    ///      Content-Type: text/plain\r\n\
    ///      Sec-WebSocket-Version: 13\r\n\
    ///      Upgrade: websocket\r\n\
    ///      Connection: close, Upgrade\r\n\
    ///      Content-Length: 59\r\n\
    ///      \r\n\
    ///      this is a WebSocket endpoint: the request is not an upgrade"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn response(&self) -> Response {
        let mut response = Response::refusing(self.status());
        if let Refusal::Method { method } = self {
            // RFC 9110 §15.5.6
            response.push("Allow", "GET");
            // RFC 9110 §9.3.2: no content. §8.6: Content-Length could only be that of the answer to
            // a GET request. That answer may be a 101, so it is not known here.
            if method.as_bytes() == HEAD {
                return response.without_content();
            }
        }
        response.push("Content-Type", "text/plain");
        response.body(self.to_string())
    }
}

impl From<HeadError> for Refusal {
    fn from(error: HeadError) -> Self {
        Refusal::Head(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Head(error) => error.fmt(f),
            Refusal::Http2 => f.write_str("HTTP/2 connection preface on an HTTP/1.1 listener"),
            Refusal::Method { method } => write!(f, "method {method} is not GET"),
            Refusal::Http10 => f.write_str("HTTP/1.0 cannot be upgraded"),
            Refusal::Target { target } => write!(f, "target {target} is not a path or an http URI"),
            Refusal::Body { name } => write!(f, "request with a body: {name} header"),
            Refusal::NotUpgrade => {
                f.write_str("this is a WebSocket endpoint: the request is not an upgrade")
            }
            Refusal::WebSocketVersion { version } => {
                write!(f, "WebSocket version {version} is not 13")
            }
        }
    }
}

impl core::error::Error for Refusal {}

/// The method whose responses have no content, RFC 9110 §9.3.2.
pub(super) const HEAD: &[u8] = b"HEAD";
