//! Following a redirect, RFC 9110 §15.4.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, str};

use super::Request;
use super::uri::{InvalidUri, Uri};

/// Redirects.
impl Request {
    /// Returns the request to make after a response of 301, 302, 303, 307 or 308, whose `Location` is
    /// this value. Make it on a new connection, and count how often: a server may redirect for ever.
    ///
    /// The value is resolved against the URI of this request, RFC 3986 §5. `http` and `https` mean
    /// `ws` and `wss`. For another host or port, `Authorization`, `Cookie` and `Proxy-Authorization`
    /// are left out: they were meant for this one.
    ///
    /// ```
    /// use sansock::handshake::client::{InvalidRedirect, Request};
    ///
    /// let request = Request::new("wss://a.example/chat?room=1")?.header("Cookie", "id=7")?;
    /// let next = request.redirect(b"https://b.example/chat")?;
    /// assert_eq!((next.host(), next.target(), next.is_secure()), ("b.example", "/chat", true));
    /// let (head, _) = next.start(*b"the sample nonce");
    /// assert!(!String::from_utf8(head)?.contains("Cookie"));
    ///
    /// let downgrade = request.redirect(b"http://a.example/chat");
    /// assert_eq!(downgrade.unwrap_err(), InvalidRedirect::Downgrade);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidRedirect`] if the value leads nowhere, or from TLS to a connection without it.
    pub fn redirect(&self, location: &[u8]) -> Result<Request, InvalidRedirect> {
        let location = str::from_utf8(location).map_err(|_| InvalidRedirect::NotAscii)?;
        // RFC 9110 §10.2.2: a fragment is for whoever shows the page.
        let location = location.split('#').next().unwrap_or_default();
        let uri = Uri::parse(&self.resolve(location)).map_err(InvalidRedirect::Uri)?;
        if self.uri.secure && !uri.secure {
            return Err(InvalidRedirect::Downgrade);
        }
        let mut next = self.clone();
        if !uri.host.eq_ignore_ascii_case(&self.uri.host) || uri.port != self.uri.port {
            next.lines = self.lines.without(&CREDENTIALS);
        }
        next.uri = uri;
        Ok(next)
    }

    /// Resolves a reference, RFC 3986 §5.2.2.
    fn resolve(&self, reference: &str) -> String {
        let scheme = if self.uri.secure { "wss" } else { "ws" };
        let base = format!("{scheme}://{}", self.uri.authority);
        let (path, _) = self.uri.resource_name.split_once('?').unwrap_or((self.target(), ""));
        // RFC 3986 §4.2: a colon in the first segment ends a scheme.
        let (first, _) = reference.split_once(['/', '?']).unwrap_or((reference, ""));
        if let Some((scheme, _)) = first.split_once(':') {
            let rest = reference.get(scheme.len()..).unwrap_or_default();
            let scheme = match scheme {
                _ if scheme.eq_ignore_ascii_case("https") => "wss",
                _ if scheme.eq_ignore_ascii_case("http") => "ws",
                _ => scheme,
            };
            return format!("{scheme}{rest}");
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return format!("{scheme}://{rest}");
        }
        if reference.is_empty() {
            return format!("{base}{}", self.uri.resource_name);
        }
        if reference.starts_with('?') {
            return format!("{base}{path}{reference}");
        }
        let (reference, query) = match reference.find('?') {
            Some(at) => reference.split_at(at),
            None => (reference, ""),
        };
        let merged = match reference.strip_prefix('/') {
            Some(_) => String::from(reference),
            None => {
                let directory = path.rfind('/').and_then(|end| path.get(..=end)).unwrap_or("/");
                format!("{directory}{reference}")
            }
        };
        format!("{base}{}{query}", without_dots(&merged))
    }
}

/// Removes the segments `.` and `..` from a path, RFC 3986 §5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// The reason why a redirect cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidRedirect {
    /// The value of `Location` is not ASCII.
    NotAscii,
    /// It is no URI that a WebSocket can have.
    Uri(InvalidUri),
    /// It leads from TLS to a connection without it.
    Downgrade,
}

impl fmt::Display for InvalidRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidRedirect::NotAscii => f.write_str("redirect to a location that is not ASCII"),
            InvalidRedirect::Uri(error) => write!(f, "redirect to an invalid URI: {error}"),
            InvalidRedirect::Downgrade => f.write_str("redirect from TLS to a connection without"),
        }
    }
}

impl core::error::Error for InvalidRedirect {}

/// Headers that are meant for one host.
const CREDENTIALS: [&str; 3] = ["Authorization", "Cookie", "Proxy-Authorization"];
