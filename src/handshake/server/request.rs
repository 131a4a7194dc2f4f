//! A parsed request, and the checks that it is an opening handshake.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::refusal::Refusal;
use super::upgrade::{Http1, Upgrade};
use crate::handshake::authority::Authority;
use crate::handshake::error::HeadError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::grammar::is_token;
use crate::handshake::headers::{Field, Headers};
use crate::handshake::{key, offers};

/// The head of an HTTP/1.1 request, which may or may not be an opening handshake.
///
/// [`upgrade`](Self::upgrade) checks whether it is. `Debug` shows only the method and the names of
/// the headers, because targets and values may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestHead {
    method: String,
    target: String,
    /// 0 or 1
    minor_version: u8,
    headers: Headers,
}

impl RequestHead {
    /// Returns the method, for example `"GET"`. Send a [`Response`](super::Response) to `"HEAD"`
    /// [`without_content`](super::Response::without_content).
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the target as sent, RFC 9112 §3.2. It is a path and query, which RFC 6455 §3 calls
    /// the resource name, or a whole URI if the client treats the server as a proxy.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the path of the target, `/` if it has none. Percent-encoding is left as it is.
    ///
    /// ```
    /// use sansock::Input;
    /// use sansock::handshake::server::ServerHandshake;
    ///
    /// let mut head = *b"GET http://a/chat?room=1 HTTP/1.1\r\nHost: a\r\n\r\n";
    /// let request = ServerHandshake::default().receive(&mut Input::new(&mut head))?.unwrap();
    /// assert_eq!((request.path(), request.query()), ("/chat", Some("room=1")));
    /// # Ok::<(), sansock::handshake::server::Refusal>(())
    /// ```
    pub fn path(&self) -> &str {
        let path = self.resource().split('?').next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    /// Returns the query of the target, the part after its `?`, or `None` if it has no query.
    pub fn query(&self) -> Option<&str> {
        self.resource().split_once('?').map(|(_, query)| query)
    }

    /// Returns the path and query of the target.
    fn resource(&self) -> &str {
        match authority(&self.target) {
            // After the scheme and the authority of a whole URI.
            Some(authority) => {
                let (_, rest) = self.target.split_once("://").unwrap_or_default();
                rest.get(authority.len()..).unwrap_or_default()
            }
            None => &self.target,
        }
    }

    /// Returns the minor version of HTTP/1: 0 or 1.
    pub fn minor_version(&self) -> u8 {
        self.minor_version
    }

    /// Returns the header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the host that the client wants to talk to, with the port if it was sent.
    ///
    /// Returns `None` if the request names no host. After a successful [`upgrade`](Self::upgrade),
    /// it always names one.
    pub fn host(&self) -> Option<&[u8]> {
        // RFC 9112 §3.2.2: a server must ignore Host if the target is a whole URI.
        match authority(&self.target) {
            Some(authority) => Some(authority.as_bytes()),
            None => self.headers.first("Host"),
        }
    }

    /// Returns the origin of the page that made the request, RFC 6455 §10.2. Every browser sends
    /// one.
    ///
    /// If your server is meant only for your own pages, compare the origin by an
    /// [`OriginPolicy`](super::OriginPolicy), and answer all others with 403.
    pub fn origin(&self) -> Option<&[u8]> {
        self.headers.first("Origin")
    }

    /// Checks that the request is an opening handshake, and returns an [`Upgrade`] to accept.
    ///
    /// # Errors
    ///
    /// [`Refusal`] with the reason. [`Refusal::NotUpgrade`] is an ordinary GET request, which you
    /// may prefer to answer with a page.
    pub fn upgrade(&self) -> Result<Upgrade<'_>, Refusal> {
        self.check_request_line()?;
        self.check_http_headers()?;
        // RFC 6455 §4.2.1, items 3 and 4
        if self.headers.require_token("Upgrade", "websocket").is_err() {
            return Err(Refusal::NotUpgrade);
        }
        self.headers.require_token("Connection", "Upgrade")?;
        if let Some(version) = offers::other_version(&self.headers)? {
            return Err(Refusal::WebSocketVersion { version });
        }
        // RFC 6455 §4.2.1, item 5, and §11.3.1: only once.
        let key = self.headers.only("Sec-WebSocket-Key")?;
        if !key::is_valid(key) {
            return Err(self.headers.invalid("Sec-WebSocket-Key").into());
        }
        offers::check(&self.headers)?;
        Ok(Upgrade::new(&self.headers, Http1 { key }))
    }

    /// Creates a request from what an HTTP library has parsed, to be checked by
    /// [`upgrade`](Self::upgrade).
    ///
    /// `minor_version` is that of HTTP/1. A request of HTTP/2 or HTTP/3 opens a WebSocket in another
    /// way, RFC 8441.
    ///
    /// ```
    /// use sansock::handshake::server::RequestHead;
    ///
    /// let request = RequestHead::from_parts("GET", "/chat", 1, [
    ///     ("host", "a.example"),
    ///     ("upgrade", "websocket"),
    ///     ("connection", "keep-alive, Upgrade"),
    ///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ///     ("sec-websocket-version", "13"),
    /// ])?;
    /// let (fields, _negotiated) = request.upgrade()?.accept_fields();
    /// // Send a response of 101 with these fields, and then frames.
    /// let accept = fields.iter().find(|(name, _)| *name == "Sec-WebSocket-Accept");
    /// assert_eq!(accept.unwrap().1, b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    /// # Ok::<(), sansock::handshake::server::Refusal>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`HeadError::StartLine`] if the method is not a token, or the target is empty or has a byte
    /// that no target has. [`HeadError::HttpVersion`] if the minor version is neither 0 nor 1.
    /// [`HeadError::HeaderLine`] if a name is not a token, or a value has a byte that no value has.
    pub fn from_parts<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        method: &str,
        target: &str,
        minor_version: u8,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Result<RequestHead, HeadError> {
        // RFC 9112 §3.2 and RFC 3986 §2: a target is visible ASCII.
        let is_target = !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_token(method.as_bytes()) || !is_target {
            return Err(HeadError::StartLine);
        }
        if minor_version > 1 {
            return Err(HeadError::HttpVersion);
        }
        let (method, target) = (method.into(), target.into());
        let headers = Headers::copied(headers)?;
        Ok(RequestHead { method, target, minor_version, headers })
    }

    /// Parses a head that has `headers` header fields.
    pub(super) fn parse(head: Vec<u8>, headers: usize) -> Result<RequestHead, HeadError> {
        let mut array = vec![httparse::EMPTY_HEADER; headers];
        let mut parsed = httparse::Request::new(&mut array);
        parsed.parse(&head).map_err(HeadError::from_httparse)?;
        let (Some(method), Some(target), Some(minor_version)) =
            (parsed.method, parsed.path, parsed.version)
        else {
            return Err(HeadError::StartLine);
        };
        // RFC 9112 §3.2 and RFC 3986 §2: a target is ASCII.
        if !target.is_ascii() {
            return Err(HeadError::StartLine);
        }
        let (method, target) = (method.into(), target.into());
        let fields = Field::locate(&head, parsed.headers);
        Ok(RequestHead { method, target, minor_version, headers: Headers::new(head, fields) })
    }

    fn check_request_line(&self) -> Result<(), Refusal> {
        // RFC 6455 §4.2.1, item 1: an HTTP/1.1 or higher GET request, for a resource name or an
        // absolute HTTP or HTTPS URI.
        if self.method != "GET" {
            return Err(Refusal::Method { method: Excerpt::new(self.method.as_bytes()) });
        }
        if self.minor_version == 0 {
            return Err(Refusal::Http10);
        }
        let resource = match authority(&self.target) {
            // RFC 9112 §3.2.2 and RFC 9110 §4.2: with a host, and without user information.
            Some(authority) => Authority::parse(authority).is_ok(),
            // The application judges its content: browsers send `|` and `^` as they are.
            None => self.target.starts_with('/'),
        };
        // RFC 6455 §3: no fragment.
        if !resource || self.target.contains('#') {
            return Err(Refusal::Target { target: Excerpt::new(self.target.as_bytes()) });
        }
        Ok(())
    }

    fn check_http_headers(&self) -> Result<(), Refusal> {
        // RFC 6455 §4.2.1, item 2, and RFC 9112 §3.2: 400 if it is missing, duplicate or invalid.
        if !Authority::is_valid(self.headers.only("Host")?) {
            return Err(self.headers.invalid("Host").into());
        }
        // RFC 6454 §7.3: at most once. The caller judges the value, which `origin` returns.
        self.headers.at_most_one("Origin")?;
        // RFC 9112 §6.3: these fields announce a body.
        if self.headers.first("Transfer-Encoding").is_some() {
            return Err(Refusal::Body { name: "Transfer-Encoding" });
        }
        if self.headers.all("Content-Length").any(|length| length != b"0") {
            return Err(Refusal::Body { name: "Content-Length" });
        }
        Ok(())
    }
}

impl fmt::Debug for RequestHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &self.method)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// Returns the authority of a target that is a whole `http` or `https` URI, RFC 9110 §4.2. Returns
/// `None` for every other target.
fn authority(target: &str) -> Option<&str> {
    // Nearly every target is a path: no scheme begins with a slash, RFC 3986 §3.1.
    if target.starts_with('/') {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    rest.split(['/', '?', '#']).next()
}
