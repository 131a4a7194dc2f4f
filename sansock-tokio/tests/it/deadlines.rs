//! Deadlines, with tokio's time paused: it goes on to the next deadline when all tasks wait.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use sansock_tokio::sansock::timer::{Expired, Timeouts};
use sansock_tokio::sansock::{CloseStatus, Config, Connection, Role};
use sansock_tokio::{CloseCode, Error, Request, Settings, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::Instant;

use crate::script::{Script, Task};
use crate::support::{ROLES, close_body, config, frame_for, frames};

/// A WebSocket with these deadlines over `stream`.
fn open<S>(role: Role, stream: S, timeouts: Timeouts) -> WebSocket<S> {
    WebSocket::from_parts(stream, &[], Connection::new(config(role)), Arc::new(timeouts))
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Returns how long `future` takes, and its output.
async fn timed<T>(future: impl Future<Output = T>) -> (Duration, T) {
    let start = Instant::now();
    let output = future.await;
    (start.elapsed(), output)
}

#[track_caller]
fn expect_expired<T>((elapsed, result): (Duration, Result<T, Error>), at: u64, why: Expired) {
    match result {
        // That of a handshake is met in the next millisecond.
        Err(Error::Expired(expired)) => assert_eq!((elapsed.as_secs(), expired), (at, why)),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("no error"),
    }
}

/// Reads one frame of a server.
async fn read_frame(stream: &mut DuplexStream) -> (u8, Vec<u8>) {
    let mut header = [0; 2];
    stream.read_exact(&mut header).await.unwrap();
    let mut payload = vec![0; header[1].into()];
    stream.read_exact(&mut payload).await.unwrap();
    (header[0], payload)
}

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Reads to the end, and ends the stream.
async fn read_response(mut stream: DuplexStream) -> (Duration, String) {
    let start = Instant::now();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    (start.elapsed(), response)
}

#[tokio::test(start_paused = true)]
async fn a_server_tells_a_slow_client_why_it_is_dropped() {
    for sent in [0, 1, REQUEST.len() - 1] {
        let (mut client, server) = duplex(50);
        let accepting =
            tokio::spawn(timed(async { sansock_tokio::accept(server).await.map(drop) }));
        client.write_all(&REQUEST[..sent]).await.unwrap();
        let (elapsed, response) = read_response(client).await;
        assert_eq!(elapsed.as_secs(), 10);
        assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
        expect_expired(accepting.await.unwrap(), 10, Expired::HandshakeTimeout);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_the_stream_after_408_is_dropped_too() {
    let (_client, server) = duplex(1000);
    let accepted = timed(sansock_tokio::accept(server)).await;
    expect_expired(accepted, 20, Expired::HandshakeTimeout);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_never_given_is_a_handshake_that_takes_too_long() {
    let (mut client, server) = duplex(1000);
    client.write_all(REQUEST).await.unwrap();
    let response = tokio::spawn(read_response(client));
    let settings = Settings::new(Config::server());
    let accepted = sansock_tokio::accept_with(server, &settings, async |_| pending().await);
    expect_expired(timed(accepted).await, 10, Expired::HandshakeTimeout);
    let (_, response) = response.await.unwrap();
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_comes_too_late_is_not_answered() {
    let script = Script::new(&REQUEST[..20]);
    script.end(Ok(()));
    script.wire().end = None;
    let settings = Settings::new(Config::server());
    let answer = async |_: &mut _| -> () { panic!("it is asked for an answer") };
    let mut accept = pin!(sansock_tokio::accept_with(script.clone(), &settings, answer));
    let task = Task::new();
    assert!(task.poll(accept.as_mut()).is_pending());
    tokio::time::advance(secs(10)).await;
    script.feed(&REQUEST[20..]);
    script.end(Ok(()));
    expect_expired((secs(0), accept.await), 0, Expired::HandshakeTimeout);
    assert!(script.take_written().starts_with(b"HTTP/1.1 408 "));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_left_by_its_client() {
    let request = Request::new("ws://a.example/").unwrap();
    let (client, mut server) = duplex(1000);
    let opened = timed(sansock_tokio::client(&request, client)).await;
    expect_expired(opened, 10, Expired::HandshakeTimeout);

    // Nor does one that reads nothing, or a response without its end, gain more time.
    let (client, _server) = duplex(10);
    let opened = timed(sansock_tokio::client(&request, client)).await;
    expect_expired(opened, 10, Expired::HandshakeTimeout);
    let (client, mut other) = duplex(1000);
    other.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nbe").await.unwrap();
    let opened = timed(sansock_tokio::client(&request, client)).await;
    expect_expired(opened, 10, Expired::HandshakeTimeout);
    let _ = server.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_then_dropped() {
    let (server, mut client) = duplex(1000);
    let mut ws = open(Role::Server, server, Timeouts::DEFAULT);
    let receiving = tokio::spawn(async move { timed(ws.receive()).await });
    let (elapsed, ping) = timed(read_frame(&mut client)).await;
    assert_eq!((elapsed, ping), (secs(30), (0x89, vec![])));
    expect_expired(receiving.await.unwrap(), 50, Expired::NoPong);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_is_kept() {
    let (server, mut client) = duplex(1000);
    let mut ws = open(Role::Server, server, Timeouts::DEFAULT);
    let receiving = tokio::spawn(async move { timed(ws.receive()).await });
    for _ in 0..100 {
        assert_eq!(read_frame(&mut client).await, (0x89, vec![]));
        tokio::time::sleep(secs(19)).await;
        client.write_all(&frame_for(Role::Server, 0x8A, b"")).await.unwrap();
    }
    client.write_all(&frame_for(Role::Server, 0x81, b"alive")).await.unwrap();
    let (elapsed, message) = receiving.await.unwrap();
    assert_eq!((elapsed, message.unwrap()), (secs(4900), Some("alive".into())));
}

#[tokio::test(start_paused = true)]
async fn two_websockets_keep_each_other_alive() {
    let (client, server) = duplex(1000);
    let mut server = open(Role::Server, server, Timeouts::DEFAULT);
    let (mut receiving, mut sending) = open(Role::Client, client, Timeouts::DEFAULT).split();
    let receiver = tokio::spawn(async move { server.receive().await.map(|_| server) });
    let other = tokio::spawn(async move { receiving.receive().await.map(|_| receiving) });
    tokio::time::sleep(secs(100_000)).await;
    sending.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(other.await.unwrap().unwrap().close_status(), CloseStatus::Code(CloseCode::NORMAL));
    receiver.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_dropped_while_send_waits() {
    for role in ROLES {
        let (stream, _peer) = duplex(64);
        let mut ws = open(role, stream, Timeouts::DEFAULT);
        expect_expired(timed(ws.send(vec![7; 1000])).await, 60, Expired::WriteStalled);

        let (stream, _peer) = duplex(64);
        let mut ws = open(role, stream, Timeouts::DEFAULT);
        ws.queue(vec![7; 2 << 20]).unwrap();
        expect_expired(timed(ws.ready()).await, 60, Expired::WriteStalled);

        let (stream, _peer) = duplex(64);
        let (mut receiving, mut sending) = open(role, stream, Timeouts::DEFAULT).split();
        let receiver = tokio::spawn(async move { timed(receiving.receive()).await });
        expect_expired(timed(sending.send(vec![7; 1000])).await, 60, Expired::WriteStalled);
        expect_expired(receiver.await.unwrap(), 60, Expired::WriteStalled);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_holds_what_it_took_is_dropped_while_send_waits() {
    for role in ROLES {
        // It takes a ping too, which begins anew.
        for (ping, dropped) in [(None, 60), (Timeouts::DEFAULT.ping, 120)] {
            let script = Script::new(b"");
            script.wire().holds = true;
            let mut timeouts = Timeouts::DEFAULT;
            timeouts.ping = ping;
            let mut ws = open(role, script, timeouts);
            expect_expired(timed(ws.send("held")).await, dropped, Expired::WriteStalled);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_is_not_blamed_for_silence_while_nobody_reads() {
    for is_split in [false, true] {
        let (stream, mut peer) = duplex(64);
        let ws = open(Role::Server, stream, Timeouts::DEFAULT);
        let sender = tokio::spawn(async move {
            if is_split {
                let (receiving, mut sending) = ws.split();
                drop(receiving);
                sending.send(vec![7; 1 << 17]).await?;
                sending.send(vec![7; 1 << 17]).await
            } else {
                let mut ws = ws;
                ws.send(vec![7; 1 << 17]).await?;
                ws.send(vec![7; 1 << 17]).await
            }
        });
        // It reads at twice the least rate, for more than 50 seconds.
        for _ in 0..128 {
            tokio::time::sleep(secs(1)).await;
            peer.read_exact(&mut [0; 2048]).await.unwrap();
        }
        // Two headers, and a ping.
        peer.read_exact(&mut [0; 22]).await.unwrap();
        sender.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_a_close_is_dropped() {
    for role in ROLES {
        let (stream, _peer) = duplex(64);
        let mut ws = open(role, stream, Timeouts::DEFAULT);
        ws.close(CloseCode::NORMAL, "").await.unwrap();
        expect_expired(timed(ws.receive()).await, 10, Expired::CloseTimeout);
        assert_eq!(ws.close_status(), CloseStatus::Abnormal);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_end_the_stream_is_left_without_an_error() {
    for role in ROLES {
        let (stream, mut peer) = duplex(64);
        let mut ws = open(role, stream, Timeouts::DEFAULT);
        peer.write_all(&frame_for(role, 0x88, &close_body(1001, ""))).await.unwrap();
        let (elapsed, end) = timed(ws.receive()).await;
        assert_eq!((elapsed, end.unwrap()), (secs(10), None));
        assert_eq!(ws.close_status(), CloseStatus::Code(CloseCode::GOING_AWAY));
        let mut close = Vec::new();
        peer.read_to_end(&mut close).await.unwrap();
        assert_eq!(frames(&close)[0].content(), (0x88, &close_body(1001, "")[..]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_finish_its_message_is_told_so_at_once() {
    let (stream, mut client) = duplex(1000);
    let mut ws = open(Role::Server, stream, Timeouts::DEFAULT);
    let receiving = tokio::spawn(async move { (timed(ws.receive()).await, ws.receive().await) });
    client.write_all(&frame_for(Role::Server, 0x01, b"begun")).await.unwrap();
    let start = Instant::now();
    assert_eq!(read_frame(&mut client).await, (0x89, vec![]));
    client.write_all(&frame_for(Role::Server, 0x8A, b"")).await.unwrap();
    let (first, payload) = read_frame(&mut client).await;
    assert_eq!((first, &payload[..2]), (0x88, &1008_u16.to_be_bytes()[..]));
    assert_eq!(start.elapsed(), secs(60));
    drop(client);
    let (received, after) = receiving.await.unwrap();
    expect_expired(received, 60, Expired::MessageTimeout);
    assert!(matches!(after, Err(Error::UnexpectedEof)));
}

/// A deadline that comes while one half only sends is noticed, and told by the other.
#[tokio::test(start_paused = true)]
async fn a_message_that_takes_too_long_while_sending_is_returned_by_receiving() {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.write = None;
    let script = Script::new(&frame_for(Role::Server, 0x01, b"begun"));
    script.wire().room = 0;
    let (mut receiving, mut sending) = open(Role::Server, script.clone(), timeouts).split();
    let receiver = tokio::spawn(async move { timed(receiving.receive()).await });
    let sender = tokio::spawn(async move { sending.send("waits").await });
    tokio::time::sleep(secs(61)).await;
    script.make_room(1000);
    sender.await.unwrap().unwrap();
    tokio::task::yield_now().await;
    let written = frames(&script.take_written());
    assert_eq!(written.last().unwrap().first, 0x88);
    script.end(Ok(()));
    expect_expired(receiver.await.unwrap(), 61, Expired::MessageTimeout);
}

#[tokio::test(start_paused = true)]
async fn each_of_many_connections_has_its_own_deadline() {
    let mut tasks = Vec::new();
    for seconds in 1..=200_u64 {
        let mut timeouts = Timeouts::DEFAULT;
        timeouts.ping = Some(secs(seconds * 37 % 200 + 1));
        timeouts.pong = Some(secs(seconds));
        let at = timeouts.ping.unwrap().as_secs() + seconds;
        tasks.push(tokio::spawn(async move {
            let (stream, peer) = duplex(64);
            let mut ws = open(Role::Server, stream, timeouts);
            expect_expired(timed(ws.receive()).await, at, Expired::NoPong);
            drop(peer);
        }));
        if seconds % 3 == 0 {
            // One that goes away leaves its place to others.
            let (stream, _peer) = duplex(64);
            Task::waits(open(Role::Client, stream, Timeouts::DEFAULT).receive());
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_is_dropped_leaves_no_waker_behind() {
    let mut kept = Vec::new();
    for count in 0..100 {
        let task = Task::new();
        let mut ws = open(Role::Server, Script::new(b""), Timeouts::DEFAULT);
        assert!(task.poll(pin!(ws.receive())).is_pending());
        if count % 2 == 0 {
            // The stream has a waker that goes with it.
            let (stream, ..) = ws.into_parts();
            stream.wake();
            assert!(!task.can_be_woken());
        } else {
            kept.push(ws);
        }
    }
}
