//! Allocations in steady state, and the memory of an idle `WebSocket`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "../../tests/support/counting.rs"]
mod counting;
#[allow(unexpected_cfgs, reason = "the tests of sansock have its features")]
#[path = "../../tests/support/mod.rs"]
mod support;

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt;
use sansock_tokio::WebSocket;
use sansock_tokio::sansock::timer::Timeouts;
use sansock_tokio::sansock::{Connection, Event, Role};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use counting::measure;
use support::{ROLES, config, frame_for};

/// A stream that can be read from again and again, and takes everything.
struct Loop {
    input: Vec<u8>,
    read: usize,
}

impl Loop {
    fn new(input: Vec<u8>) -> Loop {
        Loop { read: input.len(), input }
    }
}

impl AsyncRead for Loop {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = &self.input[self.read..];
        if left.is_empty() {
            return Poll::Pending;
        }
        let len = left.len().min(buffer.remaining());
        buffer.put_slice(&left[..len]);
        self.read += len;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Loop {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn open(role: Role, input: Vec<u8>, timeouts: Option<Arc<Timeouts>>) -> WebSocket<Loop> {
    WebSocket::from_parts(Loop::new(input), &[], Connection::new(config(role)), timeouts)
}

#[track_caller]
fn waits<T>(future: impl Future<Output = T>) {
    let polled = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending(), "it does not wait");
}

/// A text, data and a ping, as the peer sends them.
fn stream(role: Role, len: usize) -> Vec<u8> {
    let mut stream = frame_for(role, 0x81, "ä".repeat(len / 2).as_bytes());
    stream.extend(frame_for(role, 0x82, &vec![0xFF; len]));
    stream.extend(frame_for(role, 0x89, b"there?"));
    stream
}

/// A connection that waits keeps the room for a round of messages of each of these lengths, but not
/// for longer ones.
const LENGTHS: [usize; 5] = [0, 5, 125, 1024, 1500];

#[test]
fn messages_are_received_and_answered_without_an_allocation() {
    for role in ROLES {
        for len in LENGTHS {
            let mut ws = open(role, stream(role, len), None);
            let mut round = || {
                let mut events = 0;
                ws.get_mut().read = 0;
                while let Some(filled) = ws.fill().now_or_never() {
                    assert!(filled.unwrap());
                    while let Some((event, mut sender)) = ws.next_event() {
                        match event {
                            Event::Text(text) => sender.queue_text(&text).unwrap(),
                            Event::Binary(data) => sender.queue_binary(&data).unwrap(),
                            _ => {}
                        }
                        events += 1;
                    }
                }
                events
            };
            round();
            let (allocations, bytes, events) = measure(|| round() + round());
            assert_eq!((events, allocations, bytes), (6, 0, 0), "{role:?}, {len} bytes");
        }
    }
}

#[test]
fn messages_are_sent_without_an_allocation() {
    for role in ROLES {
        for len in LENGTHS {
            let (text, data) = ("x".repeat(len), vec![7; len]);
            let mut ws = open(role, Vec::new(), None);
            let mut round = || {
                ws.send_text(&text).now_or_never().unwrap().unwrap();
                ws.send_binary(&data).now_or_never().unwrap().unwrap();
                ws.ping(b"there?").now_or_never().unwrap().unwrap();
            };
            round();
            let (allocations, ..) = measure(|| (round(), round()));
            assert_eq!(allocations, 0, "{role:?}, {len} bytes");
        }
    }
}

#[test]
fn an_owned_message_takes_one_allocation() {
    for role in ROLES {
        for len in LENGTHS {
            let mut ws = open(role, stream(role, len), None);
            let mut round = || {
                ws.get_mut().read = 0;
                let mut messages = 0;
                while let Some(received) = ws.receive().now_or_never() {
                    let message = received.unwrap().unwrap();
                    assert_eq!(message.as_bytes().len(), len / 2 * 2 + messages * (len % 2));
                    messages += 1;
                }
                messages
            };
            round();
            let (allocations, _, messages) = measure(|| round() + round());
            assert!(messages == 4 && allocations <= 4, "{role:?}, {len} bytes: {allocations}");
        }
    }
}

#[test]
fn an_idle_websocket_holds_no_buffer() {
    for role in ROLES {
        // The thread has a buffer from here on.
        waits(open(role, Vec::new(), None).receive());
        let stream = frame_for(role, 0x81, b"Hello");
        let mut ws = open(role, stream, None);
        let (_, bytes, ()) = measure(|| {
            waits(ws.receive());
            ws.get_mut().read = 0;
            let received = ws.receive().now_or_never().unwrap().unwrap();
            assert_eq!(received, Some("Hello".into()));
            waits(ws.receive());
        });
        assert_eq!(bytes, 0, "{role:?}");

        // Of a message that is not whole it holds what has come.
        ws.get_mut().input = frame_for(role, 0x81, &[b'x'; 300])[..200].to_vec();
        ws.get_mut().read = 0;
        let (_, bytes, ()) = measure(|| {
            waits(ws.receive());
            waits(open(role, Vec::new(), None).receive());
        });
        assert!((200..400).contains(&bytes), "{role:?}: {bytes}");
    }
}

#[cfg(target_pointer_width = "64")]
#[test]
fn an_idle_websocket_is_small() {
    let own = size_of::<WebSocket<()>>();
    // What compression needs is elsewhere, except for two words.
    let words = if cfg!(feature = "deflate") { 16 } else { 0 };
    assert!(own <= 300 + words, "{own} bytes");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let timeouts = Arc::new(Timeouts::DEFAULT);
        const COUNT: usize = 1000;
        let mut all: Vec<WebSocket<Loop>> = Vec::with_capacity(COUNT);
        waits(open(Role::Server, Vec::new(), Some(Arc::clone(&timeouts))).receive());
        let config = Arc::new(config(Role::Server));
        let (_, bytes, ()) = measure(|| {
            for _ in 0..COUNT {
                let connection = Connection::new(Arc::clone(&config));
                let stream = Loop::new(Vec::new());
                let timeouts = Some(Arc::clone(&timeouts));
                all.push(WebSocket::from_parts(stream, &[], connection, timeouts));
                waits(all.last_mut().unwrap().receive());
            }
        });
        let each = usize::try_from(bytes).unwrap() / COUNT + own;
        assert!(each <= 450 + words, "{each} bytes");
    });
}

/// A peer may go on sending, a byte at a time, when its connection has failed.
#[test]
fn what_follows_a_violation_is_read_without_an_allocation() {
    for role in ROLES {
        let mut ws = open(role, vec![0xFF], None);
        ws.get_mut().read = 0;
        assert!(ws.fill().now_or_never().unwrap().unwrap());
        assert!(ws.next_event().is_none());
        let mut read_a_byte = || {
            ws.get_mut().read = 0;
            waits(ws.fill());
            assert_eq!(ws.get_ref().read, 1);
        };
        read_a_byte();
        let (allocations, bytes, ()) = measure(|| (0..100).for_each(|_| read_a_byte()));
        assert_eq!((allocations, bytes), (0, 0), "{role:?}");
    }
}

#[test]
fn deadlines_of_dropped_connections_take_no_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let timeouts = Arc::new(Timeouts::DEFAULT);
        let round = |count: usize| {
            let open = |_| open(Role::Server, Vec::new(), Some(Arc::clone(&timeouts)));
            let mut all: Vec<_> = (0..count).map(open).collect();
            for ws in &mut all {
                waits(ws.receive());
            }
            // In another order than they came.
            while !all.is_empty() {
                drop(all.swap_remove(all.len() / 3));
            }
        };
        round(100);
        let (_, bytes, ()) = measure(|| (0..50).for_each(|_| round(100)));
        assert_eq!(bytes, 0);
    });
}

/// With compression, it holds its window and the state that knows it, as long as nothing comes.
#[cfg(feature = "deflate")]
#[test]
fn an_idle_websocket_with_compression_holds_its_window() {
    use sansock_tokio::sansock::Negotiated;
    use sansock_tokio::sansock::deflate::{Deflate, DeflateParams, WindowBits};

    let mut params = DeflateParams::default();
    params.client_max_window_bits = WindowBits::new(9);
    let negotiated = Negotiated::default().with_deflate(params);
    let mut config = config(Role::Server);
    config.deflate = Some(Deflate::default());
    let config = Arc::new(config);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let connection = Connection::from_negotiated(config, &negotiated).unwrap();
        // RFC 7692 §7.2.3.1
        let hello = frame_for(Role::Server, 0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
        let mut stream = Loop::new(hello);
        stream.read = 0;
        let timeouts = Some(Arc::new(Timeouts::DEFAULT));
        let mut ws = WebSocket::from_parts(stream, &[], connection, timeouts);
        assert_eq!(ws.receive().await.unwrap(), Some("Hello".into()));
        ws.send("Hello ".repeat(100)).await.unwrap();
        assert!(ws.connection().memory_usage() > 100_000, "it may go on");
        let idle = std::time::Duration::from_secs(35);
        assert!(tokio::time::timeout(idle, ws.receive()).await.is_err());
        let held = ws.connection().memory_usage();
        assert!(held <= 256, "{held} bytes");
    });
}
