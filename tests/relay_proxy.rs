//! The example's proxy: its handshakes over TCP, and its tunnel over transports in memory with a
//! simulated clock.
#![cfg(all(feature = "handshake", feature = "rand"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "../examples/client/connect.rs"]
mod connect;
#[path = "../examples/relay/proxy.rs"]
mod proxy;
#[path = "../examples/relay/request.rs"]
mod request;
mod support;
#[path = "../examples/echo_server/transport.rs"]
mod transport;
#[path = "../examples/relay/tunnel.rs"]
mod tunnel;

use std::time::Duration;

use proxy::Failure;
use sansock::handshake::server::ServerHandshake;
use sansock::{Input, Role};
use support::{close_body, fragmented_for, frame_for, frames, head_for};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tunnel::Tunnel;

const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: proxy\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\nCookie: c=1\r\nX-Other: x\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// Returns a listening server and its URL.
async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Returns a client's end of a proxy to the server at this URL, after sending `bytes`.
async fn ask(url: String, bytes: &[u8]) -> (DuplexStream, JoinHandle<Result<(), Failure>>) {
    let (mut client, stream) = duplex(4096);
    let proxy = tokio::spawn(async move { proxy::serve(Box::new(stream), &url, IDLE_LIMIT).await });
    client.write_all(bytes).await.unwrap();
    (client, proxy)
}

/// Reads up to the end of a head.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    rest
}

/// Accepts a connection. Returns it with its request.
async fn accept(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let request = head(&mut stream).await;
    (stream, request)
}

#[tokio::test]
async fn the_server_decides_and_frames_follow_at_once() {
    let (listener, url) = listen().await;
    let early = frame_for(Role::Server, 0x81, b"early");
    let (mut client, proxy) = ask(url, &[REQUEST.as_bytes(), &early].concat()).await;

    let (mut server, request) = accept(&listener).await;
    assert!(request.starts_with("GET /chat?room=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nCookie: c=1\r\n") && !request.contains("X-Other"), "{request}");
    assert!(request.contains("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"), "{request}");
    let mut bytes = request.clone().into_bytes();
    let parsed = ServerHandshake::default().receive(&mut Input::new(&mut bytes)).unwrap();
    let parsed = parsed.unwrap();
    let upgrade = parsed.upgrade().unwrap();
    assert!(upgrade.subprotocols().eq(["a", "b"]));
    let answer = upgrade.subprotocol("b").unwrap().accept().0;
    server.write_all(&[&answer[..], b"\x81\x02hi"].concat()).await.unwrap();

    let response = head(&mut client).await;
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    assert!(response.contains("\r\nSec-WebSocket-Protocol: b\r\n"), "{response}");
    assert!(!response.contains("Extensions"), "{response}");
    let mut hi = [0; 4];
    client.read_exact(&mut hi).await.unwrap();
    assert_eq!(&hi, b"\x81\x02hi");
    client.shutdown().await.unwrap();
    let received = frames(&rest(&mut server).await);
    assert_eq!((received.len(), received[0].content()), (1, (0x81, &b"early"[..])));
    assert!(received[0].key.is_some());
    drop(server);
    assert_eq!(rest(&mut client).await, b"");
    proxy.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_extension_of_both_ends_is_passed_on_with_its_frames() {
    for is_agreed in [true, false] {
        let (listener, url) = listen().await;
        let (mut client, proxy) = ask(url, REQUEST.as_bytes()).await;
        let (mut server, request) = accept(&listener).await;
        let mut request = request.into_bytes();
        let request = ServerHandshake::default().receive(&mut Input::new(&mut request)).unwrap();
        let request = request.unwrap();
        let mut upgrade = request.upgrade().unwrap();
        if is_agreed {
            upgrade = upgrade.extensions("permessage-deflate").unwrap();
        }
        server.write_all(&upgrade.accept().0).await.unwrap();
        let response = head(&mut client).await;
        let line = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
        assert_eq!(response.contains(line), is_agreed, "{response}");

        // RSV1, which RFC 7692 §6 defines.
        client.write_all(&frame_for(Role::Server, 0xC1, b"any")).await.unwrap();
        client.shutdown().await.unwrap();
        let received = frames(&rest(&mut server).await);
        drop(server);
        rest(&mut client).await;
        let outcome = proxy.await.unwrap();
        if is_agreed {
            assert_eq!((received.len(), received[0].content()), (1, (0xC1, &b"any"[..])));
            outcome.unwrap();
        } else {
            assert_eq!((received.len(), received[0].first), (1, 0x88));
            let fault = outcome.unwrap_err().to_string();
            assert!(fault.contains("reserved bits"), "{fault}");
        }
    }
}

/// Returns all that a client receives if its server answers so, and the outcome of its proxy.
async fn refused(answer: &str) -> (String, Result<(), Failure>) {
    let (listener, url) = listen().await;
    let (mut client, proxy) = ask(url, REQUEST.as_bytes()).await;
    let (mut server, _) = accept(&listener).await;
    server.write_all(answer.as_bytes()).await.unwrap();
    let response = rest(&mut client).await;
    drop(client);
    (String::from_utf8(response).unwrap(), proxy.await.unwrap())
}

#[tokio::test]
async fn a_server_that_refuses_is_believed() {
    let (response, outcome) = refused(
        "HTTP/1.1 401 Who are you?\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\
         Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: text/plain\r\n\
         Content-Length: 4\r\n\r\nbody",
    )
    .await;
    let expected = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\
        Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: text/plain\r\n\
        Connection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(response, expected);
    outcome.unwrap();
}

#[tokio::test]
async fn headers_for_one_hop_stay_on_it() {
    let (response, outcome) = refused(
        "HTTP/1.1 302 Found\r\nConnection: close, X-Hop\r\nConnection: x-other\r\nX-Hop: 1\r\n\
         X-Other: 1\r\nKeep-Alive: 1\r\nProxy-Connection: a\r\nTE: a\r\nTrailer: a\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Accept: a\r\nTransfer-Encoding: chunked\r\n\
         Location: /elsewhere\r\n\r\n0\r\n\r\n",
    )
    .await;
    let expected = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\
        Connection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(response, expected);
    outcome.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_502() {
    for (answer, why) in [
        ("HTTP/1.1 700 What\r\n\r\n", "invalid status code 700"),
        ("HTTP/2 200\r\n\r\n", "unexpected byte 0x32 at offset 5"),
    ] {
        let (response, outcome) = refused(answer).await;
        assert!(response.starts_with("HTTP/1.1 502 "), "{response}");
        let reason = outcome.unwrap_err().to_string();
        assert!(reason.starts_with("502 for ws://127.0.0.1:"), "{reason}");
        assert!(reason.contains("/chat?room=1: ") && reason.ends_with(why), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_a_504() {
    let (_listener, url) = listen().await;
    let (mut client, proxy) = ask(url.clone(), REQUEST.as_bytes()).await;
    let response = head(&mut client).await;
    assert!(response.starts_with("HTTP/1.1 504 "), "{response}");
    // The client stays longer than the proxy waits for it. The log must have the first reason.
    let reason = proxy.await.unwrap().unwrap_err().to_string();
    assert!(reason.starts_with(&format!("504 for {url}/chat?room=1: ")), "{reason}");
    assert!(reason.ends_with("no complete answer within 10s"), "{reason}");
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_ask_is_left_after_ten_seconds() {
    let (mut client, proxy) = ask("ws://127.0.0.1:1".into(), b"GET / HTTP/1.1\r\n").await;
    let start = Instant::now();
    assert_eq!(rest(&mut client).await, b"");
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    let reason = proxy.await.unwrap().unwrap_err().to_string();
    assert_eq!(reason, "request timed out");
}

#[tokio::test]
async fn a_request_for_no_tunnel_is_refused() {
    let absolute = REQUEST.replace("/chat?room=1", "http://elsewhere/");
    for (request, status) in [
        (&absolute[..], " 400 "),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", " 426 "),
        ("\x16\x03\x01\x02", " 400 "), // TLS
    ] {
        let (mut client, proxy) = ask("ws://127.0.0.1:1".into(), request.as_bytes()).await;
        let response = head(&mut client).await;
        assert!(response.contains(status), "{response}");
        drop(client);
        proxy.await.unwrap().unwrap();
    }
}

/// Returns the client's end of a tunnel, the server's end, and the outcome.
fn tunnel() -> (DuplexStream, DuplexStream, JoinHandle<Result<(), Failure>>) {
    let ((client, inner), (server, outer)) = (duplex(4096), duplex(4096));
    let tunnel = Tunnel::new(Box::new(inner), Box::new(outer), IDLE_LIMIT);
    (client, server, tokio::spawn(tunnel.run(Vec::new(), Vec::new())))
}

#[tokio::test(start_paused = true)]
async fn messages_and_both_closes_go_through() {
    let (mut client, mut server, tunnel) = tunnel();
    let mut stream = fragmented_for(Role::Server, sansock::Opcode::Text, &[b"a", b"", b"c"]);
    stream.extend(frame_for(Role::Server, 0x89, b"there?"));
    stream.extend(frame_for(Role::Server, 0x82, &[7; 70_000]));
    stream.extend(frame_for(Role::Server, 0x88, &close_body(4000, "bye")));
    let received = tokio::spawn(async move {
        let mut received = vec![0; stream.len()];
        let (sent, read) =
            tokio::join!(client.write_all(&stream), server.read_exact(&mut received));
        sent.and(read).unwrap();
        (client, server, frames(&stream), frames(&received))
    });
    let (mut client, mut server, sent, received) = received.await.unwrap();
    assert_eq!(sent.len(), 6);
    for (sent, received) in sent.iter().zip(&received) {
        assert_eq!(sent.content(), received.content());
        assert!(received.key.is_some() && received.key != sent.key);
    }
    // RFC 6455 §7.1.1: the server answers and ends its half first.
    server.write_all(b"\x88\x02\x0F\xA0").await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await, b"\x88\x02\x0F\xA0");
    drop(client);
    assert_eq!(rest(&mut server).await, b"");
    tunnel.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_breaks_the_protocol_is_told_and_the_other_end_not_blamed() {
    let good = [frame_for(Role::Server, 0x01, b"a"), frame_for(Role::Client, 0x01, b"a")];
    for at_fault in [Role::Client, Role::Server] {
        let (mut client, mut server, tunnel) = tunnel();
        client.write_all(&good[0]).await.unwrap();
        server.write_all(&good[1]).await.unwrap();
        let (mut to_client, mut to_server) = (vec![0; good[1].len()], vec![0; good[0].len()]);
        client.read_exact(&mut to_client).await.unwrap();
        server.read_exact(&mut to_server).await.unwrap();
        // A client that does not mask, or a server that does.
        let wrong = frame_for(at_fault, 0x82, b"abc");
        if at_fault == Role::Client { &mut client } else { &mut server }
            .write_all(&wrong)
            .await
            .unwrap();
        to_client.extend(rest(&mut client).await);
        to_server.extend(rest(&mut server).await);
        let (code_client, code_server) =
            if at_fault == Role::Client { (1002, 1001) } else { (1001, 1002) };
        for (received, code) in [(to_client, code_client), (to_server, code_server)] {
            let received = frames(&received);
            assert_eq!(received.len(), 2);
            assert_eq!(received[0].content(), (0x01, &b"a"[..]));
            assert_eq!(received[1].content(), (0x88, &close_body(code, "")[..]));
        }
        drop((client, server));
        tunnel.await.unwrap().unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn no_close_stands_within_a_frame() {
    let (mut client, mut server, tunnel) = tunnel();
    let cut = [&head_for(Role::Client, 0x82, 10)[..], b"abc"].concat();
    server.write_all(&cut).await.unwrap();
    let mut received = [0; 5];
    client.read_exact(&mut received).await.unwrap();
    client.write_all(&frame_for(Role::Client, 0x82, b"not masked")).await.unwrap();
    assert_eq!(rest(&mut client).await, b"");
    assert_eq!(frames(&rest(&mut server).await)[0].content(), (0x88, &close_body(1001, "")[..]));
    drop((client, server));
    tunnel.await.unwrap().unwrap_err();
}

/// A frame of a terabyte, to an end that reads none of it.
#[tokio::test(start_paused = true)]
async fn nothing_is_read_while_the_other_end_takes_nothing() {
    let (client, mut server, _tunnel) = tunnel();
    server.write_all(&head_for(Role::Client, 0x82, 1 << 40)).await.unwrap();
    let mut taken = 0;
    while let Ok(written) = timeout(Duration::from_secs(1), server.write(&[7; 4096])).await {
        taken += written.unwrap();
        assert!(taken < 4 * transport::READ_LEN, "bytes are stored somewhere");
    }
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn an_end_that_does_not_go_away_is_left_after_ten_seconds() {
    let (mut client, mut server, tunnel) = tunnel();
    let start = Instant::now();
    server.write_all(b"\x88\x00").await.unwrap();
    server.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await, b"\x88\x00");
    assert_eq!(frames(&rest(&mut server).await)[0].content(), (0x88, &close_body(1001, "")[..]));
    assert_eq!(start.elapsed().as_secs(), 5);
    tunnel.await.unwrap().unwrap_err();
    assert!(start.elapsed().as_secs() <= 11, "{:?}", start.elapsed());
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_tunnel_in_which_nothing_moves_is_left() {
    let (mut client, mut server, tunnel) = tunnel();
    let start = Instant::now();
    // Anything that an end sends keeps the tunnel open.
    for from in 0..10 {
        tokio::time::advance(IDLE_LIMIT - Duration::from_secs(1)).await;
        let mut received = [0; 2];
        if from % 2 == 0 {
            client.write_all(&frame_for(Role::Server, 0x89, b"")).await.unwrap();
            server.read_exact(&mut received).await.unwrap();
            server.read_exact(&mut [0; 4]).await.unwrap();
        } else {
            server.write_all(&frame_for(Role::Client, 0x89, b"")).await.unwrap();
            client.read_exact(&mut received).await.unwrap();
        }
        assert_eq!(received[0], 0x89);
    }
    let quiet = Instant::now();
    assert_eq!(frames(&rest(&mut client).await)[0].content(), (0x88, &close_body(1001, "")[..]));
    assert_eq!(frames(&rest(&mut server).await)[0].content(), (0x88, &close_body(1001, "")[..]));
    assert!((IDLE_LIMIT..2 * IDLE_LIMIT).contains(&quiet.elapsed()), "{:?}", quiet.elapsed());
    assert!(start.elapsed() > 10 * (IDLE_LIMIT - Duration::from_secs(1)));
    drop((client, server));
    let error = tunnel.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "tunnel idle for too long");
}
