//! The echo server.

use std::path::Path;

use futures_util::{SinkExt, StreamExt};
use tungstenite::Message;

use crate::program::Program;
use crate::{address, close, connect, connect_tls, text};

const ANY: &str = "127.0.0.1:0";

#[test]
fn messages_come_back_over_ws() {
    let server = Program::start("wss_echo", &[ANY, ANY]);
    let mut peer = connect(&address(&server, "ws"), "/");
    for sent in ["", "hello", &"κόσμε".repeat(100_000)] {
        peer.send(Message::text(sent)).unwrap();
        assert!(text(&mut peer) == sent);
    }
    assert_eq!(close(peer), None);
}

#[tokio::test]
async fn messages_come_back_over_wss() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wss_echo_of_tungstenite.pem");
    let server = Program::start("wss_echo", &[ANY, ANY, file.to_str().unwrap()]);
    let _plain = address(&server, "ws");
    let address = address(&server, "wss");
    let stream = connect_tls(&address, &file, &[]).await;
    let url = format!("wss://{address}/");
    let (mut peer, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    for sent in ["", "hello", &"κόσμε".repeat(100_000)] {
        peer.send(Message::text(sent)).await.unwrap();
        assert!(peer.next().await.unwrap().unwrap() == Message::text(sent));
    }
    peer.close(None).await.unwrap();
    while let Some(message) = peer.next().await {
        assert!(message.unwrap().is_close());
    }
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn messages_come_back_compressed_if_both_ends_compress() {
    use sansock::Config;
    use sansock::deflate::Deflate;
    use sansock_tokio::{CloseCode, Request, Settings, client_with};

    let server = Program::start("wss_echo", &[ANY, ANY]);
    let address = address(&server, "ws");
    for (deflate, agreed) in [(None, None), (Some(Deflate::default()), Some("permessage-deflate"))]
    {
        let stream = tokio::net::TcpStream::connect(address.clone()).await.unwrap();
        let mut config = Config::client();
        config.deflate = deflate;
        let request = Request::new("ws://a.example/").unwrap();
        let opened = client_with(&request, stream, &Settings::new(config)).await;
        let (mut ws, opened) = opened.unwrap();
        assert_eq!(opened.negotiated.extensions(), agreed);
        for sent in ["", "hello", &"κόσμε".repeat(100_000)] {
            ws.send(sent).await.unwrap();
            assert!(ws.receive().await.unwrap() == Some(sent.into()));
        }
        ws.close(CloseCode::NORMAL, "").await.unwrap();
        assert_eq!(ws.receive().await.unwrap(), None);
    }
}
