//! Clients on hyper, with servers that are not.

use std::time::Duration;

use http::Response;
use http::header::HOST;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use sansock::Config;
use sansock::connection::ConfigMismatch;
use sansock::handshake::server;
use sansock::timer::Expired;
use sansock_tokio::hyper::ClientHandshake;
use sansock_tokio::{CloseCode, Error, Request, Settings, h2};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;

use crate::support::echo;

type Finished = (Response<Incoming>, ClientHandshake);

fn request() -> Request {
    Request::new("ws://a.example/chat?room=1").unwrap().subprotocol("chat").unwrap()
}

fn settings() -> Settings {
    Settings::new(Config::client())
}

/// Sends the request of a handshake over HTTP/1.1. Returns the response.
async fn http1(stream: DuplexStream) -> Finished {
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let (request, handshake) = ClientHandshake::http1::<String>(&request(), &settings()).unwrap();
    assert_eq!(request.uri(), "/chat?room=1");
    assert_eq!(request.headers()[HOST], "a.example");
    (client.send_request(request).await.unwrap(), handshake)
}

/// A client, and a server that writes this response and waits.
async fn answered_by(response: &'static str) -> (Finished, JoinHandle<()>) {
    let (client, mut server) = duplex(1 << 14);
    let server = tokio::spawn(async move {
        assert!(server.read(&mut [0; 1024]).await.unwrap() > 0);
        server.write_all(response.as_bytes()).await.unwrap();
        let _ = server.read(&mut [0; 1024]).await;
    });
    (http1(client).await, server)
}

#[tokio::test]
async fn messages_come_back_over_http1_and_those_that_came_with_the_response_are_first() {
    let (client, server) = duplex(1 << 14);
    let server = tokio::spawn(async move {
        let settings = Settings::new(Config::server());
        let answer = async |endpoint: &mut sansock::endpoint::Endpoint| {
            let _ = endpoint.accept_with(|upgrade| Ok(upgrade.select_subprotocol(&["chat"])));
            endpoint.send("first").unwrap();
        };
        echo(sansock_tokio::accept_with(server, &settings, answer).await.unwrap()).await
    });
    let (response, handshake) = http1(client).await;
    let (mut ws, opened) = handshake.finish(response, &settings()).await.unwrap();
    assert_eq!(opened.negotiated.subprotocol(), Some("chat"));
    assert_eq!(opened.response.unwrap().status(), 101);
    assert_eq!(ws.receive().await.unwrap(), Some("first".into()));
    for message in ["", "hello", &"m".repeat(1 << 20)] {
        ws.send(message).await.unwrap();
        assert!(ws.receive().await.unwrap() == Some(message.into()));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn messages_come_back_over_http2() {
    let (client, stream) = duplex(1 << 14);
    tokio::spawn(async move {
        let mut builder = ::h2::server::Builder::new();
        builder.enable_connect_protocol();
        let mut connection = builder.handshake(stream).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            assert_eq!(request.uri(), "http://a.example/chat?room=1");
            let settings = Settings::new(Config::server());
            let accepted = h2::accept_with(request, &mut respond, &settings, |upgrade| {
                Ok(upgrade.select_subprotocol(&["chat"]))
            });
            tokio::spawn(echo(accepted.unwrap().0));
        }
    });
    let (mut client, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);
    let (request, handshake) = ClientHandshake::http2::<String>(&request(), &settings()).unwrap();
    let response = client.send_request(request).await.unwrap();
    let (mut ws, opened) = handshake.finish(response, &settings()).await.unwrap();
    assert_eq!(opened.negotiated.subprotocol(), Some("chat"));
    assert_eq!(opened.response.unwrap().status(), 200);
    for message in ["", "hello", &"m".repeat(1 << 20)] {
        ws.send(message).await.unwrap();
        assert!(ws.receive().await.unwrap() == Some(message.into()));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
}

#[tokio::test]
async fn a_refusal_is_returned_with_its_body_up_to_a_limit() {
    let response =
        "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\nContent-Length: 7\r\n\r\nnot you";
    for (limit, body, is_complete) in
        [(100, "not you", true), (7, "not you", true), (6, "not yo", false), (0, "", false)]
    {
        let ((answer, handshake), _server) = answered_by(response).await;
        let mut settings = settings();
        settings.refusal_body = limit;
        let refused = handshake.finish(answer, &settings).await;
        let Err(Error::Refused(response)) = refused else { panic!("{refused:?}") };
        assert_eq!(response.head.status(), 401);
        assert_eq!(response.head.headers().first("www-authenticate"), Some(&b"Basic"[..]));
        assert_eq!((&response.body[..], response.is_complete), (body.as_bytes(), is_complete));
    }
}

#[tokio::test]
async fn a_body_that_is_cut_is_not_complete() {
    let response = "HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nnot you";
    let ((answer, handshake), server) = answered_by(response).await;
    server.abort();
    let refused = handshake.finish(answer, &settings()).await;
    let Err(Error::Refused(response)) = refused else { panic!("{refused:?}") };
    assert_eq!((&response.body[..], response.is_complete), (&b"not you"[..], false));
}

#[tokio::test]
async fn a_response_with_a_wrong_key_is_an_error() {
    let response = "HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let ((answer, handshake), _server) = answered_by(response).await;
    let error = handshake.finish(answer, &settings()).await.unwrap_err();
    assert!(error.to_string().contains("Sec-WebSocket-Accept"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let response = "HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nnot you";
    let ((answer, handshake), _server) = answered_by(response).await;
    let mut settings = settings();
    settings.handshake_timeout = Some(Duration::from_secs(3));
    let error = handshake.finish(answer, &settings).await.unwrap_err();
    assert!(matches!(error, Error::Expired(Expired::HandshakeTimeout)), "{error:?}");
}

#[tokio::test]
async fn settings_of_the_other_role_are_refused() {
    let response = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n";
    let ((answer, handshake), _server) = answered_by(response).await;
    let error = handshake.finish(answer, &Settings::new(Config::server())).await.unwrap_err();
    assert!(matches!(error, Error::Config(ConfigMismatch)), "{error:?}");
}

#[tokio::test]
async fn a_connection_without_upgrades_is_an_error() {
    let (client, mut stream) = duplex(1 << 14);
    let server = tokio::spawn(async move {
        let mut head = vec![0; 1024];
        let len = stream.read(&mut head).await.unwrap();
        let mut input = sansock::Input::new(&mut head[..len]);
        let request = server::ServerHandshake::default().receive(&mut input).unwrap().unwrap();
        stream.write_all(&request.upgrade().unwrap().accept().0).await.unwrap();
        let _ = stream.read(&mut head).await;
    });
    let (mut client, connection) = http1::handshake(TokioIo::new(client)).await.unwrap();
    tokio::spawn(connection);
    let (request, handshake) = ClientHandshake::http1::<String>(&request(), &settings()).unwrap();
    let response = client.send_request(request).await.unwrap();
    let error = handshake.finish(response, &settings()).await.unwrap_err();
    assert!(matches!(error, Error::Io(_)), "{error:?}");
    server.await.unwrap();
}
