//! Without TLS.

use std::io::ErrorKind;
use std::time::Duration;

use sansock::Config;
use sansock::timer::Expired;
use sansock_tokio::{CloseCode, Connector, Error, Request, Settings, accept_with, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use tokio::io::AsyncWrite;

use crate::{accept, failure, listen};

#[tokio::test]
async fn messages_come_and_go() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        use futures_util::{SinkExt, StreamExt};
        let mut ws = tokio_tungstenite::accept_async(accept(&listener).await).await.unwrap();
        while let Some(Ok(message)) = ws.next().await {
            if !message.is_close() {
                ws.send(message).await.unwrap();
            }
        }
    });
    let mut ws = connect(&format!("ws://127.0.0.1:{port}")).await.unwrap();
    assert!(ws.get_ref().tcp().nodelay().unwrap());
    assert!(AsyncWrite::is_write_vectored(ws.get_ref()));
    for message in ["", "hello", &"x".repeat(100_000)] {
        ws.send(message).await.unwrap();
        assert!(ws.receive().await.unwrap() == Some(message.into()));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
}

#[tokio::test]
async fn a_host_with_several_addresses_is_reached_at_the_one_that_listens() {
    // On most machines, localhost is ::1 as well, where nothing listens at this port.
    let (listener, port) = listen().await;
    let server = tokio::spawn(async move { sansock_tokio::accept(accept(&listener).await).await });
    let ws = connect(&format!("ws://localhost:{port}/")).await.unwrap();
    assert_eq!(ws.get_ref().tcp().peer_addr().unwrap().port(), port);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn headers_and_subprotocols_are_sent_and_what_was_agreed_on_is_returned() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let settings = Settings::new(Config::server());
        accept_with(accept(&listener).await, &settings, async |endpoint| {
            let cookie = endpoint.request().unwrap().headers().first("Cookie").unwrap().to_vec();
            let accepted = endpoint
                .accept_with(|upgrade| upgrade.select_subprotocol(&["b"]).header("X-Seen", cookie));
            assert!(accepted.is_ok());
        })
        .await
    });
    let request = Request::new(&format!("ws://127.0.0.1:{port}/")).unwrap();
    let request = request.subprotocol("a").unwrap().subprotocol("b").unwrap();
    let request = request.header("Cookie", "c=1").unwrap();
    let (_, opened) = Connector::new().connect(&request).await.unwrap();
    assert_eq!(opened.negotiated.subprotocol(), Some("b"));
    assert_eq!(opened.response.unwrap().headers().first("X-Seen"), Some(&b"c=1"[..]));
}

#[tokio::test]
async fn a_refusal_has_its_status_its_headers_and_its_body() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        let _ = stream.read(&mut [0; 4096]).await;
        let response = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n\
            Content-Length: 9\r\n\r\nwho there";
        stream.write_all(response).await.unwrap();
    });
    let error = connect(&format!("ws://127.0.0.1:{port}/")).await.unwrap_err();
    assert_eq!(error.to_string(), "server refused the WebSocket: 401 Unauthorized");
    let Error::Refused(response) = error else { panic!("{error:?}") };
    assert_eq!(response.head.status(), 401);
    assert_eq!(response.head.headers().first("WWW-Authenticate"), Some(&b"Bearer"[..]));
    assert_eq!((&response.body[..], response.is_complete), (&b"who there"[..], true));
}

#[tokio::test]
async fn an_invalid_uri_is_an_error_that_says_why() {
    for (uri, why) in [
        ("http://a.example/", "URI scheme is not ws or wss"),
        ("ws://a.example:b/", "invalid port \"b\""),
        ("ws://a.example/#c", "fragment is not allowed in a WebSocket URI"),
    ] {
        let (text, kind) = failure(connect(uri).await);
        assert_eq!(text, format!("invalid WebSocket URI: {why}"));
        assert_eq!(kind, ErrorKind::InvalidInput);
    }
}

#[tokio::test]
async fn a_host_that_dns_does_not_know_is_named() {
    // A label of more than 63 bytes is refused without asking a server, RFC 1035 §2.3.4.
    let host = format!("{}.invalid", "a".repeat(64));
    let (text, _) = failure(connect(&format!("ws://{host}/")).await);
    assert!(text.starts_with(&format!("DNS look-up of {host} failed: ")), "{text}");
}

#[tokio::test]
async fn a_port_at_which_nothing_listens_is_named() {
    let (listener, port) = listen().await;
    drop(listener);
    let (text, kind) = failure(connect(&format!("ws://127.0.0.1:{port}/")).await);
    let start = format!("TCP connection to 127.0.0.1:{port} failed: ");
    assert!(text.starts_with(&start), "{text}");
    assert_eq!(kind, ErrorKind::ConnectionRefused);
}

#[cfg(not(feature = "rustls"))]
#[tokio::test]
async fn wss_without_the_feature_is_an_error() {
    let (text, kind) = failure(connect("wss://a.example/").await);
    assert_eq!(text, "no TLS for a.example:443: the feature rustls is not enabled");
    assert_eq!(kind, ErrorKind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_says_nothing_is_left_at_the_deadline() {
    let (listener, port) = listen().await;
    let request = Request::new(&format!("ws://127.0.0.1:{port}/")).unwrap();
    let outcome = Connector::new().connect(&request).await;
    assert!(matches!(outcome, Err(Error::Expired(Expired::HandshakeTimeout))), "{outcome:?}");
    drop(listener);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_at_leisure_is_left_at_the_deadline() {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let mut stream = accept(&listener).await;
        for byte in b"HTTP/1.1 200 OK\r\nA: ".iter().chain(std::iter::repeat(&b'a')) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    });
    let outcome = connect(&format!("ws://127.0.0.1:{port}/")).await;
    assert!(matches!(outcome, Err(Error::Expired(Expired::HandshakeTimeout))), "{outcome:?}");
}

#[test]
fn without_deadlines_no_time_is_needed_and_with_them_its_lack_is_an_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let (listener, port) = listen().await;
        let request = Request::new(&format!("ws://127.0.0.1:{port}/")).unwrap();
        let outcome = Connector::new().connect(&request).await;
        assert!(matches!(outcome, Err(Error::Io(_))), "{outcome:?}");
        drop(listener);

        let (listener, port) = listen().await;
        let server = tokio::spawn(async move {
            let mut settings = Settings::new(Config::server());
            (settings.handshake_timeout, settings.timeouts) = (None, None);
            let mut ws = accept_with(accept(&listener).await, &settings, async |_| ()).await?;
            ws.send("hello").await
        });
        let mut settings = Settings::new(Config::client());
        (settings.handshake_timeout, settings.timeouts) = (None, None);
        let request = Request::new(&format!("ws://localhost:{port}/")).unwrap();
        let (mut ws, _) = Connector::new().settings(settings).connect(&request).await.unwrap();
        assert_eq!(ws.receive().await.unwrap(), Some("hello".into()));
        server.await.unwrap().unwrap();
    });
}
