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
