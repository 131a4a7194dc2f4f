//! hyper with HTTP/1.1.

use std::sync::Mutex;
use std::time::Duration;

use http::{Request, Response, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sansock_tokio::hyper::{AcceptError, Handshake, Opening, Refusal};
use sansock_tokio::sansock::Config;
use sansock_tokio::sansock::handshake::BuildError;
use sansock_tokio::{Error, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::oneshot;

use crate::servers::{Task, serve_http1, settings};
use crate::support::echo;

const HEAD: &str = "GET /chat HTTP/1.1\r\n\
    Host: a.example\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: chat\r\n\
    \r\n";

/// A server that echoes, with the task of its one WebSocket.
fn echo_server() -> (DuplexStream, oneshot::Receiver<Task<()>>) {
    let (opened, task) = oneshot::channel();
    let opened = Mutex::new(Some(opened));
    let client = serve_http1(move |mut request| {
        let handshake = match Handshake::new(&mut request) {
            Ok(handshake) => handshake,
            Err(refusal) => return std::future::ready(refusal.response()),
        };
        let (response, opening) = handshake
            .accept_with(&settings(), |upgrade| {
                assert_eq!(upgrade.subprotocols(), ["chat"]);
                upgrade.subprotocol("chat")?.header("X-Room", "7")
            })
            .unwrap();
        assert_eq!(opening.negotiated().subprotocol(), Some("chat"));
        let task = tokio::spawn(async { echo(opening.await?).await });
        opened.lock().unwrap().take().unwrap().send(task).unwrap();
        std::future::ready(response)
    });
    (client, task)
}

/// Reads the head of a response, and nothing after it.
async fn read_head(client: &mut DuplexStream) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(client.read_u8().await.unwrap().into());
    }
    head
}

#[tokio::test]
async fn a_frame_that_comes_with_the_request_is_received() {
    let (mut client, task) = echo_server();
    let mut sent = HEAD.as_bytes().to_vec();
    sent.extend(b"\x81\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xe8");
    client.write_all(&sent).await.unwrap();

    let head = read_head(&mut client).await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    for line in ["sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "x-room: 7"] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{line:?} is not in {head}");
    }
    assert!(head.contains("\r\nsec-websocket-protocol: chat\r\n"), "{head}");
    let mut frames = Vec::new();
    client.read_to_end(&mut frames).await.unwrap();
    assert_eq!(frames, b"\x81\x02hi\x88\x02\x03\xe8");
    drop(client);
    task.await.unwrap().await.unwrap().unwrap();
}

#[tokio::test]
async fn an_end_without_a_close_is_an_error() {
    let (mut client, task) = echo_server();
    client.write_all(HEAD.as_bytes()).await.unwrap();
    read_head(&mut client).await;
    client.shutdown().await.unwrap();
    let ended = task.await.unwrap().await.unwrap();
    assert!(matches!(ended, Err(Error::UnexpectedEof)), "{ended:?}");
}

#[tokio::test]
async fn what_is_no_handshake_is_refused_with_the_reason() {
    let plain = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned();
    let cases = [
        (plain.clone(), "426 Upgrade Required", "upgrade: websocket"),
        (plain.replace("GET", "POST"), "405 Method Not Allowed", "allow: GET"),
        (HEAD.replace(": 13", ": 12"), "426 Upgrade Required", "sec-websocket-version: 13"),
        (HEAD.replace("nonce", "").replace("==", ""), "400 Bad Request", "connection: close"),
        (HEAD.replace("TTP/1.1", "TTP/1.0"), "400 Bad Request", "content-type: text/plain"),
    ];
    for (request, status, field) in cases {
        let (mut client, _) = echo_server();
        client.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).await.unwrap();
        let (line, rest) = response.split_once("\r\n").unwrap();
        assert_eq!(line.split_once(' ').unwrap().1, status, "to {request}");
        assert!(rest.contains(field), "{field:?} is not in {response}");
    }
}

/// A request as hyper parses it, from a connection that goes on.
async fn request_of_hyper() -> (Request<hyper::body::Incoming>, DuplexStream) {
    let (sender, receiver) = oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let mut client = serve_http1(move |request| {
        sender.lock().unwrap().take().unwrap().send(request).unwrap();
        std::future::pending()
    });
    client.write_all(HEAD.as_bytes()).await.unwrap();
    (receiver.await.unwrap(), client)
}

#[tokio::test]
async fn a_request_is_accepted_only_once() {
    let (mut request, _client) = request_of_hyper().await;
    let _taken = hyper::upgrade::on(&mut request);
    let refusal = Handshake::new(&mut request).unwrap_err();
    assert_eq!(refusal, Refusal::NotUpgradable);
    let response: Response<String> = refusal.response();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain");
}

#[tokio::test]
async fn a_choice_that_is_not_possible_is_an_error() {
    let accepted = |settings: Settings, name: &'static str| async move {
        let (mut request, _client) = request_of_hyper().await;
        let handshake = Handshake::new(&mut request).unwrap();
        handshake.accept_with::<()>(&settings, |upgrade| upgrade.subprotocol(name)).unwrap_err()
    };
    let error = accepted(settings(), "other").await;
    assert!(matches!(error, AcceptError::Build(BuildError::UnofferedSubprotocol { .. })));
    let error = accepted(Settings::new(Config::client()), "chat").await;
    assert!(matches!(error, AcceptError::Config(_)));
}

#[tokio::test]
async fn a_response_that_is_not_sent_is_an_error() {
    let (mut request, client) = request_of_hyper().await;
    let handshake = Handshake::new(&mut request).unwrap();
    let (_, opening) = handshake.accept::<()>(&settings()).unwrap();
    drop((request, client));
    assert!(matches!(opening.await, Err(Error::Io(_))));
}

/// Serves over `stream` without upgrades if `upgrades` is not set. Returns what is to be opened.
async fn opening(settings: Settings, upgrades: bool, stream: DuplexStream) -> Opening {
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        let sender = Mutex::new(Some(sender));
        let service = service_fn(|mut request: Request<hyper::body::Incoming>| {
            let accepted = Handshake::new(&mut request).unwrap().accept(&settings);
            let (response, opening): (Response<String>, _) = accepted.unwrap();
            sender.lock().unwrap().take().unwrap().send(opening).unwrap();
            async { Ok::<_, std::convert::Infallible>(response) }
        });
        let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        if upgrades { serving.with_upgrades().await } else { serving.await }
    });
    receiver.await.unwrap()
}

#[tokio::test]
async fn a_connection_without_upgrades_is_an_error() {
    let (mut client, server) = duplex(1 << 16);
    client.write_all(HEAD.as_bytes()).await.unwrap();
    let opened = opening(settings(), false, server).await.await;
    assert!(matches!(opened, Err(Error::Io(_))), "{opened:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_response_is_late() {
    let (mut client, server) = duplex(64);
    let mut settings = settings();
    settings.handshake_timeout = Some(Duration::from_secs(5));
    let (_, opening) =
        tokio::join!(client.write_all(HEAD.as_bytes()), opening(settings, true, server));
    let opened = opening.await;
    assert!(matches!(opened, Err(Error::Expired(_))), "{opened:?}");
    drop(client);
}
