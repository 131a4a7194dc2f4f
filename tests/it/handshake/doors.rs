//! The doors of a handshake: bytes, parts, and the types of the crate `http`. The tables of the door
//! for bytes hold for each door that can express their rows.

use sansock::handshake::HeadError;
use sansock::handshake::client::{InvalidResponse, Outcome, ResponseHead};
use sansock::handshake::server::{Refusal, RequestHead};

use super::client::{self, offering};
use super::refusals::REFUSED;
use super::server::{ACCEPTED, EXAMPLE, text};

/// The nonce of the RFC's example.
const NONCE: [u8; 16] = *b"the sample nonce";

/// A head as an HTTP library may pass it on.
struct Parts {
    start: [String; 3],
    fields: Vec<(String, Vec<u8>)>,
}

/// Takes a head apart, or returns `None` if an HTTP library does not pass it on.
fn parts(head: &str) -> Option<Parts> {
    let is_line = |line: &str| !line.contains(['\r', '\n', '\0']) && !line.starts_with([' ', '\t']);
    let mut lines = head.strip_suffix("\r\n\r\n")?.split("\r\n");
    let start = lines.next().filter(|line| is_line(line))?;
    let words: Vec<String> = start.splitn(3, ' ').map(str::to_owned).collect();
    let start: [String; 3] = words.try_into().ok()?;
    let mut fields = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').filter(|_| is_line(line))?;
        fields.push((name.to_ascii_lowercase(), value.trim_ascii().as_bytes().to_vec()));
    }
    Some(Parts { start, fields })
}

/// The refusal of a request, or none, through the door for parts.
fn by_parts(head: &str) -> Option<Result<(), Refusal>> {
    let Parts { start: [method, target, version], fields } = parts(head)?;
    let minor_version = version.strip_prefix("HTTP/1.")?.parse().ok()?;
    let request = RequestHead::from_parts(&method, &target, minor_version, fields);
    Some(request.map_err(Refusal::from).and_then(|request| request.upgrade().map(drop)))
}

/// The same through the door for the types of `http`.
#[cfg(feature = "http")]
fn by_http(head: &str) -> Option<Result<(), Refusal>> {
    let Parts { start: [method, target, version], fields } = parts(head)?;
    let version = match &*version {
        "HTTP/1.0" => http::Version::HTTP_10,
        "HTTP/1.1" => http::Version::HTTP_11,
        "HTTP/2.0" => http::Version::HTTP_2,
        _ => return None,
    };
    let mut request = http::Request::builder().method(&*method).uri(&*target).version(version);
    for (name, value) in fields {
        request = request.header(name, value);
    }
    // It refuses some targets itself, and drops fragments.
    let request = request.body(()).ok()?;
    if request.uri().to_string() != target {
        return None;
    }
    let request = RequestHead::try_from(&request).map_err(Refusal::from);
    Some(request.and_then(|request| request.upgrade().map(drop)))
}

#[cfg(not(feature = "http"))]
fn by_http(_: &str) -> Option<Result<(), Refusal>> {
    None
}

#[test]
fn every_door_of_a_server_accepts_the_same() {
    let mut through_http = 0;
    for &(name, from, to) in ACCEPTED {
        let head = EXAMPLE.replacen(from, to, 1);
        assert_eq!(by_parts(&head), Some(Ok(())), "{name}");
        if let Some(accepted) = by_http(&head) {
            assert_eq!(accepted, Ok(()), "{name}");
            through_http += 1;
        }
    }
    assert!(cfg!(not(feature = "http")) || through_http + 2 >= ACCEPTED.len(), "{through_http}");
}

#[test]
fn every_door_of_a_server_refuses_the_same() {
    let (mut through_parts, mut through_http) = (0, 0);
    for &(name, from, to, status, why) in REFUSED {
        let head = EXAMPLE.replacen(from, to, 1);
        for (refused, count) in
            [(by_parts(&head), &mut through_parts), (by_http(&head), &mut through_http)]
        {
            let Some(refused) = refused else { continue };
            let refusal = refused.expect_err(name);
            // A parser says more exactly what is wrong with a line than a check of its parts.
            let is_grammar = why.starts_with("malformed") || why.starts_with("invalid control");
            if is_grammar {
                assert!(matches!(refusal, Refusal::Head(_)), "{name}");
            } else {
                assert_eq!(refusal.to_string(), why, "{name}");
            }
            assert_eq!(refusal.status(), status, "{name}");
            *count += 1;
        }
    }
    // What is left is no list of parts, such as a bare line feed.
    assert!(through_parts >= 40, "{through_parts} of {}", REFUSED.len());
    assert!(cfg!(not(feature = "http")) || through_http >= 35, "{through_http}");
}

#[test]
fn every_door_of_a_server_answers_the_same() {
    let Parts { start: [method, target, _], fields } = parts(EXAMPLE).unwrap();
    let request = RequestHead::from_parts(&method, &target, 1, fields).unwrap();
    let upgrade = || {
        let upgrade = request.upgrade().unwrap().select_subprotocol(&["chat"]);
        upgrade.header("Server", "mine").unwrap()
    };
    let (bytes, negotiated) = upgrade().accept();
    let (fields, by_parts) = upgrade().accept_fields();
    let lines: String = fields
        .iter()
        .map(|(name, value)| format!("{name}: {}\r\n", text(value.to_vec())))
        .collect();
    assert_eq!(text(bytes), format!("HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n"));
    assert_eq!(by_parts, negotiated);
    #[cfg(feature = "http")]
    {
        let (response, by_http) = upgrade().accept_http().unwrap();
        assert_eq!((response.status().as_u16(), by_http), (101, negotiated));
        for (name, value) in fields.iter() {
            assert_eq!(response.headers()[name].as_bytes(), value, "{name}");
        }
        assert_eq!(response.headers().len(), fields.iter().count());
    }
}

#[test]
fn a_refusal_has_its_parts() {
    for &(name, from, to, ..) in REFUSED {
        let Some(Err(refusal)) = by_parts(&EXAMPLE.replacen(from, to, 1)) else { continue };
        let response = refusal.response();
        let mut lines = String::new();
        for (name, value) in response.fields().iter() {
            lines += &format!("{name}: {}\r\n", text(value.to_vec()));
        }
        let content = text(response.content().to_vec());
        let bytes = text(response.encode());
        let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
        let (_, head) = head.split_once("\r\n").unwrap();
        let length = format!("Content-Length: {}", content.len());
        assert_eq!((head, body), (&*(lines + &length), &*content), "{name}");
        #[cfg(feature = "http")]
        {
            let response = response.to_http().unwrap();
            assert_eq!(response.status().as_u16(), refusal.status());
            assert_eq!(text(response.into_body()), content);
        }
    }
}

/// The outcome of a response through the door for parts.
fn judged_by_parts(head: &str) -> Option<Result<Outcome, InvalidResponse>> {
    let Parts { start: [version, status, _], fields } = parts(head)?;
    let minor_version = version.strip_prefix("HTTP/1.")?.parse().ok()?;
    let response = ResponseHead::from_parts(status.parse().ok()?, minor_version, fields);
    let (_, handshake) = offering(&["superchat", "chat"]).start_fields(NONCE);
    Some(response.map_err(InvalidResponse::from).and_then(|head| handshake.receive_head(head)))
}

#[cfg(feature = "http")]
fn judged_by_http(head: &str) -> Option<Result<Outcome, InvalidResponse>> {
    let Parts { start: [version, status, _], fields } = parts(head)?;
    let version = match &*version {
        "HTTP/1.0" => http::Version::HTTP_10,
        "HTTP/1.1" => http::Version::HTTP_11,
        _ => return None,
    };
    let mut response = http::Response::builder().status(&*status).version(version);
    for (name, value) in fields {
        response = response.header(name, value);
    }
    let response = ResponseHead::try_from(&response.body(()).ok()?);
    let (_, handshake) = offering(&["superchat", "chat"]).start_http(NONCE).unwrap();
    Some(response.map_err(InvalidResponse::from).and_then(|head| handshake.receive_head(head)))
}

#[cfg(not(feature = "http"))]
fn judged_by_http(_: &str) -> Option<Result<Outcome, InvalidResponse>> {
    None
}

#[test]
fn every_door_of_a_client_judges_the_same() {
    for judge in [judged_by_parts, judged_by_http] {
        if let Some(outcome) = judge(client::EXAMPLE) {
            let Ok(Outcome::Established { negotiated, .. }) = outcome else {
                panic!("{outcome:?}")
            };
            assert_eq!(negotiated.subprotocol(), Some("chat"));
        }
        for &(name, from, to, why) in client::FAILED {
            let head = client::EXAMPLE.replacen(from, to, 1);
            let Some(outcome) = judge(&head) else { continue };
            let error = outcome.expect_err(name);
            let is_grammar = why.starts_with("malformed") || why.starts_with("invalid control");
            assert!(is_grammar || error.to_string() == why, "{name}: {error}");
        }
    }
    let redirect = judged_by_parts("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n").unwrap();
    assert!(matches!(redirect, Ok(Outcome::Http(head)) if head.status() == 302));
}

#[test]
fn every_door_of_a_client_asks_the_same() {
    let request = offering(&["chat"]).header("Cookie", "a=b").unwrap();
    let (bytes, _) = request.start(NONCE);
    let (fields, _) = request.start_fields(NONCE);
    let mut head = format!("GET {} HTTP/1.1\r\n", request.target());
    for (name, value) in fields.iter() {
        head += &format!("{name}: {}\r\n", text(value.to_vec()));
    }
    assert_eq!(text(bytes), head + "\r\n");
    #[cfg(feature = "http")]
    {
        let (asked, _) = request.start_http(NONCE).unwrap();
        assert_eq!((asked.method().as_str(), asked.uri().to_string()), ("GET", "/".into()));
        let by_http: Vec<_> = asked.headers().iter().collect();
        assert_eq!(by_http.len(), fields.iter().count());
        for (name, value) in fields.iter() {
            assert_eq!(asked.headers()[name].as_bytes(), value, "{name}");
        }
    }
}

#[test]
fn parts_that_no_head_has_are_refused() {
    let none: [(&str, &str); 0] = [];
    for (method, target, minor_version, error) in [
        ("", "/", 1, HeadError::StartLine),
        ("G T", "/", 1, HeadError::StartLine),
        ("GET", "", 1, HeadError::StartLine),
        ("GET", "/ HTTP/1.1\r\nA: b", 1, HeadError::StartLine),
        ("GET", "/é", 1, HeadError::StartLine),
        ("GET", "/", 2, HeadError::HttpVersion),
    ] {
        let request = RequestHead::from_parts(method, target, minor_version, none);
        assert_eq!(request, Err(error), "{method} {target}");
    }
    for (name, value) in [("", ""), ("a b", ""), ("a:", ""), ("a", "b\r\nc: d"), ("a", "\0")] {
        let request = RequestHead::from_parts("GET", "/", 1, [(name, value)]);
        assert_eq!(request, Err(HeadError::HeaderLine), "{name}: {value}");
        let response = ResponseHead::from_parts(101, 1, [(name, value)]);
        assert_eq!(response, Err(HeadError::HeaderLine), "{name}: {value}");
    }
    assert_eq!(ResponseHead::from_parts(99, 1, none), Err(HeadError::StartLine));
    assert_eq!(ResponseHead::from_parts(101, 2, none), Err(HeadError::HttpVersion));
}
