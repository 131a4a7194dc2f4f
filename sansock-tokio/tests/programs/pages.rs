//! The servers on hyper and axum.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use futures_util::{SinkExt, StreamExt};
use h2::client::SendRequest;
use h2::ext::Protocol;
use http::{Request, Version};
use sansock_tokio::h2::H2Stream;
use sansock_tokio::sansock::bytes::Bytes;
use sansock_tokio::sansock::{Config, Connection};
use sansock_tokio::{CloseCode, Message as Received, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream as TokioStream;
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;

use crate::program::{PATIENCE, Program};
use crate::{address, close, connect, connect_tls, text};

const ANY: &str = "127.0.0.1:0";

/// Returns the whole response to a request by HTTP/1.1.
fn get(address: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

fn messages_come_back(address: &str) {
    let mut peer = connect(address, "/echo");
    for sent in ["", "hello", &"κόσμε".repeat(100_000)] {
        peer.send(Message::text(sent)).unwrap();
        assert!(text(&mut peer) == sent);
    }
    assert_eq!(close(peer), None);
}

#[test]
fn axum_extracts_a_websocket() {
    let server = Program::start("axum_extractor", &[ANY]);
    let address = address(&server, "http");
    messages_come_back(&address);
    let response = get(&address, "/echo");
    assert!(response.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{response}");
}

#[test]
fn hyper_serves_a_page_and_a_websocket_at_one_address() {
    let server = Program::start("hyper_page_and_echo", &[ANY]);
    let address = address(&server, "http");
    let page = get(&address, "/");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("new WebSocket("), "{page}");
    messages_come_back(&address);

    let mut request = format!("ws://{address}/echo").into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "chat, echo".parse().unwrap());
    let stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (peer, response) = tungstenite::client(request, stream).unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "echo");
    assert_eq!(close(peer), None);
}

#[tokio::test]
async fn hyper_serves_both_over_one_connection_of_http2() {
    let server = Program::start("hyper_page_and_echo", &[ANY]);
    let address = address(&server, "http");
    let stream = TokioStream::connect(&address).await.unwrap();
    let url = format!("http://{address}");
    messages_come_back_between_pages(stream, &url, "chat", (200, "<!doctype html>")).await;
}

#[tokio::test]
async fn hyper_serves_the_version_of_http_that_alpn_chooses() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hyper_page_and_echo.pem");
    let server = Program::start("hyper_page_and_echo", &[ANY, ANY, file.to_str().unwrap()]);
    let _plain = address(&server, "http");
    let address = address(&server, "https");

    let stream = connect_tls(&address, &file, &["http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let url = format!("wss://{address}/echo");
    let (mut peer, response) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
    peer.send(Message::text("hello")).await.unwrap();
    assert_eq!(peer.next().await.unwrap().unwrap(), Message::text("hello"));
    peer.close(None).await.unwrap();
    while let Some(message) = peer.next().await {
        assert!(message.unwrap().is_close());
    }
    assert_eq!(server.line(), "WebSocket over HTTP/1.1");

    let stream = connect_tls(&address, &file, &["http/1.1", "h2"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let url = format!("https://{address}");
    messages_come_back_between_pages(stream, &url, "chat", (200, "<!doctype html>")).await;
    assert_eq!(server.line(), "WebSocket over HTTP/2.0");
}

#[tokio::test]
async fn axum_extracts_a_websocket_over_http2() {
    let server = Program::start("axum_extractor", &[ANY]);
    let address = address(&server, "http");
    let stream = TokioStream::connect(&address).await.unwrap();
    messages_come_back_between_pages(stream, &format!("http://{address}"), "", (404, "")).await;
}

/// Uses a WebSocket and sends requests in turn over one connection of HTTP/2. `page` is the status
/// of `/`, and how it begins.
async fn messages_come_back_between_pages(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    url: &str,
    subprotocol: &str,
    page: (u16, &str),
) {
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    expect_page(&mut client, url, page).await;
    // The settings have come with the response at the latest.
    assert!(client.is_extended_connect_protocol_enabled());

    let ask = |path| {
        Request::connect(format!("{url}{path}"))
            .header("sec-websocket-version", "13")
            .header("sec-websocket-protocol", "chat")
            .extension(Protocol::from_static("websocket"))
            .body(())
            .unwrap()
    };
    let (response, _) = client.send_request(ask("/"), false).unwrap();
    assert_eq!(response.await.unwrap().status(), 404, "a page is no WebSocket");

    let (response, send) = client.send_request(ask("/echo"), false).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    let chosen = response.headers().get("sec-websocket-protocol");
    assert_eq!(chosen.map_or("", |chosen| chosen.to_str().unwrap()), subprotocol);
    let stream = H2Stream::new(send, response.into_body());
    let mut ws = WebSocket::from_parts(stream, &[], Connection::new(Config::client()), None);
    for sent in ["", "hello", &"κόσμε".repeat(100_000)] {
        ws.send(sent).await.unwrap();
        expect_page(&mut client, url, page).await;
        assert!(ws.receive().await.unwrap() == Some(Received::from(sent)));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
}

async fn expect_page(client: &mut SendRequest<Bytes>, url: &str, page: (u16, &str)) {
    let request = Request::get(format!("{url}/")).body(()).unwrap();
    let response = client.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(response.status(), page.0);
    let data = response.into_body().data().await.transpose().unwrap().unwrap_or_default();
    assert!(data.starts_with(page.1.as_bytes()));
}
