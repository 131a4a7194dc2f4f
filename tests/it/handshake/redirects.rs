//! Following a redirect, RFC 9110 §15.4 and RFC 3986 §5.

use sansock::handshake::client::{InvalidRedirect, InvalidUri, Request};

/// RFC 3986 §5.4, with another scheme.
const BASE: &str = "wss://a/b/c/d;p?q";

fn next(location: &str) -> Result<String, InvalidRedirect> {
    let request = Request::new(BASE).unwrap().redirect(location.as_bytes())?;
    let scheme = if request.is_secure() { "wss" } else { "ws" };
    Ok(format!("{scheme}://{}:{}{}", request.host(), request.port(), request.target()))
}

#[test]
fn locations_are_resolved_as_the_rfc_does() {
    for (location, expected) in [
        // RFC 3986 §5.4.1
        ("g", "/b/c/g"),
        ("./g", "/b/c/g"),
        ("g/", "/b/c/g/"),
        ("/g", "/g"),
        ("?y", "/b/c/d;p?y"),
        ("g?y", "/b/c/g?y"),
        ("#s", "/b/c/d;p?q"),
        ("g#s", "/b/c/g"),
        ("g?y#s", "/b/c/g?y"),
        (";x", "/b/c/;x"),
        ("g;x", "/b/c/g;x"),
        ("", "/b/c/d;p?q"),
        (".", "/b/c/"),
        ("./", "/b/c/"),
        ("..", "/b/"),
        ("../", "/b/"),
        ("../g", "/b/g"),
        ("../..", "/"),
        ("../../", "/"),
        ("../../g", "/g"),
        // §5.4.2
        ("../../../g", "/g"),
        ("../../../../g", "/g"),
        ("/./g", "/g"),
        ("/../g", "/g"),
        ("g.", "/b/c/g."),
        (".g", "/b/c/.g"),
        ("g..", "/b/c/g.."),
        ("..g", "/b/c/..g"),
        ("./../g", "/b/g"),
        ("./g/.", "/b/c/g/"),
        ("g/./h", "/b/c/g/h"),
        ("g/../h", "/b/c/h"),
        ("g;x=1/./y", "/b/c/g;x=1/y"),
        ("g;x=1/../y", "/b/c/y"),
        ("g?y/./x", "/b/c/g?y/./x"),
        ("g?y/../x", "/b/c/g?y/../x"),
    ] {
        assert_eq!(next(location), Ok(format!("wss://a:443{expected}")), "{location}");
    }
    for (location, expected) in [
        ("//g", "wss://g:443/"),
        ("//g:81/h?i", "wss://g:81/h?i"),
        ("https://g", "wss://g:443/"),
        ("HTTPS://g/h#i", "wss://g:443/h"),
        ("wss://g:444/h", "wss://g:444/h"),
    ] {
        assert_eq!(next(location), Ok(expected.to_owned()), "{location}");
    }
}

#[test]
fn a_redirect_never_leaves_tls() {
    for location in ["http://a/", "ws://a/", "HTTP://a:443/", "http://g"] {
        assert_eq!(next(location), Err(InvalidRedirect::Downgrade), "{location}");
    }
    let plain = Request::new("ws://a/").unwrap();
    assert!(plain.redirect(b"https://a/").unwrap().is_secure(), "an upgrade is no downgrade");
    assert!(!plain.redirect(b"http://b/").unwrap().is_secure());
}

#[test]
fn what_leads_nowhere_is_an_error() {
    for (location, uri) in [
        ("mailto:a@b", InvalidUri::Scheme),
        ("javascript:alert(1)//", InvalidUri::Scheme),
        ("ftp://g/", InvalidUri::Scheme),
        ("http:g", InvalidUri::Scheme),
        ("https://me:secret@g/", InvalidUri::UserInfo),
        ("//me@g/", InvalidUri::UserInfo),
    ] {
        assert_eq!(next(location), Err(InvalidRedirect::Uri(uri)), "{location}");
    }
    for location in ["//", "///g", "https://", "/a b", "/a\r\nHost: g", "/%", "https://g:x/"] {
        assert!(matches!(next(location), Err(InvalidRedirect::Uri(_))), "{location:?}");
    }
    let request = Request::new(BASE).unwrap();
    assert_eq!(request.redirect(b"/\xff").unwrap_err(), InvalidRedirect::NotAscii);
}

#[test]
fn credentials_stay_with_the_host_that_they_are_for() {
    let request = Request::new("wss://a/").unwrap().subprotocol("chat").unwrap();
    let request = ["Authorization", "cookie", "Proxy-Authorization", "Origin"]
        .into_iter()
        .try_fold(request, |request, name| request.header(name, "secret"))
        .unwrap();
    let head = |location: &[u8]| {
        let (head, _) = request.redirect(location).unwrap().start(*b"the sample nonce");
        String::from_utf8(head).unwrap()
    };
    for same in [&b"/b"[..], b"https://A/b", b"wss://a:443/b"] {
        assert_eq!(head(same).matches("secret").count(), 4, "{}", head(same));
    }
    for other in [&b"https://b/"[..], b"https://a:444/", b"//a.evil.example/", b"//a./"] {
        let head = head(other);
        assert_eq!(head.matches("secret").count(), 1, "{head}");
        assert!(head.contains("\r\nOrigin: secret\r\n"), "{head}");
        assert!(head.contains("\r\nSec-WebSocket-Protocol: chat\r\n"), "{head}");
    }
}
