//! The halves of a WebSocket, for two tasks.

use std::pin::pin;
use std::task::Poll;

use futures_util::{FutureExt, SinkExt};
use sansock_tokio::sansock::{CloseStatus, Role};
use sansock_tokio::{
    CloseCode, Error, Message, ReceiveHalf, ReuniteError, SendHalf, Sender, Settings, WebSocket,
};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;

use crate::script::{Script, Task};
use crate::support::{ROLES, close_body, frame_for, frames};
use crate::{code, open, scripted, tcp_pair, within_a_minute};

const fn goes_to_any_thread<T: Send + Sync>() {}

#[test]
fn a_websocket_and_its_halves_go_to_any_thread() {
    const {
        goes_to_any_thread::<WebSocket<TcpStream>>();
        goes_to_any_thread::<ReceiveHalf<TcpStream>>();
        goes_to_any_thread::<SendHalf<TcpStream>>();
        goes_to_any_thread::<Sender<'_>>();
        goes_to_any_thread::<ReuniteError<TcpStream>>();
        goes_to_any_thread::<Error>();
    }
}

fn can_be_spawned(_: impl Future + Send) {}

/// Compiles, which is what it shows.
#[allow(dead_code, reason = "it is never called")]
fn all_futures_can_be_spawned(
    ws: &mut WebSocket<TcpStream>,
    receiving: &mut ReceiveHalf<TcpStream>,
    sending: &mut SendHalf<TcpStream>,
    (one, two, three, four): (TcpStream, TcpStream, TcpStream, TcpStream),
    (request, settings): (&sansock_tokio::Request, &Settings),
) {
    can_be_spawned(ws.receive());
    can_be_spawned(ws.fill());
    can_be_spawned(ws.send("text"));
    can_be_spawned(ws.send_text("text"));
    can_be_spawned(ws.send_binary(b"data"));
    can_be_spawned(ws.ping(b"data"));
    can_be_spawned(ws.close(CloseCode::NORMAL, "reason"));
    can_be_spawned(ws.ready());
    can_be_spawned(ws.flush());
    can_be_spawned(receiving.receive());
    can_be_spawned(sending.send("text"));
    can_be_spawned(sending.send_text("text"));
    can_be_spawned(sending.send_binary(b"data"));
    can_be_spawned(sending.ping(b"data"));
    can_be_spawned(sending.close(CloseCode::NORMAL, "reason"));
    can_be_spawned(sending.ready());
    can_be_spawned(sending.flush());
    can_be_spawned(sansock_tokio::accept(one));
    can_be_spawned(sansock_tokio::accept_with(two, settings, async |_| ()));
    can_be_spawned(sansock_tokio::client(request, three));
    can_be_spawned(sansock_tokio::client_with(request, four, settings));
}

/// Both ends send long messages, with pings between them, and receive those of the other.
pub(crate) async fn both_send_at_once<S>(client: S, server: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    const COUNT: u8 = 3;
    let ends = [open(Role::Client, client, |_| ()), open(Role::Server, server, |_| ())];
    let tasks = ends.map(|ws| {
        let (mut receiving, mut sending) = ws.split();
        let sender = tokio::spawn(async move {
            for n in 0..COUNT {
                sending.send(vec![n; 4 << 20]).await.unwrap();
                sending.ping(&[n]).await.unwrap();
            }
            sending
        });
        let receiver = tokio::spawn(async move {
            for n in 0..COUNT {
                let message = receiving.receive().await.unwrap().unwrap();
                assert!(message == Message::from(vec![n; 4 << 20]));
            }
            receiving
        });
        (receiver, sender)
    });
    let mut halves = Vec::new();
    for (receiver, sender) in tasks {
        halves.push((receiver.await.unwrap(), sender.await.unwrap()));
    }
    let (mut server, _sending) = halves.pop().unwrap();
    let (mut client, mut closing) = halves.pop().unwrap();
    let ended = tokio::spawn(async move {
        assert_eq!(server.receive().await.unwrap(), None);
        server.close_status()
    });
    closing.close(code(4000), "done").await.unwrap();
    assert_eq!(client.receive().await.unwrap(), None);
    assert_eq!(ended.await.unwrap(), CloseStatus::Code(code(4000)));
}

#[test]
fn both_ends_send_long_messages_at_once_over_tcp() {
    within_a_minute(async {
        let (client, server) = tcp_pair().await;
        both_send_at_once(client, server).await;
    });
}

#[test]
fn both_ends_send_long_messages_at_once_over_a_pipe() {
    within_a_minute(async {
        let (client, server) = tokio::io::duplex(4096);
        both_send_at_once(client, server).await;
    });
}

/// Receives a message that has come with a ping, so that a pong is owed.
fn owe_a_pong(role: Role) -> (ReceiveHalf<Script>, SendHalf<Script>, Script) {
    let (ws, script) = scripted(role, &{
        let mut input = frame_for(role, 0x89, b"?");
        input.extend(frame_for(role, 0x81, b"one"));
        input
    });
    let (mut receiving, sending) = ws.split();
    assert_eq!(Task::now(receiving.receive()).unwrap(), Some("one".into()));
    (receiving, sending, script)
}

#[track_caller]
fn expect_written(script: &Script, expected: &[(u8, &[u8])]) {
    let written = frames(&script.take_written());
    let written: Vec<_> = written.iter().map(|frame| frame.content()).collect();
    assert_eq!(written, expected);
}

#[test]
fn a_pong_is_written_by_whichever_half_is_polled_next() {
    for role in ROLES {
        let (mut receiving, _sending, script) = owe_a_pong(role);
        Task::waits(receiving.receive());
        expect_written(&script, &[(0x8A, b"?")]);

        let (_receiving, mut sending, script) = owe_a_pong(role);
        Task::now(sending.ready()).unwrap();
        expect_written(&script, &[(0x8A, b"?")]);

        let (_receiving, mut sending, script) = owe_a_pong(role);
        Task::now(sending.feed("fed".into())).unwrap();
        Task::now(sending.feed("later".into())).unwrap();
        expect_written(&script, &[(0x8A, b"?")]);

        let (_receiving, mut sending, script) = owe_a_pong(role);
        sending.queue("before").unwrap();
        Task::now(sending.send("sent")).unwrap();
        expect_written(&script, &[(0x8A, b"?"), (0x81, b"before"), (0x81, b"sent")]);
    }
}

#[test]
fn what_is_fed_waits_for_more_if_nothing_is_owed() {
    let (ws, script) = scripted(Role::Server, b"");
    let (_receiving, mut sending) = ws.split();
    for _ in 0..3 {
        Task::now(sending.feed("fed".into())).unwrap();
    }
    expect_written(&script, &[]);
    Task::now(sending.flush()).unwrap();
    expect_written(&script, &[(0x81, &b"fed"[..]); 3]);
}

#[test]
fn a_send_does_not_wait_for_what_the_other_half_queues_behind_it() {
    let (ws, script) = scripted(Role::Server, b"");
    script.wire().room = 0;
    let (mut receiving, mut sending) = ws.split();
    let mut send = pin!(sending.send("mine"));
    let task = Task::new();
    assert!(task.poll(send.as_mut()).is_pending());
    script.feed(&frame_for(Role::Server, 0x89, b"?"));
    Task::waits(receiving.receive());
    script.make_room(6);
    assert!(task.take_wakes() > 0);
    assert!(matches!(send.now_or_never(), Some(Ok(()))));
    script.make_room(100);
    Task::waits(receiving.receive());
    expect_written(&script, &[(0x81, b"mine"), (0x8A, b"?")]);
}

#[test]
fn a_half_is_woken_if_the_other_has_flushed_the_stream() {
    let (ws, script) = scripted(Role::Server, b"");
    script.wire().holds = true;
    let (mut receiving, mut sending) = ws.split();
    let (sender, receiver) = (Task::new(), Task::new());
    let mut send = pin!(sending.send("sent"));
    assert!(sender.poll(send.as_mut()).is_pending(), "the stream holds it");
    script.wire().holds = false;
    assert!(receiver.poll(pin!(receiving.receive())).is_pending());
    assert!(sender.take_wakes() > 0);
    assert!(matches!(send.now_or_never(), Some(Ok(()))));
}

#[test]
fn a_write_that_is_interrupted_leaves_the_other_half_its_waker() {
    let (ws, script) = scripted(Role::Server, b"");
    script.wire().room = 0;
    let (mut receiving, mut sending) = ws.split();
    let mut send = pin!(sending.send("mine"));
    let mut receive = pin!(receiving.receive());
    let (sender, receiver) = (Task::new(), Task::new());
    assert!(sender.poll(send.as_mut()).is_pending());
    script.make_room(6);
    assert!(receiver.poll(receive.as_mut()).is_pending());
    script.feed(&frame_for(Role::Server, 0x89, b"?"));
    assert!(receiver.poll(receive.as_mut()).is_pending(), "its pong waits");

    script.wire().interrupts = true;
    assert!(matches!(sender.poll(send.as_mut()), Poll::Ready(Ok(()))));
    receiver.take_wakes();
    script.make_room(100);
    assert!(receiver.take_wakes() > 0);
}

#[test]
fn halves_are_reunited_within_a_message_and_go_on() {
    for role in ROLES {
        let message = frame_for(role, 0x81, b"Hello");
        let (ws, script) = scripted(role, &message[..4]);
        script.wire().room = 3;
        let (mut receiving, mut sending) = ws.split();
        Task::waits(receiving.receive());
        Task::waits(sending.send("sent"));
        let mut ws = receiving.reunite(sending).unwrap();
        script.feed(&message[4..]);
        assert_eq!(Task::now(ws.receive()).unwrap(), Some("Hello".into()));
        script.make_room(100);
        Task::now(ws.flush()).unwrap();
        expect_written(&script, &[(0x81, b"sent")]);
        let (_, mut sending) = ws.split();
        Task::now(sending.close(CloseCode::NORMAL, "")).unwrap();
        expect_written(&script, &[(0x88, &close_body(1000, ""))]);
    }
}

#[test]
fn halves_of_different_connections_are_handed_back() {
    let (one, script) = scripted(Role::Server, b"");
    let (other, other_script) = scripted(Role::Server, b"");
    let (receiving, mut sending) = one.split();
    let (other_receiving, other_sending) = other.split();
    let error = receiving.reunite(other_sending).unwrap_err();
    assert_eq!(error.to_string(), "halves are of different connections");
    let ReuniteError { receiving, sending: mut other_sending, .. } = error;
    Task::now(other_sending.send("other")).unwrap();
    expect_written(&other_script, &[(0x81, b"other")]);
    Task::now(sending.send("one")).unwrap();
    expect_written(&script, &[(0x81, b"one")]);
    assert!(receiving.reunite(sending).is_ok());
    assert!(other_receiving.reunite(other_sending).is_ok());
}

#[test]
fn a_half_goes_on_without_the_other() {
    for role in ROLES {
        let (ws, script) = scripted(role, &frame_for(role, 0x89, b"?"));
        let (mut receiving, sending) = ws.split();
        drop(sending);
        Task::waits(receiving.receive());
        expect_written(&script, &[(0x8A, b"?")]);
        script.feed(&frame_for(role, 0x88, &close_body(1001, "bye")));
        script.end(Ok(()));
        assert_eq!(Task::now(receiving.receive()).unwrap(), None);
        assert_eq!(receiving.close_status(), CloseStatus::Code(code(1001)));

        let (ws, script) = scripted(role, b"");
        let (receiving, mut sending) = ws.split();
        drop(receiving);
        Task::now(sending.send("alone")).unwrap();
        expect_written(&script, &[(0x81, b"alone")]);
    }
}

#[test]
fn the_stream_is_dropped_with_the_second_half() {
    within_a_minute(async {
        let (client, server): (DuplexStream, DuplexStream) = tokio::io::duplex(64);
        let (receiving, sending) = open(Role::Client, client, |_| ()).split();
        let mut ws = open(Role::Server, server, |_| ());
        drop(receiving);
        assert!(ws.receive().now_or_never().is_none());
        drop(sending);
        assert!(matches!(ws.receive().await, Err(Error::UnexpectedEof)));
    });
}
