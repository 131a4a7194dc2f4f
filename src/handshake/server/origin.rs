//! Which pages may open a WebSocket: RFC 6454, and RFC 6455 §10.2.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::handshake::authority::Authority;
use crate::handshake::excerpt::Excerpt;

/// The origin of a page, RFC 6454 §4: a scheme, a host and a port.
///
/// Two origins are equal if all three are. Schemes and hosts are compared without regard to ASCII
/// case, and a port that is not written is the default one of `http` or `https`. Hosts are compared as
/// they are written: browsers send names of other scripts in their ASCII form, and addresses in their
/// shortest.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// Parses the value of an `Origin` header, RFC 6454 §7.1.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] if it is not one origin: also for `null`, which a browser sends for a page
    /// whose origin it does not tell, and for a list.
    pub fn parse(value: &'a [u8]) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin { value: Excerpt::new(value) };
        let text = core::str::from_utf8(value).map_err(|_| invalid())?;
        let (scheme, authority) = text.split_once("://").ok_or_else(invalid)?;
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let authority = Authority::parse(authority).ok().filter(|_| is_scheme);
        let Authority { host, port } = authority.ok_or_else(invalid)?;
        Ok(Origin { scheme, host, port: port.or(default_port(scheme)) })
    }
}

impl PartialEq for Origin<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
    }
}

impl Eq for Origin<'_> {}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => Some(80),
        _ if scheme.eq_ignore_ascii_case("https") => Some(443),
        _ => None,
    }
}

/// A value that is not one origin, RFC 6454 §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidOrigin {
    /// The value.
    pub value: Excerpt,
}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid origin {}", self.value)
    }
}

impl core::error::Error for InvalidOrigin {}

/// Which pages may open a WebSocket, so that no other site can act in the name of its visitors, RFC
/// 6455 §10.2. Answer 403 to all others.
///
/// Browsers send cookies with every request, but also the origin of the page that makes it. A program
/// that is no browser may send any origin, or none: this is no replacement for authentication.
///
/// ```
/// use sansock::handshake::server::OriginPolicy;
///
/// let policy = OriginPolicy::same_origin("https").and("https://app.example")?;
/// let host = Some(&b"a.example"[..]); // of the request: `RequestHead::host`
/// for (origin, is_allowed) in [
///     (Some(&b"https://a.example"[..]), true),
///     (Some(b"https://app.example:443"), true),
///     (Some(b"https://a.example.evil.example"), false),
///     (Some(b"http://a.example"), false),
///     (Some(b"null"), false),
///     (None, false),
/// ] {
///     assert_eq!(policy.allows(origin, host), is_allowed);
/// }
/// # Ok::<(), sansock::handshake::server::InvalidOrigin>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct OriginPolicy {
    /// The scheme of this server's own pages.
    own_scheme: Option<String>,
    /// Valid origins.
    others: Vec<String>,
    allows_missing: bool,
}

impl OriginPolicy {
    /// Allows the pages of the host that the request names, RFC 6454 §5. `scheme` is that of the
    /// pages, `"https"` or `"http"`: behind a proxy that ends TLS, it is still `"https"`.
    pub fn same_origin(scheme: &str) -> Self {
        OriginPolicy { own_scheme: Some(scheme.into()), ..OriginPolicy::none() }
    }

    /// Allows no page.
    pub const fn none() -> Self {
        OriginPolicy { own_scheme: None, others: Vec::new(), allows_missing: false }
    }

    /// Allows the pages of one more origin, such as `"https://app.example"`.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] if it is not one.
    pub fn and(mut self, origin: &str) -> Result<Self, InvalidOrigin> {
        Origin::parse(origin.as_bytes())?;
        self.others.push(origin.into());
        Ok(self)
    }

    /// Allows requests without an origin, which come from programs that are no browsers.
    #[must_use]
    pub fn and_missing(mut self) -> Self {
        self.allows_missing = true;
        self
    }

    /// Returns `true` if a request with this origin, for this host, is allowed.
    pub fn allows(&self, origin: Option<&[u8]>, host: Option<&[u8]>) -> bool {
        let Some(origin) = origin else { return self.allows_missing };
        let Ok(origin) = Origin::parse(origin) else { return false };
        self.is_own(origin, host)
            || self.others.iter().any(|other| Origin::parse(other.as_bytes()) == Ok(origin))
    }

    fn is_own(&self, origin: Origin<'_>, host: Option<&[u8]>) -> bool {
        let (Some(scheme), Some(host)) = (self.own_scheme.as_deref(), host) else { return false };
        let host = core::str::from_utf8(host).ok().map(Authority::parse);
        let Some(Ok(Authority { host, port })) = host else { return false };
        origin == Origin { scheme, host, port: port.or(default_port(scheme)) }
    }
}
