//! The two programs of docs/FROM-TUNGSTENITE.md do the same, also with each other.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "the page shows these programs as they are"
)]

mod after;
mod before;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

const PAGE: &str = include_str!("../../docs/FROM-TUNGSTENITE.md");
const BEFORE: &str = include_str!("before.rs");
const AFTER: &str = include_str!("after.rs");

#[tokio::test]
async fn both_programs_give_the_same_answers() {
    let (lines, answers) = (["a", "", "grüße"], ["1: a", "2: ", "3: grüße"]);
    for is_port in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        match is_port {
            false => tokio::spawn(before::serve(listener)),
            true => tokio::spawn(after::serve(listener)),
        };
        assert_eq!(before::ask(&url, &lines).await.unwrap(), answers);
        assert_eq!(after::ask(&url, &lines).await.unwrap(), answers);
        let (mut ws, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
        ws.send(Message::binary(vec![1])).await.unwrap();
        let close = loop {
            match ws.next().await.unwrap().unwrap() {
                Message::Close(frame) => break frame.unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((u16::from(close.code), &*close.reason), (1003, "text only"));
    }
}

#[test]
fn the_page_shows_these_programs() {
    for program in [BEFORE, AFTER] {
        let block = format!("```rust,ignore\n{program}```\n");
        assert!(PAGE.contains(&block), "docs/FROM-TUNGSTENITE.md does not show:\n{program}");
    }
}

#[test]
fn the_port_is_not_longer_than_the_original() {
    assert!(AFTER.lines().count() <= BEFORE.lines().count());
    assert!(AFTER.len() <= BEFORE.len());
}
