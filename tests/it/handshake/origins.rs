//! Which pages may open a WebSocket, RFC 6455 §10.2: what attackers have tried, and what browsers
//! send.

use proptest::collection::vec;
use proptest::prelude::*;
use sansock::handshake::server::{Origin, OriginPolicy};

const HOST: &str = "a.example";

/// The name, an origin, and whether the pages of `https://a.example` have it.
const ORIGINS: &[(&str, &str, bool)] = &[
    ("the origin itself", "https://a.example", true),
    ("its default port", "https://a.example:443", true),
    ("a port with zeros", "https://a.example:0443", true),
    ("no port after the colon", "https://a.example:", true),
    ("another case", "HTTPS://A.Example", true),
    ("another port", "https://a.example:8443", false),
    ("port 80", "https://a.example:80", false),
    ("without TLS", "http://a.example", false),
    ("without TLS on the port of TLS", "http://a.example:443", false),
    ("the scheme of a WebSocket", "wss://a.example", false),
    ("null", "null", false),
    ("empty", "", false),
    ("a longer name", "https://a.example.evil.example", false),
    ("a name that ends so", "https://evil-a.example", false),
    ("a subdomain", "https://x.a.example", false),
    ("the parent", "https://example", false),
    ("a dot at the end", "https://a.example.", false),
    ("user information", "https://a.example@evil.example", false),
    ("user information before the host", "https://evil@a.example", false),
    ("a path", "https://a.example/", false),
    ("a query", "https://a.example?https://a.example", false),
    ("a fragment", "https://evil.example#a.example", false),
    ("a list", "https://a.example https://evil.example", false),
    ("a list with a comma", "https://a.example, https://evil.example", false),
    ("no scheme", "a.example", false),
    ("no host", "https://", false),
    ("a slash too many", "https:///a.example", false),
    ("a backslash", "https:\\\\a.example", false),
    ("white space before", " https://a.example", false),
    ("a tab within", "https://a.\texample", false),
    ("a NUL at the end", "https://a.example\0", false),
    ("a letter of another script", "https://\u{430}.example", false),
    ("the same in ASCII", "https://xn--80a.example", false),
    ("a dot of another script", "https://a\u{3002}example", false),
    ("percent-encoded", "https://%61.example", false),
    ("a port that is no number", "https://a.example:x", false),
    ("a port that is too large", "https://a.example:65979", false),
    ("a file", "file://", false),
    ("an extension", "chrome-extension://abc", false),
];

#[test]
fn pages_of_the_same_origin_are_told_from_all_others() {
    let policy = OriginPolicy::same_origin("https");
    for &(name, origin, is_allowed) in ORIGINS {
        let allows = |host: &str| policy.allows(Some(origin.as_bytes()), Some(host.as_bytes()));
        assert_eq!(allows(HOST), is_allowed, "{name}");
        assert_eq!(allows("A.EXAMPLE:443"), is_allowed, "{name}");
        assert!(!policy.allows(Some(origin.as_bytes()), None), "{name}");
    }
}

#[test]
fn a_list_allows_what_is_in_it() {
    let policy = OriginPolicy::none().and("https://a.example").unwrap();
    for &(name, origin, is_allowed) in ORIGINS {
        for host in [None, Some(&b"b.example"[..]), Some(b"a.example")] {
            assert_eq!(policy.allows(Some(origin.as_bytes()), host), is_allowed, "{name}");
        }
    }
    let more = policy.and("http://localhost:3000").unwrap();
    assert!(more.allows(Some(b"http://localhost:3000"), None));
    assert!(!more.allows(Some(b"http://localhost:3001"), None));
    let extension = OriginPolicy::none().and("chrome-extension://abc").unwrap();
    assert!(extension.allows(Some(b"chrome-extension://abc"), None));
}

#[test]
fn no_page_is_allowed_by_a_host_that_is_none() {
    let policy = OriginPolicy::same_origin("https");
    for host in ["", ":443", "a.example, b", "me@a.example", "a.example/", "\u{ff}"] {
        assert!(!policy.allows(Some(b"https://a.example"), Some(host.as_bytes())), "{host}");
    }
}

#[test]
fn a_host_has_the_default_port_of_the_pages() {
    for (scheme, host, origin, is_allowed) in [
        ("http", "a", "http://a", true),
        ("http", "a:80", "http://a", true),
        ("http", "a", "https://a", false),
        ("https", "a:8443", "https://a:8443", true),
        ("https", "a:8443", "https://a", false),
        ("https", "[::1]:443", "https://[::1]", true),
        ("https", "[::1]", "https://[0::1]", false),
        ("https", "127.0.0.1", "https://localhost", false),
    ] {
        let policy = OriginPolicy::same_origin(scheme);
        let allows = policy.allows(Some(origin.as_bytes()), Some(host.as_bytes()));
        assert_eq!(allows, is_allowed, "{origin} at {host}");
    }
}

#[test]
fn programs_that_send_no_origin_are_allowed_if_you_say_so() {
    let policy = OriginPolicy::same_origin("https");
    assert!(!policy.allows(None, Some(b"a")));
    let policy = policy.and_missing();
    assert!(policy.allows(None, Some(b"a")));
    assert!(!policy.allows(Some(b""), Some(b"a")) && !policy.allows(Some(b"null"), Some(b"a")));
}

#[test]
fn a_policy_is_made_of_origins() {
    for origin in ["", "null", "*", "a.example", "https://*.example/", "https://a.example/"] {
        let error = OriginPolicy::none().and(origin).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid origin \"{origin}\""));
    }
    assert_eq!(Origin::parse(b"http://a:80"), Origin::parse(b"HTTP://A"));
    assert_ne!(Origin::parse(b"http://a:81"), Origin::parse(b"http://a"));
}

/// Parts of an origin, each with whether the origin of `https://a.example` may have it.
type Part = (&'static str, bool);
const SCHEMES: [Part; 7] = [
    ("https", true),
    ("HttpS", true),
    ("http", false),
    ("wss", false),
    ("1https", false),
    ("", false),
    (" https", false),
];
const SEPARATORS: [Part; 4] = [("://", true), (":/", false), ("//", false), ("", false)];
const HOSTS: [Part; 10] = [
    ("a.example", true),
    ("A.exAmple", true),
    ("b.a.example", false),
    ("a.example.b", false),
    ("[::1]", false),
    ("", false),
    ("b@a.example", false),
    ("\u{430}.example", false),
    ("%61.example", false),
    ("a example", false),
];
const PORTS: [Part; 9] = [
    ("", true),
    (":", true),
    (":443", true),
    (":00443", true),
    (":80", false),
    (":x", false),
    (":65979", false),
    (":443:443", false),
    (":-1", false),
];
const ENDS: [Part; 6] =
    [("", true), ("/", false), ("?", false), ("#", false), (" ", false), (", null", false)];

#[test]
fn an_origin_is_allowed_if_each_of_its_parts_is() {
    let policies = [
        OriginPolicy::same_origin("https"),
        OriginPolicy::none().and("https://a.example").unwrap(),
    ];
    let mut tried = 0;
    let starts = SCHEMES.iter().flat_map(|scheme| SEPARATORS.map(|separator| [*scheme, separator]));
    for [scheme, separator] in starts {
        for (host, port) in HOSTS.iter().flat_map(|host| PORTS.map(|port| (*host, port))) {
            for end in ENDS {
                let parts = [scheme, separator, host, port, end];
                let origin = parts.map(|part| part.0).concat();
                let is_allowed = parts.iter().all(|part| part.1);
                for policy in &policies {
                    let allows = policy.allows(Some(origin.as_bytes()), Some(HOST.as_bytes()));
                    assert_eq!(allows, is_allowed, "{origin:?}");
                }
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 7 * 4 * 10 * 9 * 6);
}

proptest! {
    #[test]
    fn no_byte_may_be_changed(at in 0..17_usize, byte in any::<u8>()) {
        let mut origin = *b"https://a.example";
        let is_allowed = origin[at].eq_ignore_ascii_case(&byte);
        origin[at] = byte;
        let policy = OriginPolicy::same_origin("https");
        prop_assert_eq!(policy.allows(Some(&origin), Some(HOST.as_bytes())), is_allowed);
    }

    #[test]
    fn no_origin_panics(origin in vec(any::<u8>(), 0..40), host in vec(any::<u8>(), 0..40)) {
        let allows = |policy: &OriginPolicy| policy.allows(Some(&origin), Some(&host));
        prop_assert!(!allows(&OriginPolicy::none()));
        if allows(&OriginPolicy::same_origin("https")) {
            prop_assert!(origin.to_ascii_lowercase().starts_with(b"https://"));
        }
    }
}

#[test]
fn a_scheme_is_a_letter_and_then_letters_digits_and_three_signs() {
    // RFC 3986 §3.1
    for byte in 0..=u8::MAX {
        let is_valid = |scheme: &[u8]| Origin::parse(&[scheme, b"://host"].concat()).is_ok();
        let is_inner = byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        assert_eq!(is_valid(&[byte]), byte.is_ascii_alphabetic(), "{byte:#x}");
        assert_eq!(is_valid(&[b'a', byte]), is_inner, "{byte:#x}");
        assert_eq!(is_valid(&[b'a', byte, b'z']), is_inner, "{byte:#x}");
    }
    assert!(Origin::parse(b"://host").is_err());
}
