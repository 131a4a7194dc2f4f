//! Why a request is not accepted, and what is answered.

use alloc::string::ToString;
use core::fmt;

use super::response::Response;
use crate::handshake::error::HeadError;
use crate::handshake::excerpt::Excerpt;

/// Why a request is no opening handshake, RFC 6455 §4.2.1.
///
/// [`response`](Self::response) is what to answer. The connection closes after it, also after the
/// 426 that asks for an upgrade: another attempt is another connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The head is not HTTP/1.1, is over a limit, or has a header field that it must not have.
    Head(HeadError),
    /// The client speaks HTTP/2 without having been asked, RFC 9113 §3.4.
    Http2,
    /// A method other than GET, RFC 6455 §4.2.1, item 1.
    Method {
        /// The method.
        method: Excerpt,
    },
    /// HTTP/1.0, RFC 6455 §4.2.1, item 1.
    Http10,
    /// A target that is no path and no `http` or `https` URI, RFC 6455 §4.2.1, item 1.
    Target {
        /// The target.
        target: Excerpt,
    },
    /// A request that announces a body: another reader would take for its content what this one
    /// would take for frames.
    Body {
        /// The header that announces it.
        name: &'static str,
    },
    /// A request that does not ask for WebSocket: a plain GET, RFC 6455 §4.2.1, item 3.
    NotUpgrade,
    /// A version of the protocol other than 13, RFC 6455 §4.2.2, item 4.
    WebSocketVersion {
        /// The version.
        version: Excerpt,
    },
}

impl Refusal {
    /// The status code that this refusal is answered with.
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

    /// The whole answer: status, the headers that go with it, and a line of text that says why,
    /// which is left out where a HEAD request is refused (RFC 9110 §9.3.2).
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
            // RFC 9110 §9.3.2: no content. §8.6: no Content-Length but that of the answer to a GET
            // request, which may be a 101 and is not known here.
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
