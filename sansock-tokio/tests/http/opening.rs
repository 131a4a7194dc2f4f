//! Opening handshakes over h2, at both ends.

use std::io::ErrorKind;
use std::time::Duration;

use ::h2::client::SendRequest;
use ::h2::server::SendResponse;
use ::h2::{PingPong, RecvStream};
use http::{Request, Response};
use sansock::Config;
use sansock::bytes::Bytes;
use sansock::connection::ConfigMismatch;
use sansock::handshake::client;
use sansock::handshake::connect::ConnectRefusal;
use sansock::timer::Expired;
use sansock_tokio::h2::{self, AcceptError};
use sansock_tokio::{Error, Settings};
use tokio::io::duplex;

use crate::support::{extended_connect, fetch};

/// A client whose server has not sent its settings yet, and the means to wait for them.
async fn connection(
    allows: bool,
    mut answer: impl FnMut(Request<RecvStream>, SendResponse<Bytes>) + Send + 'static,
) -> (SendRequest<Bytes>, PingPong) {
    let (client, server) = duplex(1 << 14);
    tokio::spawn(async move {
        let mut builder = ::h2::server::Builder::new();
        if allows {
            builder.enable_connect_protocol();
        }
        let mut connection = builder.handshake(server).await.unwrap();
        while let Some(Ok((request, respond))) = connection.accept().await {
            answer(request, respond);
        }
    });
    let (client, mut connection) = ::h2::client::handshake(client).await.unwrap();
    let ping_pong = connection.ping_pong().unwrap();
    tokio::spawn(connection);
    (client, ping_pong)
}

/// A client whose server has sent its settings.
async fn ready(
    answer: impl FnMut(Request<RecvStream>, SendResponse<Bytes>) + Send + 'static,
) -> SendRequest<Bytes> {
    let (client, mut pings) = connection(true, answer).await;
    pings.ping(::h2::Ping::opaque()).await.unwrap();
    client
}

fn request() -> client::Request {
    client::Request::new("wss://a.example/chat").unwrap()
}

fn settings() -> Settings {
    Settings::new(Config::client())
}

fn server_settings() -> Settings {
    Settings::new(Config::server())
}

async fn refused(client: &SendRequest<Bytes>, settings: &Settings) -> Error {
    h2::connect(client, &request(), settings).await.unwrap_err()
}

#[tokio::test]
async fn a_client_that_asks_before_the_settings_have_come_is_told() {
    let (client, mut pings) = connection(true, |request, mut respond| {
        // The task of the connection sends the response.
        drop(h2::accept(request, &mut respond, &server_settings()).unwrap());
    })
    .await;
    let error = refused(&client, &settings()).await;
    assert!(
        matches!(&error, Error::Io(error) if error.kind() == ErrorKind::Unsupported),
        "{error:?}"
    );
    pings.ping(::h2::Ping::opaque()).await.unwrap();
    h2::connect(&client, &request(), &settings()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_allow_it_is_not_asked() {
    let (client, mut pings) = connection(false, |_, _| panic!("no request")).await;
    pings.ping(::h2::Ping::opaque()).await.unwrap();
    let error = refused(&client, &settings()).await;
    assert_eq!(error.to_string(), "the server's settings do not allow Extended CONNECT");
}

#[tokio::test]
async fn both_ends_know_what_was_agreed_on() {
    let (sender, mut accepted) = tokio::sync::mpsc::unbounded_channel();
    let client = ready(move |request, mut respond| {
        let opened = h2::accept_with(request, &mut respond, &server_settings(), |upgrade| {
            upgrade.select_subprotocol(&["b", "c"]).header("x-extra", "1")
        });
        let opened = opened.unwrap();
        sender.send(opened).unwrap();
    })
    .await;
    let request = request().subprotocol("a").unwrap().subprotocol("b").unwrap();
    let (mut ws, opened) = h2::connect(&client, &request, &settings()).await.unwrap();
    let (mut server, negotiated) = accepted.recv().await.unwrap();
    assert_eq!(negotiated, opened.negotiated);
    assert_eq!(negotiated.subprotocol(), Some("b"));
    let response = opened.response.unwrap();
    assert_eq!((response.status(), response.headers().first("x-extra")), (200, Some(&b"1"[..])));
    server.send("hi").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), Some("hi".into()));
}

#[tokio::test]
async fn a_refusal_is_returned_with_its_body_up_to_a_limit() {
    let client = ready(|_, mut respond| {
        let response = Response::builder().status(403).header("x-why", "origin").body(()).unwrap();
        let mut send = respond.send_response(response, false).unwrap();
        send.send_data("not ".into(), false).unwrap();
        send.send_data("you".into(), true).unwrap();
    })
    .await;
    for (limit, body, is_complete) in
        [(100, "not you", true), (7, "not you", true), (6, "not yo", false), (0, "", false)]
    {
        let mut settings = settings();
        settings.refusal_body = limit;
        let Error::Refused(response) = refused(&client, &settings).await else { panic!() };
        assert_eq!(response.head.status(), 403);
        assert_eq!(response.head.headers().first("x-why"), Some(&b"origin"[..]));
        assert_eq!((&response.body[..], response.is_complete), (body.as_bytes(), is_complete));
    }
}

#[tokio::test]
async fn a_response_that_breaks_the_rfc_is_an_error() {
    let client = ready(|_, mut respond| {
        let response = Response::builder().header("sec-websocket-protocol", "unasked");
        respond.send_response(response.body(()).unwrap(), false).unwrap();
    })
    .await;
    let error = refused(&client, &settings()).await;
    assert!(error.to_string().contains("subprotocol \"unasked\" was not offered"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    let mut waiting = Vec::new();
    let client = ready(move |request, respond| waiting.push((request, respond))).await;
    let mut settings = settings();
    settings.handshake_timeout = Some(Duration::from_secs(3));
    let error = refused(&client, &settings).await;
    assert!(matches!(error, Error::Expired(Expired::HandshakeTimeout)), "{error:?}");
}

#[tokio::test]
async fn settings_of_the_other_role_are_refused() {
    let (sender, mut errors) = tokio::sync::mpsc::unbounded_channel();
    let client = ready(move |request, mut respond| {
        sender.send(h2::accept(request, &mut respond, &settings()).unwrap_err()).unwrap();
        // Nothing was sent, so the program can.
        let response = Response::builder().status(500).body(()).unwrap();
        respond.send_response(response, true).unwrap();
    })
    .await;
    let error = refused(&client, &server_settings()).await;
    assert!(matches!(error, Error::Config(ConfigMismatch)), "{error:?}");
    let Error::Refused(response) = refused(&client, &settings()).await else { panic!() };
    assert_eq!(response.head.status(), 500);
    assert!(matches!(errors.recv().await, Some(AcceptError::Config(ConfigMismatch))));
}

#[tokio::test]
async fn a_request_that_is_no_opening_handshake_is_answered() {
    let (sender, mut errors) = tokio::sync::mpsc::unbounded_channel();
    let mut client = ready(move |request, mut respond| {
        sender.send(h2::accept(request, &mut respond, &server_settings()).unwrap_err()).unwrap();
    })
    .await;
    let mut old = extended_connect(&request());
    old.headers_mut().insert("sec-websocket-version", "8".parse().unwrap());
    let mut other = extended_connect(&request());
    other.extensions_mut().insert(::h2::ext::Protocol::from_static("connect-udp"));
    let get = Request::get("https://a.example/chat").body(()).unwrap();
    for (request, status) in [(old, 400), (other, 501), (get, 405)] {
        let (answered, content) = fetch(&mut client, request).await;
        let Some(AcceptError::Refused(refusal)) = errors.recv().await else { panic!() };
        assert_eq!((answered, refusal.status()), (status, status));
        assert_eq!(content, ConnectRefusal::content(&refusal));
        assert!(!content.is_empty());
    }
}
