//! Endpoints that negotiate permessage-deflate by their configurations, RFC 7692 §5.

use sansock::deflate::{Deflate, DeflateOffer, WindowBits};
use sansock::handshake::BuildError;
use sansock::handshake::server::Upgrade;

use super::*;

const TEXT: &str = "All work and no play makes Jack a dull boy. All work and no play makes Jack.";

fn deflating(role: Role, deflate: &Deflate) -> Settings {
    let mut config = config(role);
    config.deflate = Some(deflate.clone());
    Settings::new(config)
}

fn request() -> client::Request {
    client::Request::new("ws://a.example/").unwrap()
}

/// Delivers all that `from` has to send to `to`, byte by byte. Returns the bytes, and what `to` has
/// told.
fn pass(from: &mut Endpoint, to: &mut Endpoint) -> (Vec<u8>, Vec<Told>) {
    let bytes = written(from);
    let mut all = Vec::new();
    for byte in &bytes {
        let mut byte = [*byte];
        let mut input = Input::new(&mut byte);
        while let Some(told) = told(to, &mut input) {
            all.push(told);
        }
    }
    (bytes, all)
}

/// Opens a connection, with these two ends of it, and whether they compress.
fn open(
    server: &Settings,
    client: &Settings,
    request: &client::Request,
    choose: impl FnOnce(Upgrade<'_>) -> Result<Upgrade<'_>, BuildError>,
) -> (Endpoint, Endpoint, Option<String>) {
    let mut client = Endpoint::client(client, request, NONCE, at(0)).unwrap();
    let mut server = Endpoint::server(server, at(0)).unwrap();
    let (_, told) = pass(&mut client, &mut server);
    assert_eq!(told, [Told::Request("/".into())]);
    let negotiated = server.accept_with(choose).unwrap();
    // The server's first message comes with its head.
    server.send_text(TEXT).unwrap();
    let (_, told) = pass(&mut server, &mut client);
    assert_eq!(told, [Told::Opened(None), text(TEXT)]);
    (server, client, negotiated.deflate().map(ToString::to_string))
}

/// Checks that messages in both directions arrive, and whether they are compressed.
fn assert_compressing(server: &mut Endpoint, client: &mut Endpoint, is_compressing: bool) {
    let (mut from, mut to) = (server, client);
    for _ in 0..2 {
        assert_eq!(from.connection().unwrap().is_compressing(), is_compressing);
        from.send_text(TEXT).unwrap();
        let (bytes, told) = pass(from, to);
        // RFC 7692 §6: RSV1 is the bit of a compressed message.
        assert_eq!(bytes[0], if is_compressing { 0xC1 } else { 0x81 });
        assert_eq!(told, [text(TEXT)]);
        (from, to) = (to, from);
    }
}

#[test]
fn endpoints_agree_on_compression_if_both_are_configured_so() {
    let plain = [settings(Role::Server), settings(Role::Client)];
    let set = [Role::Server, Role::Client].map(|role| deflating(role, &Deflate::default()));
    for server_is_set in [false, true] {
        for client_is_set in [false, true] {
            let server = if server_is_set { &set[0] } else { &plain[0] };
            let client = if client_is_set { &set[1] } else { &plain[1] };
            let (mut server, mut client, agreed) =
                open(server, client, &request(), |upgrade| Ok(upgrade));
            let is_compressing = server_is_set && client_is_set;
            let expected = is_compressing.then(|| String::from("permessage-deflate"));
            assert_eq!(agreed, expected);
            assert_compressing(&mut server, &mut client, is_compressing);
        }
    }
}

#[test]
fn both_settings_have_a_say_in_the_agreement() {
    let mut at_server = Deflate::default();
    at_server.client_max_window_bits = WindowBits::new(9).unwrap();
    at_server.min_len_without_takeover = 0;
    let mut at_client = Deflate::default();
    let quiet = DeflateOffer::default().server_no_context_takeover();
    at_client.offers.insert(0, quiet);
    let server = deflating(Role::Server, &at_server);
    let client = deflating(Role::Client, &at_client);
    let (mut server, mut client, agreed) =
        open(&server, &client, &request(), |upgrade| Ok(upgrade));
    let expected = "permessage-deflate; server_no_context_takeover; client_max_window_bits=9";
    assert_eq!(agreed.as_deref(), Some(expected));
    assert_compressing(&mut server, &mut client, true);
}

#[test]
fn a_program_may_choose_other_extensions_than_its_configuration() {
    let server = deflating(Role::Server, &Deflate::default());
    let client = deflating(Role::Client, &Deflate::default());
    let (mut server_end, mut client_end, agreed) =
        open(&server, &client, &request(), |upgrade| Ok(upgrade.without_extensions()));
    assert_eq!(agreed, None);
    assert_compressing(&mut server_end, &mut client_end, false);

    // A request that offers something else offers nothing more, and is sent as it is.
    for value in ["x-other", "permessage-deflate; server_no_context_takeover"] {
        let request = request().extensions(value).unwrap();
        let mut client = Endpoint::client(&client, &request, NONCE, at(0)).unwrap();
        let head = String::from_utf8(written(&mut client)).unwrap();
        assert!(head.contains(&format!("\r\nSec-WebSocket-Extensions: {value}\r\n")), "{head}");
        assert_eq!(head.matches("Extensions").count(), 1, "{head}");
    }
    let mut own = Deflate::default();
    own.offers = vec![DeflateOffer::bare().server_no_context_takeover()];
    let (.., agreed) = open(&server, &client, &request().deflate(&own), |upgrade| Ok(upgrade));
    assert_eq!(agreed.as_deref(), Some("permessage-deflate; server_no_context_takeover"));
}

#[test]
fn requests_that_are_accepted_unseen_are_compressed_too() {
    let mut settings = deflating(Role::Server, &Deflate::default());
    settings.requests = RequestPolicy::AcceptUnseen;
    let mut server = Endpoint::server(&settings, at(0)).unwrap();
    let client = deflating(Role::Client, &Deflate::default());
    let mut client = Endpoint::client(&client, &request(), NONCE, at(0)).unwrap();
    assert_eq!(pass(&mut client, &mut server).1, [Told::Opened(None)]);
    assert_eq!(pass(&mut server, &mut client).1, [Told::Opened(None)]);
    assert_compressing(&mut server, &mut client, true);
}

/// A server that accepts what was not offered fails the client, RFC 7692 §7.1.2.2.
#[test]
fn an_answer_that_was_not_offered_fails_the_client() {
    let mut own = Deflate::default();
    own.offers = vec![DeflateOffer::bare()];
    let start =
        || Endpoint::client(&deflating(Role::Client, &own), &request(), NONCE, at(0)).unwrap();
    let line = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\r\n\r\n";
    let head = RESPONSE.replacen("\r\n\r\n", &format!("\r\n{line}"), 1);
    let (all, endpoint) = every_way(start, head.as_bytes());
    let [Told::Failed(Error::InvalidResponse(error))] = &all[..] else { panic!("{all:?}") };
    let expected =
        "response \"permessage-deflate; client_max_window_bits=9\" accepts none of the offers";
    assert_eq!(error.to_string(), expected);
    assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
}
