//! hyper with HTTP/2.

use std::future::ready;

use h2::client::SendRequest;
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use hyper::body::Incoming;
use sansock::bytes::Bytes;
use sansock_tokio::hyper::{Handshake, UpgradedStream};
use sansock_tokio::sansock::handshake::client;
use sansock_tokio::{CloseCode, Error, Message, WebSocket};
use tokio::sync::mpsc;

use crate::servers::{Task, serve_http2, settings};
use crate::support::{echo, extended_connect, fetch, get, open};

/// A server that echoes, with the tasks that echo.
async fn echo_server() -> (SendRequest<Bytes>, mpsc::Receiver<Task<()>>) {
    let (tasks, opened) = mpsc::channel(1);
    let client = serve_http2(move |mut request: Request<Incoming>| {
        let handshake = match Handshake::new(&mut request) {
            Ok(handshake) => handshake,
            Err(refusal) => return ready(refusal.response()),
        };
        let (response, opening) = handshake
            .accept_with(&settings(), |upgrade| {
                assert_eq!(upgrade.subprotocols(), ["b", "a"]);
                Ok(upgrade.select_subprotocol(&["a", "b"]))
            })
            .unwrap();
        let task = tokio::spawn(async { echo(opening.await?).await });
        tasks.try_send(task).unwrap();
        ready(response)
    })
    .await;
    (client, opened)
}

fn request() -> client::Request {
    let request = client::Request::new("wss://a.example/chat").unwrap();
    request.subprotocol("b").unwrap().subprotocol("a").unwrap()
}

#[tokio::test]
async fn a_websocket_and_pages_share_a_connection() {
    let (mut client, mut tasks) = echo_server().await;
    let (mut ws, subprotocol) = open(&mut client, &request()).await;
    assert_eq!(subprotocol.as_deref(), Some("a"));
    for message in [String::new(), "hello".into(), "é".repeat(1 << 19)] {
        ws.send(&*message).await.unwrap();
        let (status, _) = get(&mut client, "http://a.example/").await;
        assert_eq!(status, 405);
        assert!(ws.receive().await.unwrap() == Some(Message::from(&*message)));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
    tasks.recv().await.unwrap().await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stream_that_ends_without_a_close_is_an_error() {
    let (mut client, mut tasks) = echo_server().await;
    let (ws, _) = open(&mut client, &request()).await;
    let (mut stream, _, _) = ws.into_parts();
    tokio::io::AsyncWriteExt::shutdown(&mut stream).await.unwrap();
    let ended = tasks.recv().await.unwrap().await.unwrap();
    assert!(matches!(ended, Err(Error::UnexpectedEof)), "{ended:?}");
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_an_error() {
    let (mut client, mut tasks) = echo_server().await;
    drop(open(&mut client, &request()).await);
    let ended = tasks.recv().await.unwrap().await.unwrap();
    // hyper says so of CANCEL.
    assert!(matches!(ended, Err(Error::UnexpectedEof)), "{ended:?}");
}

#[tokio::test]
async fn what_is_no_handshake_is_refused_with_the_reason() {
    let (mut client, _tasks) = echo_server().await;
    let mut other = extended_connect(&request());
    other.extensions_mut().insert(Protocol::from_static("connect-udp"));
    let mut old = extended_connect(&request());
    old.headers_mut().insert("sec-websocket-version", "12".parse().unwrap());
    let mut head = Request::head("http://a.example/").body(()).unwrap();
    *head.version_mut() = http::Version::HTTP_2;
    let cases = [
        (Request::get("http://a.example/").body(()).unwrap(), 405, "method \"GET\" is not CONNECT"),
        (head, 405, ""),
        (other, 501, "protocol \"connect-udp\" is not websocket"),
        (old, 400, "WebSocket version \"12\" is not 13"),
    ];
    for (request, status, text) in cases {
        let case = format!("{request:?}");
        assert_eq!(fetch(&mut client, request).await, (status, text.into()), "{case}");
    }
}

/// A WebSocket of a server, and the client's halves of its stream.
async fn raw() -> (SendRequest<Bytes>, WebSocket<UpgradedStream>, SendStream<Bytes>, RecvStream) {
    let (sender, mut openings) = mpsc::channel(1);
    let mut client = serve_http2(move |mut request: Request<Incoming>| {
        let Ok(handshake) = Handshake::new(&mut request) else { return ready(Response::default()) };
        let (response, opening) = handshake.accept(&settings()).unwrap();
        sender.try_send(opening).unwrap();
        ready(response)
    })
    .await;
    let (response, send) = client.send_request(extended_connect(&request()), false).unwrap();
    let body = response.await.unwrap().into_body();
    let ws = openings.recv().await.unwrap().await.unwrap();
    (client, ws, send, body)
}

#[tokio::test]
async fn a_websocket_that_is_dropped_ends_the_stream() {
    let (mut client, ws, _send, mut body) = raw().await;
    drop(ws);
    // Without a Close, which is an error of the WebSocket.
    assert_eq!(body.data().await.unwrap().unwrap(), "");
    assert!(body.is_end_stream());
    get(&mut client, "http://a.example/").await;
}

/// hyper makes a DATA frame of each write.
#[tokio::test]
async fn many_messages_are_few_frames() {
    let (_client, mut ws, _send, mut body) = raw().await;
    // Messages that are shared are slices of their own.
    let message = sansock::message::PreparedMessage::new("m".repeat(1000));
    for _ in 0..50 {
        ws.connection().send_prepared(&message).unwrap();
        ws.queue("x").unwrap();
    }
    ws.flush().await.unwrap();
    let (mut bytes, mut frames) = (0, 0);
    while bytes < 50 * (1004 + 3) {
        bytes += body.data().await.unwrap().unwrap().len();
        frames += 1;
    }
    assert!(frames <= 10, "{frames} frames");
}

/// hyper ends a connection on which about two thousand of them are unread.
#[tokio::test]
async fn many_small_frames_are_received_by_a_half_while_the_other_waits_to_send() {
    let (mut client, ws, mut send, _body) = raw().await;
    let (mut receive, mut sender) = ws.split();
    let sending = tokio::spawn(async move { sender.send("m".repeat(1 << 20)).await });
    for _ in 0..40 {
        for _ in 0..100 {
            send.send_data((&b"\x81\x82\0\0\0\0hi"[..]).into(), false).unwrap();
        }
        for _ in 0..100 {
            assert_eq!(receive.receive().await.unwrap(), Some("hi".into()));
        }
    }
    get(&mut client, "http://a.example/").await;
    assert!(!sending.is_finished());
}
