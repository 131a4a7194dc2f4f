//! The servers on hyper and axum.

use std::io::{Read, Write};
use std::net::TcpStream;

use h2::client::SendRequest;
use h2::ext::Protocol;
use http::Request;
use sansock_tokio::h2::H2Stream;
use sansock_tokio::sansock::bytes::Bytes;
use sansock_tokio::sansock::{Config, Connection};
use sansock_tokio::{CloseCode, Message as Received, WebSocket};
use tokio::net::TcpStream as TokioStream;
use tungstenite::Message;
use tungstenite::client::IntoClientRequest;

use crate::program::{PATIENCE, Program};
use crate::{address, close, connect, text};

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
    messages_come_back_between_pages(&address, "chat", (200, "<!doctype html>")).await;
}

#[tokio::test]
async fn axum_extracts_a_websocket_over_http2() {
    let server = Program::start("axum_extractor", &[ANY]);
    let address = address(&server, "http");
    messages_come_back_between_pages(&address, "", (404, "")).await;
}

/// Uses a WebSocket and sends requests in turn over one connection of HTTP/2. `page` is the status
/// of `/`, and how it begins.
async fn messages_come_back_between_pages(address: &str, subprotocol: &str, page: (u16, &str)) {
    let stream = TokioStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    expect_page(&mut client, address, page).await;
    // The settings have come with the response at the latest.
    assert!(client.is_extended_connect_protocol_enabled());

    let request = Request::connect(format!("http://{address}/echo"))
        .header("sec-websocket-version", "13")
        .header("sec-websocket-protocol", "chat")
        .extension(Protocol::from_static("websocket"))
        .body(())
        .unwrap();
    let (response, send) = client.send_request(request, false).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    let chosen = response.headers().get("sec-websocket-protocol");
    assert_eq!(chosen.map_or("", |chosen| chosen.to_str().unwrap()), subprotocol);
    let stream = H2Stream::new(send, response.into_body());
    let mut ws = WebSocket::from_parts(stream, &[], Connection::new(Config::client()), None);
    for sent in ["", "hello", &"κόσμε".repeat(100_000)] {
        ws.send(sent).await.unwrap();
        expect_page(&mut client, address, page).await;
        assert!(ws.receive().await.unwrap() == Some(Received::from(sent)));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
}

async fn expect_page(client: &mut SendRequest<Bytes>, address: &str, page: (u16, &str)) {
    let request = Request::get(format!("http://{address}/")).body(()).unwrap();
    let response = client.send_request(request, true).unwrap().0.await.unwrap();
    assert_eq!(response.status(), page.0);
    let data = response.into_body().data().await.transpose().unwrap().unwrap_or_default();
    assert!(data.starts_with(page.1.as_bytes()));
}
