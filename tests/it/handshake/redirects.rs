//! Following a redirect, RFC 9110 §15.4 and RFC 3986 §5.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
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

/// A second reading of RFC 3986 §5.2, step by step as it is written there, with strings that get
/// shorter. Returns the target after a reference without a scheme, an authority and a fragment.
fn resolve_naively(base_path: &str, base_query: &str, reference: &str) -> String {
    let (path, query) = match reference.find('?') {
        Some(at) => (&reference[..at], &reference[at..]),
        None => (reference, ""),
    };
    // §5.2.2
    let (path, query) = if path.is_empty() {
        (base_path.to_owned(), if query.is_empty() { base_query } else { query })
    } else if path.starts_with('/') {
        (remove_dot_segments(path), query)
    } else {
        // §5.2.3
        let merged = format!("{}{path}", &base_path[..=base_path.rfind('/').unwrap()]);
        (remove_dot_segments(&merged), query)
    };
    // RFC 6455 §3: the question mark belongs to a query that is not empty.
    format!("{path}{}", if query == "?" { "" } else { query })
}

/// §5.2.4
fn remove_dot_segments(path: &str) -> String {
    let (mut input, mut output) = (path.to_owned(), String::new());
    while !input.is_empty() {
        if input.starts_with("../") {
            input = input[3..].to_owned();
        } else if input.starts_with("./") || input.starts_with("/./") {
            input = input[2..].to_owned();
        } else if input == "/." {
            input = "/".to_owned();
        } else if input.starts_with("/../") || input == "/.." {
            input = format!("/{}", input.get(4..).unwrap_or_default());
            output.truncate(output.rfind('/').unwrap_or(0));
        } else if input == "." || input == ".." {
            input.clear();
        } else {
            let end = input[1..].find('/').map_or(input.len(), |at| at + 1);
            output.push_str(&input[..end]);
            input = input[end..].to_owned();
        }
    }
    output
}

proptest! {
    #[test]
    fn locations_are_resolved_as_by_a_second_reading(
        segments in vec(select(&["a", ".", "..", "", "b.", "..c", ";d=1", "..."][..]), 0..8),
        is_absolute in any::<bool>(),
        query in select(&["", "?", "?q", "?a/../b", "?a?b"][..]),
        base in select(&["/", "/b/c/d;p", "/b/", "//b", "/./b/../c"][..]),
        base_query in select(&["", "?q"][..]),
    ) {
        let path = segments.join("/");
        let reference = format!("{}{path}{query}", if is_absolute { "/" } else { "" });
        // Two slashes begin an authority.
        prop_assume!(!reference.starts_with("//"));
        let request = Request::new(&format!("wss://a{base}{base_query}")).unwrap();
        let next = request.redirect(reference.as_bytes()).unwrap();
        prop_assert_eq!(next.target(), resolve_naively(base, base_query, &reference));
        prop_assert_eq!((next.host(), next.port(), next.is_secure()), ("a", 443, true));
    }

    #[test]
    fn no_location_panics_and_none_leaves_tls(location in vec(any::<u8>(), 0..40)) {
        if let Ok(next) = Request::new(BASE).unwrap().redirect(&location) {
            prop_assert!(next.is_secure() && next.target().starts_with('/'));
        }
    }
}
