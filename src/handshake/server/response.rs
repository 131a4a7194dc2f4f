//! A response other than the 101.

use alloc::format;
use alloc::vec::Vec;

use crate::handshake::error::BuildError;
use crate::handshake::fields::HeaderFields;
use crate::handshake::lines::Lines;

/// An HTTP response other than the 101. Close the connection after sending it.
///
/// ```
/// use sansock::handshake::server::Response;
///
/// let response = Response::new(401)?.header("WWW-Authenticate", "Basic")?.body("log in first");
/// assert_eq!(
///     response.encode(),
///     b"HTTP/1.1 401 Unauthorized\r\n\
///       WWW-Authenticate: Basic\r\n\
///       Connection: close\r\n\
///       Content-Length: 12\r\n\
///       \r\n\
///       log in first"
/// );
/// assert!(Response::new(200)?.header("Set-Cookie", "a\r\nSet-Cookie: b").is_err());
/// # Ok::<(), sansock::handshake::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    lines: Lines,
    body: Vec<u8>,
    /// Whether `body` itself is sent. If not, only its length is.
    has_content: bool,
}

impl Response {
    /// Creates a response with a status code of 200 to 599 and no body.
    ///
    /// # Errors
    ///
    /// [`BuildError::Status`] for any other code. The 101 comes from
    /// [`Upgrade::accept`](super::Upgrade::accept).
    pub fn new(status: u16) -> Result<Self, BuildError> {
        if !(200..=599).contains(&status) {
            return Err(BuildError::Status { status });
        }
        Ok(Response::refusing(status))
    }

    /// Adds a header.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the name is not a token, if the value contains a control character other
    /// than tab, or if the header is reserved for the handshake: `Connection`, `Content-Length`,
    /// `Transfer-Encoding`, `Upgrade`, `Host` and every name that begins with `Sec-WebSocket-`.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        self.lines.add(name, value.as_ref())?;
        Ok(self)
    }

    /// Sets the body. Name its type in a `Content-Type` header.
    ///
    /// The body is not sent if the status is 204 or 304, or after
    /// [`without_content`](Self::without_content).
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Leaves the content out, because a response to a HEAD request has none, RFC 9110 §9.3.2.
    ///
    /// Call it if the request's [`method`](super::RequestHead::method) is `HEAD`. Set the same
    /// headers and [`body`](Self::body) as in the answer to a GET request: `Content-Length` is the
    /// length of that body. If you set no body, `Content-Length` is left out, because the length
    /// may be unknown.
    ///
    /// ```
    /// use sansock::handshake::server::Response;
    ///
    /// let page = Response::new(200)?.header("Content-Type", "text/html")?.body("<p>Hello");
    /// assert_eq!(
    ///     page.without_content().encode(),
    ///     b"HTTP/1.1 200 OK\r\n\
    ///       Content-Type: text/html\r\n\
    ///       Connection: close\r\n\
    ///       Content-Length: 8\r\n\
    ///       \r\n"
    /// );
    /// # Ok::<(), sansock::handshake::BuildError>(())
    /// ```
    #[must_use]
    pub fn without_content(mut self) -> Self {
        self.has_content = false;
        self
    }

    /// Returns the status code.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the header fields for an HTTP library that sends the response, without
    /// `Content-Length`, which such a library adds. A 426 includes the headers that name the protocol
    /// to upgrade to.
    pub fn fields(&self) -> HeaderFields {
        let mut fields = Lines::default();
        self.push_fields(&mut fields);
        HeaderFields::new(fields)
    }

    /// Returns the content for an HTTP library that sends the response: the body, unless the response
    /// is [without content](Self::without_content) or has a status that has none.
    pub fn content(&self) -> &[u8] {
        if self.states_length() && self.has_content { &self.body } else { &[] }
    }

    /// Returns the bytes of the whole response. A 426 includes the headers that name the protocol
    /// to upgrade to.
    pub fn encode(&self) -> Vec<u8> {
        let mut head = Lines::starting(&format!("HTTP/1.1 {} {}", self.status, self.reason()));
        self.push_fields(&mut head);
        if self.states_length() {
            head.push("Content-Length", format!("{}", self.body.len()));
        }
        let mut bytes = head.end();
        bytes.extend_from_slice(self.content());
        bytes
    }

    fn push_fields(&self, head: &mut Lines) {
        head.append(&self.lines);
        if self.status == UPGRADE_REQUIRED {
            // RFC 6455 §4.2.2, item 4: the version that the server understands.
            head.push("Sec-WebSocket-Version", "13");
            // RFC 9110 §15.5.22 and §7.8: a 426 has Upgrade, and Connection names it.
            head.push("Upgrade", "websocket");
            head.push("Connection", "close, Upgrade");
        } else {
            head.push("Connection", "close");
        }
    }

    /// Returns `true` if the response has a Content-Length, RFC 9110 §8.6. A 204 has none, and a
    /// 304 has none for this body. In an answer to HEAD it is that of the answer to GET, whose body
    /// may not exist.
    fn states_length(&self) -> bool {
        !matches!(self.status, 204 | 304) && (self.has_content || !self.body.is_empty())
    }

    pub(crate) fn refusing(status: u16) -> Self {
        Response { status, lines: Lines::default(), body: Vec::new(), has_content: true }
    }

    /// Adds a header that the handshake writes itself.
    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.lines.push(name, value);
    }

    /// Returns the reason phrase, RFC 9110 §15. It is meant for people. It is empty for rare codes.
    const fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            204 => "No Content",
            301 => "Moved Permanently",
            302 => "Found",
            303 => "See Other",
            304 => "Not Modified",
            307 => "Temporary Redirect",
            308 => "Permanent Redirect",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            UPGRADE_REQUIRED => "Upgrade Required",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            505 => "HTTP Version Not Supported",
            _ => "",
        }
    }
}

const UPGRADE_REQUIRED: u16 = 426;
