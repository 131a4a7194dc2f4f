//! Extended CONNECT in types of the crate `http`: the tables of the door for strings hold, as far as
//! those types can express their rows.

use sansock::handshake::client::{Outcome, Request};
use sansock::handshake::connect::{ConnectHead, ConnectRefusal};

use super::connect::{EXAMPLE, REFUSED, example_with, pairs, refusal};

/// A request with these fields and its protocol, or `None` if the crate has no such request.
fn request<'a>(fields: &[(&'a str, &'a str)]) -> Option<(http::Request<()>, Option<&'a str>)> {
    let field = |name| fields.iter().find(|field| field.0 == name).map(|field| field.1);
    let uri = http::Uri::builder()
        .scheme(field(":scheme")?)
        .authority(field(":authority")?)
        .path_and_query(field(":path")?);
    let mut request = http::Request::builder().method(field(":method")?).uri(uri.build().ok()?);
    for &(name, value) in fields.iter().filter(|field| !field.0.starts_with(':')) {
        request = request.header(name, value);
    }
    let request = request.body(()).ok()?;
    // It drops fragments, and writes names in lower case.
    let is_same = request.uri().path_and_query()?.as_str() == field(":path")?
        && fields.iter().all(|(name, _)| name == &name.to_ascii_lowercase());
    is_same.then_some((request, field(":protocol")))
}

#[test]
fn the_same_requests_are_accepted_and_refused() {
    let (accepted, protocol) = request(&EXAMPLE).unwrap();
    let head = ConnectHead::from_http(&accepted, protocol).unwrap();
    assert_eq!(head.pseudo_fields().path, Some("/chat"));
    assert!(head.upgrade().is_ok());

    let mut refused = 0;
    for &(name, value, ..) in REFUSED {
        let fields = example_with(name, value);
        let Some((request, protocol)) = request(&fields) else { continue };
        let head = ConnectHead::from_http(&request, protocol).map_err(ConnectRefusal::from);
        let by_http = head.and_then(|head| head.upgrade().map(drop)).unwrap_err();
        assert_eq!(by_http, refusal(&fields), "{name}: {value:?}");
        refused += 1;
    }
    assert!(refused >= 15, "{refused} of {}", REFUSED.len());
}

#[test]
fn a_refusal_has_a_response() {
    for &(name, value, status, why) in REFUSED {
        let refusal = refusal(&example_with(name, value));
        let response = refusal.to_http().unwrap();
        assert_eq!((response.status().as_u16(), &response.body()[..]), (status, why.as_bytes()));
        let fields = refusal.fields();
        assert_eq!(response.headers().len(), fields.iter().count());
        for (name, value) in fields.iter() {
            assert_eq!(response.headers()[name].as_bytes(), value, "{name}");
        }
    }
    // RFC 9110 §9.3.2
    let head = refusal(&example_with(":method", Some("HEAD"))).to_http().unwrap();
    assert_eq!((head.status().as_u16(), &head.body()[..]), (405, &b""[..]));
}

#[test]
fn a_server_answers_with_the_same_fields() {
    let (request, protocol) = request(&EXAMPLE).unwrap();
    let head = ConnectHead::from_http(&request, protocol).unwrap();
    let upgrade = || head.upgrade().unwrap().select_subprotocol(&["chat"]);
    let (fields, negotiated) = upgrade().accept_fields();
    let (response, by_http) = upgrade().accept_http().unwrap();
    assert_eq!((response.status().as_u16(), by_http), (200, negotiated));
    let sent: Vec<_> = response.headers().iter().collect();
    let expected = pairs(&fields);
    assert_eq!(sent.len(), expected.len());
    assert!(expected.iter().all(|&(name, value)| response.headers()[name] == value));
}

#[test]
fn a_client_asks_with_the_same_fields() {
    let request = Request::new("wss://server.example.com:8443/chat?a=b").unwrap();
    let request = request.subprotocol("chat").unwrap().header("Cookie", "a=b").unwrap();
    let (pseudo, fields, _) = request.start_connect();
    let (sent, handshake) = request.start_connect_http().unwrap();
    assert_eq!((sent.method().as_str(), sent.version()), ("CONNECT", http::Version::HTTP_2));
    assert_eq!(sent.uri(), "https://server.example.com:8443/chat?a=b");
    assert_eq!(sent.uri().authority().map(|name| name.as_str()), pseudo.authority);
    assert_eq!(sent.headers().len(), fields.iter().count());
    for (name, value) in pairs(&fields) {
        assert_eq!(sent.headers()[name], value, "{name}");
    }
    let response = http::Response::builder().header("sec-websocket-protocol", "chat");
    let outcome = handshake.receive_http(&response.body(()).unwrap()).unwrap();
    let Outcome::Established { negotiated, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(negotiated.subprotocol(), Some("chat"));

    let (_, handshake) = request.start_connect_http().unwrap();
    let redirect = http::Response::builder().status(307).header("location", "/").body(()).unwrap();
    let outcome = handshake.receive_http(&redirect).unwrap();
    assert!(matches!(outcome, Outcome::Http(head) if head.status() == 307));
}

#[test]
fn a_host_that_the_crate_does_not_take_is_an_error() {
    let request = Request::new("ws://a%41/").unwrap();
    assert!(request.http_uri().is_err());
    assert!(request.start_connect_http().is_err());
    assert_eq!(Request::new("ws://[::1]:81/a").unwrap().http_uri().unwrap(), "http://[::1]:81/a");
}
