//! Negotiating permessage-deflate, RFC 7692 §5 and §7, through every door.

use sansock::Negotiated;
use sansock::deflate::{Deflate, DeflateOffer, WindowBits};
use sansock::handshake::client::{InvalidResponse, Outcome, Request, ResponseHead};
use sansock::handshake::connect::{ConnectHead, PseudoFields};
use sansock::handshake::server::RequestHead;

use super::{connect, feed, server};

const NAME: &str = "sec-websocket-extensions";

const NONCE: [u8; 16] = *b"the sample nonce";

pub(super) fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

/// A request by Extended CONNECT with these values of `Sec-WebSocket-Extensions`.
pub(super) fn connect_head(offers: &[&str]) -> ConnectHead {
    let mut pseudo = PseudoFields::default();
    (pseudo.method, pseudo.protocol) = ("CONNECT", Some("websocket"));
    (pseudo.scheme, pseudo.authority, pseudo.path) = (Some("https"), Some("a"), Some("/"));
    let offers = offers.iter().map(|&offer| (NAME, offer));
    ConnectHead::from_parts(pseudo, [("sec-websocket-version", "13")].into_iter().chain(offers))
        .unwrap()
}

/// Returns the values of `Sec-WebSocket-Extensions` among these fields.
fn values<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<String> {
    fields
        .filter(|(name, _)| name.eq_ignore_ascii_case(NAME))
        .map(|(_, value)| String::from_utf8(value.to_vec()).unwrap())
        .collect()
}

/// What a server agrees to after these offers, and the values in its response: the same through
/// every door.
fn answer(offers: &[&str], settings: &Deflate) -> (Vec<String>, Negotiated) {
    let lines: String = offers.iter().map(|offer| format!("{NAME}: {offer}\r\n")).collect();
    let head = server::EXAMPLE.replacen("Host:", &format!("{lines}Host:"), 1);
    let request = feed::server(head.as_bytes()).unwrap().1.unwrap();
    let (bytes, negotiated) = request.upgrade().unwrap().deflate(settings).accept();
    let mut buffer = bytes.clone();
    let (_, mut client) =
        Request::new("ws://a/").unwrap().extensions("permessage-deflate").unwrap().start(NONCE);
    let outcome = client.receive(&mut sansock::Input::new(&mut buffer)).unwrap();
    let Some(Outcome::Established { response, .. }) = outcome else { panic!("{outcome:?}") };
    let answered = (values(response.headers().iter()), negotiated);

    let by_parts = RequestHead::from_parts("GET", "/chat", 1, request.headers()).unwrap();
    let (fields, negotiated) = by_parts.upgrade().unwrap().deflate(settings).accept_fields();
    assert_eq!((values(fields.iter()), negotiated), answered);

    let connect = connect_head(offers);
    let (fields, negotiated) = connect.upgrade().unwrap().deflate(settings).accept_fields();
    assert_eq!((values(fields.iter()), negotiated), answered);
    #[cfg(feature = "http")]
    {
        let values = |response: http::Response<()>| {
            values(response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())))
        };
        let upgrade = by_parts.upgrade().unwrap().deflate(settings);
        let (response, negotiated) = upgrade.accept_http().unwrap();
        assert_eq!((values(response), negotiated), answered);
        let upgrade = connect.upgrade().unwrap().deflate(settings);
        let (response, negotiated) = upgrade.accept_http().unwrap();
        assert_eq!((values(response), negotiated), answered);
    }
    answered
}

/// What the client of `request` makes of these values in a response: the same through every door.
fn judged(request: &Request, answers: &[&str]) -> Result<Negotiated, InvalidResponse> {
    let negotiated = |outcome| match outcome {
        Outcome::Established { negotiated, .. } => negotiated,
        Outcome::Http(_) => panic!("it accepts"),
    };
    let fields: Vec<_> = [
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ]
    .into_iter()
    .chain(answers.iter().map(|&answer| (NAME, answer)))
    .collect();
    let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 101 Switching Protocols\r\n{lines}\r\n");
    let outcome = feed::client(request, head.as_bytes());
    let result = outcome.map(|(_, outcome)| negotiated(outcome.unwrap()));

    let response = ResponseHead::from_parts(101, 1, fields.iter().copied()).unwrap();
    let by_parts = request.start_fields(NONCE).1.receive_head(response).map(negotiated);
    assert_eq!(by_parts, result);
    let by_connect = request.start_connect().2.receive_head(200, fields.iter().copied());
    assert_eq!(by_connect.map(negotiated), result);
    #[cfg(feature = "http")]
    {
        let mut response = http::Response::builder().status(101);
        for &(name, value) in &fields {
            response = response.header(name, value);
        }
        let mut response = response.body(()).unwrap();
        let head = ResponseHead::try_from(&response).unwrap();
        let by_http = request.start_http(NONCE).unwrap().1.receive_head(head).map(negotiated);
        assert_eq!(by_http, result);
        *response.status_mut() = http::StatusCode::OK;
        let by_connect = request.start_connect_http().unwrap().1.receive_http(&response);
        assert_eq!(by_connect.map(negotiated), result);
    }
    result
}

pub(super) fn offering(offers: &[DeflateOffer]) -> Request {
    let mut settings = Deflate::default();
    settings.offers = offers.to_vec();
    Request::new("wss://a/").unwrap().deflate(&settings)
}

/// RFC 7692 §5 and §7: the first offer that is valid is accepted, or none.
#[test]
fn a_server_agrees_to_the_first_valid_offer() {
    for (offers, expected) in [
        (&["permessage-deflate"][..], "permessage-deflate"),
        (&["permessage-deflate; client_max_window_bits"], "permessage-deflate"),
        (&["x-a, permessage-deflate;client_max_window_bits=\"10\", x-b"], CLIENT_10),
        (
            &["x-a; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=10"],
            CLIENT_10,
        ),
        (&["permessage-deflate; client_max_window_bits=\"1\\0\""], CLIENT_10),
        (
            &["permessage-deflate; server_max_window_bits=8"],
            "permessage-deflate; server_max_window_bits=8",
        ),
        // §7.1.2.1: it is accepted by including it.
        (
            &["permessage-deflate; server_max_window_bits=15"],
            "permessage-deflate; server_max_window_bits=15",
        ),
        (&["permessage-deflate; server_no_context_takeover"], SERVER_FLAG),
        // Two valid ones: the client's preference counts.
        (&["permessage-deflate; server_no_context_takeover, permessage-deflate"], SERVER_FLAG),
        (
            &["permessage-deflate", "permessage-deflate; server_no_context_takeover"],
            "permessage-deflate",
        ),
        // Declined offers.
        (&["permessage-deflate; x, permessage-deflate; server_no_context_takeover"], SERVER_FLAG),
        (
            &[
                "permessage-deflate; server_max_window_bits=1000, permessage-deflate; x",
                SERVER_FLAG,
            ],
            SERVER_FLAG,
        ),
        (&["permessage-deflate; server_no_context_takeover; server_no_context_takeover"], ""),
        (&["permessage-deflate; server_no_context_takeover=1"], ""),
        (&["permessage-deflate; client_no_context_takeover=\"true\""], ""),
        (&["permessage-deflate; server_max_window_bits"], ""),
        (&["permessage-deflate; server_max_window_bits=\"7\""], ""),
        (&["permessage-deflate; client_max_window_bits=08"], ""),
        (&["permessage-deflate; client_max_window_bits=16"], ""),
        (&["permessage-deflate; client_max_window_bits; client_max_window_bits=10"], ""),
        // Other extensions, and none.
        (&["x-webkit-deflate-frame, Permessage-Deflate, permessage-deflate2"], ""),
        (&[], ""),
    ] {
        let (values, negotiated) = answer(offers, &Deflate::default());
        let expected: Vec<&str> =
            Some(expected).into_iter().filter(|text| !text.is_empty()).collect();
        assert_eq!(values, expected, "{offers:?}");
        assert_eq!(negotiated.extensions(), expected.first().copied(), "{offers:?}");
        assert_eq!(
            negotiated.deflate().map(ToString::to_string).as_deref(),
            negotiated.extensions()
        );
    }
}

const CLIENT_10: &str = "permessage-deflate; client_max_window_bits=10";

const SERVER_FLAG: &str = "permessage-deflate; server_no_context_takeover";

/// RFC 6455 §9.1 and RFC 7692 §5.1: the offers are in the order of the client's preference.
#[test]
fn a_client_makes_its_offers_in_their_order() {
    let small = DeflateOffer::bare().server_max_window_bits(bits(9)).client_no_context_takeover();
    let request = offering(&[small, DeflateOffer::default(), DeflateOffer::bare()]);
    let expected = "permessage-deflate; client_no_context_takeover; server_max_window_bits=9, \
        permessage-deflate; client_max_window_bits, permessage-deflate";
    assert_eq!(request.offered_extensions().as_deref(), Some(expected));
    let head = String::from_utf8(request.start(NONCE).0).unwrap();
    assert!(head.contains(&format!("\r\nSec-WebSocket-Extensions: {expected}\r\n")), "{head}");
    assert_eq!(values(request.start_fields(NONCE).0.iter()), [expected]);
    let (_, fields, _) = request.start_connect();
    assert!(connect::pairs(&fields).contains(&(NAME, expected)));
    #[cfg(feature = "http")]
    for head in [request.start_http(NONCE).unwrap().0, request.start_connect_http().unwrap().0] {
        assert_eq!(head.headers()[NAME], expected);
    }
    let redirected = request.redirect(b"/other").unwrap();
    assert_eq!(redirected.offered_extensions().as_deref(), Some(expected));

    let none = offering(&[]);
    assert_eq!(none.offered_extensions(), None);
    assert!(values(none.start_fields(NONCE).0.iter()).is_empty());
}

/// RFC 7692 §7: what fails the WebSocket connection of a client.
#[test]
fn a_client_fails_on_an_answer_that_accepts_no_offer() {
    let small = DeflateOffer::default().server_max_window_bits(bits(10));
    let quiet = DeflateOffer::bare().server_no_context_takeover();
    for (offers, answers, why) in [
        (
            &[small][..],
            &["permessage-deflate"][..],
            "response \"permessage-deflate\" accepts none of the offers",
        ),
        (
            &[small, quiet],
            &["permessage-deflate; server_max_window_bits=11"],
            "response \"permessage-deflate; server_max_window_bits=11\" accepts none of the offers",
        ),
        (
            &[quiet],
            &["permessage-deflate"],
            "response \"permessage-deflate\" accepts none of the offers",
        ),
        (
            &[DeflateOffer::bare()],
            &["permessage-deflate; client_max_window_bits=15"],
            "response \"permessage-deflate; client_max_window_bits=15\" accepts none of the offers",
        ),
        (
            &[DeflateOffer::default()],
            &["permessage-deflate; client_max_window_bits"],
            "invalid parameter \"client_max_window_bits\" of permessage-deflate",
        ),
        (
            &[DeflateOffer::default()],
            &["permessage-deflate; server_max_window_bits=1000"],
            "invalid parameter \"server_max_window_bits\" of permessage-deflate with the value \"1000\"",
        ),
        (
            &[DeflateOffer::default()],
            &["permessage-deflate; client_no_context_takeover; client_no_context_takeover"],
            "invalid parameter \"client_no_context_takeov…\" of permessage-deflate",
        ),
        (
            &[DeflateOffer::default()],
            &["permessage-deflate; x=y"],
            "invalid parameter \"x\" of permessage-deflate with the value \"y\"",
        ),
        (
            &[DeflateOffer::default()],
            &["permessage-deflate, permessage-deflate"],
            "permessage-deflate was accepted more than once",
        ),
        (
            &[DeflateOffer::default(), DeflateOffer::bare()],
            &["permessage-deflate", "permessage-deflate"],
            "permessage-deflate was accepted more than once",
        ),
        // §5: another extension that may use the same bit.
        (&[DeflateOffer::bare()], &["permessage-deflate, x"], "extension \"x\" was not offered"),
        (&[], &["permessage-deflate"], "extension \"permessage-deflate\" was not offered"),
        (
            &[DeflateOffer::bare()],
            &["permessage-deflate;"],
            "invalid Sec-WebSocket-Extensions header \"permessage-deflate;\"",
        ),
    ] {
        let error = judged(&offering(offers), answers).unwrap_err();
        assert_eq!(error.to_string(), why, "{answers:?}");
    }
}

/// RFC 7692 §5: no answer means no compression. §9.1 of RFC 6455: quoted values are the same.
#[test]
fn a_client_takes_an_answer_that_accepts_an_offer() {
    let small = DeflateOffer::default().server_max_window_bits(bits(10));
    let request = offering(&[small, DeflateOffer::bare()]);
    assert_eq!(judged(&request, &[]), Ok(Negotiated::default()));
    for (answer, expected) in [
        ("permessage-deflate", "permessage-deflate"),
        (
            "permessage-deflate;server_max_window_bits=\"10\" ; client_max_window_bits=\"\\9\"",
            "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9",
        ),
        (
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=8",
        ),
        (
            ", permessage-deflate; client_no_context_takeover,",
            "permessage-deflate; client_no_context_takeover",
        ),
        (SERVER_FLAG, SERVER_FLAG),
    ] {
        let negotiated = judged(&request, &[answer]).unwrap();
        assert_eq!(negotiated.extensions(), Some(expected), "{answer}");
        assert_eq!(negotiated.deflate().unwrap().to_string(), expected);
    }
}

/// A list of extensions and permessage-deflate exclude each other.
#[test]
fn the_last_choice_of_extensions_counts() {
    let head = connect_head(&["permessage-deflate; client_max_window_bits, x-other"]);
    let upgrade = || head.upgrade().unwrap();
    let deflate = Deflate::default();
    let listed = upgrade().deflate(&deflate).extensions("x-other").unwrap().accept_fields().1;
    assert_eq!((listed.extensions(), listed.deflate()), (Some("x-other"), None));
    let agreed = upgrade().extensions("x-other").unwrap().deflate(&deflate).accept_fields().1;
    assert_eq!(agreed, upgrade().deflate(&deflate).accept_fields().1);
    assert!(agreed.deflate().is_some());
    for upgrade in [upgrade().deflate(&deflate), upgrade().extensions("x-other").unwrap()] {
        let (fields, none) = upgrade.without_extensions().accept_fields();
        assert_eq!((none, fields.iter().count()), (Negotiated::default(), 0));
    }
    // Nothing acceptable is offered: what was chosen before is gone all the same.
    let other = connect_head(&["x-other, permessage-deflate; x"]);
    let upgrade = other.upgrade().unwrap().extensions("x-other").unwrap();
    assert_eq!(upgrade.deflate(&deflate).accept_fields().1, Negotiated::default());

    let request = || Request::new("wss://a/").unwrap();
    let listed = request().deflate(&deflate).extensions("permessage-deflate").unwrap();
    assert_eq!(listed.offered_extensions().as_deref(), Some("permessage-deflate"));
    assert_eq!(judged(&listed, &["permessage-deflate; x"]).unwrap().deflate(), None);
    let offered = request().extensions("x-other").unwrap().deflate(&deflate);
    let expected = "permessage-deflate; client_max_window_bits";
    assert_eq!(offered.offered_extensions().as_deref(), Some(expected));
}
