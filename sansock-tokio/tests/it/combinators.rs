//! The WebSocket and its halves as a stream and a sink.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::stream::{self, FusedStream};
use futures_util::{FutureExt, SinkExt, StreamExt, TryStreamExt};
use sansock_tokio::sansock::timer::{Expired, Timeouts};
use sansock_tokio::sansock::{CloseStatus, Config, Connection, Role};
use sansock_tokio::{CloseCode, Error, Message, WebSocket};
use tokio::io::{AsyncReadExt, duplex};

use crate::script::Task;
use crate::support::{ROLES, close_body, frame_for, frames};
use crate::{open, scripted, within_a_minute};

fn numbered() -> Vec<Message> {
    (0..100).map(|n| Message::from(format!("message {n}"))).collect()
}

#[test]
fn a_stream_is_forwarded_to_its_own_sink() {
    within_a_minute(async {
        let (client, server) = duplex(50);
        let server = tokio::spawn(async move {
            let (sink, stream) = StreamExt::split(open(Role::Server, server, |_| ()));
            stream.forward(sink).await
        });
        let (mut sink, mut stream) = StreamExt::split(open(Role::Client, client, |_| ()));
        let sender = tokio::spawn(async move {
            let mut messages = stream::iter(numbered()).map(Ok);
            sink.send_all(&mut messages).await.unwrap();
            sink
        });
        let echoed: Vec<Message> = (&mut stream).take(100).try_collect().await.unwrap();
        assert_eq!(echoed, numbered());
        sender.await.unwrap().close().await.unwrap();
        assert!(stream.next().await.is_none());
        server.await.unwrap().unwrap();
    });
}

#[test]
fn halves_are_a_stream_and_a_sink() {
    within_a_minute(async {
        let (client, server) = duplex(50);
        let server = tokio::spawn(async move {
            let (receiving, sending) = open(Role::Server, server, |_| ()).split();
            receiving.forward(sending).await
        });
        let (receiving, mut sending) = open(Role::Client, client, |_| ()).split();
        let sender = tokio::spawn(async move {
            let mut messages = stream::iter(numbered()).map(Ok);
            SinkExt::send_all(&mut sending, &mut messages).await.unwrap();
            SinkExt::close(&mut sending).await.unwrap();
        });
        let echoed: Vec<Message> = receiving.try_collect().await.unwrap();
        assert_eq!(echoed, numbered());
        sender.await.unwrap();
        server.await.unwrap().unwrap();
    });
}

/// Only its traits can be called by two tasks, through a lock such as this.
#[test]
fn two_tasks_that_share_a_websocket_are_both_woken() {
    for has_one_slot in [false, true] {
        for role in ROLES {
            let (ws, script) = scripted(role, b"");
            script.wire().room = 0;
            script.wire().has_one_slot = has_one_slot;
            let (mut sink, mut stream) = StreamExt::split(ws);
            let (sender, receiver) = (Task::new(), Task::new());
            let mut send = pin!(sink.send("sent".into()));
            assert!(sender.poll(send.as_mut()).is_pending());
            let mut next = pin!(stream.next());
            assert!(receiver.poll(next.as_mut()).is_pending());

            script.make_room(3);
            assert!(receiver.take_wakes() > 0 && sender.take_wakes() > 0);
            assert!(sender.poll(send.as_mut()).is_pending());
            assert!(receiver.poll(next.as_mut()).is_pending());
            // The stream has room, and the receiver comes before its wake.
            script.wire().room = 100;
            assert!(receiver.poll(next.as_mut()).is_pending());
            assert!(sender.take_wakes() > 0, "what it waits for has come");
            assert!(matches!(sender.poll(send.as_mut()), Poll::Ready(Ok(()))));
            script.feed(&frame_for(role, 0x81, b"one"));
            assert!(receiver.take_wakes() > 0);
            assert!(matches!(receiver.poll(next.as_mut()), Poll::Ready(Some(Ok(_)))));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_tasks_that_share_a_websocket_have_its_deadlines() {
    let (server, mut client) = duplex(10);
    let connection = Connection::new(Config::server());
    let ws = WebSocket::from_parts(server, &[], connection, Arc::new(Timeouts::DEFAULT));
    let (mut sink, mut stream) = StreamExt::split(ws);
    let receiver = tokio::spawn(async move { stream.next().await });
    tokio::task::yield_now().await;
    let sender = tokio::spawn(async move { sink.send("longer than that".into()).await });
    tokio::task::yield_now().await;
    client.read_exact(&mut [0; 18]).await.unwrap();
    sender.await.unwrap().unwrap();
    // The sender was the last to wait.
    let Some(Err(Error::Expired(Expired::NoPong))) = receiver.await.unwrap() else { panic!() };
}

#[test]
fn a_stream_ends_once_after_the_closing_handshake() {
    for role in ROLES {
        let mut input = frame_for(role, 0x81, b"one");
        input.extend(frame_for(role, 0x88, &close_body(1000, "")));
        let (mut ws, script) = scripted(role, &input);
        script.end(Ok(()));
        assert!(!ws.is_terminated());
        assert_eq!(ws.next().now_or_never().unwrap().unwrap().unwrap(), "one".into());
        for _ in 0..3 {
            assert!(matches!(ws.next().now_or_never(), Some(None)));
            assert!(ws.is_terminated());
        }
        assert_eq!(ws.close_status(), CloseStatus::Code(CloseCode::NORMAL));
    }
}

#[test]
fn the_last_item_of_a_stream_is_its_error() {
    for role in ROLES {
        let (mut ws, script) = scripted(role, &frame_for(role, 0x81, b"one"));
        script.end(Ok(()));
        let mut items = Vec::new();
        while let Some(item) = ws.next().now_or_never().unwrap() {
            items.push(item);
        }
        assert!(ws.is_terminated());
        let [Ok(_), Err(Error::UnexpectedEof)] = &items[..] else { panic!("{items:?}") };
    }
}

#[test]
fn to_close_the_sink_is_to_close_the_connection_once() {
    for role in ROLES {
        let (mut ws, script) = scripted(role, b"");
        ws.feed("fed".into()).now_or_never().unwrap().unwrap();
        assert!(script.wire().written.is_empty());
        for _ in 0..3 {
            SinkExt::close(&mut ws).now_or_never().unwrap().unwrap();
        }
        assert!(SinkExt::send(&mut ws, "late".into()).now_or_never().unwrap().is_err());
        let written = frames(&script.take_written());
        let written: Vec<_> = written.iter().map(|frame| frame.content()).collect();
        assert_eq!(written, [(0x81, &b"fed"[..]), (0x88, &close_body(1000, ""))]);
    }
}
