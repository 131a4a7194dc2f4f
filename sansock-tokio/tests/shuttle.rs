//! The halves of both ends of a connection on four threads, in many orders of their steps:
//!
//! ```text
//! RUSTFLAGS="--cfg shuttle" cargo test -p sansock-tokio --release --test shuttle
//! ```
//!
//! A wake-up that is lost is a deadlock, which the scheduler notices.
#![cfg(shuttle)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use sansock::{CloseCode, Config, Connection, Role};
use sansock_tokio::{ReceiveHalf, SendHalf, WebSocket};
use shuttle::future::block_on;
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One direction of a transport in memory.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    is_shut_down: bool,
}

/// An end of a transport in memory that remembers one task, as TLS may.
struct End {
    pipes: Arc<Mutex<[Pipe; 2]>>,
    /// The task of each end that waits.
    waiting: [Arc<Mutex<Option<Waker>>>; 2],
    /// The index of this end, and of the pipe that it writes to.
    us: usize,
}

fn ends() -> [End; 2] {
    let pipes: Arc<Mutex<[Pipe; 2]>> = Arc::default();
    let waiting: [Arc<Mutex<Option<Waker>>>; 2] = Default::default();
    [0, 1].map(|us| End { pipes: Arc::clone(&pipes), waiting: waiting.clone(), us })
}

impl End {
    fn wait<T>(&self, context: &Context<'_>) -> Poll<T> {
        *self.waiting[self.us].lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }

    fn wake_other(&self) {
        let waker = self.waiting[1 - self.us].lock().unwrap().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut pipes = self.pipes.lock().unwrap();
        let pipe = &mut pipes[1 - self.us];
        if pipe.bytes.is_empty() && !pipe.is_shut_down {
            return self.wait(context);
        }
        let len = pipe.bytes.len().min(buffer.remaining());
        buffer.put_slice(&pipe.bytes.drain(..len).collect::<Vec<_>>());
        drop(pipes);
        self.wake_other();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut pipes = self.pipes.lock().unwrap();
        let pipe = &mut pipes[self.us];
        let len = bytes.len().min(CAPACITY - pipe.bytes.len());
        if len == 0 {
            return self.wait(context);
        }
        pipe.bytes.extend(&bytes[..len]);
        drop(pipes);
        self.wake_other();
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipes.lock().unwrap()[self.us].is_shut_down = true;
        self.wake_other();
        Poll::Ready(Ok(()))
    }
}

/// Less than a message, so that both ends wait for each other.
const CAPACITY: usize = 5;

/// How many messages each end sends.
const COUNT: u8 = 2;

fn send_and_close(mut half: SendHalf<End>) {
    block_on(async {
        for n in 0..COUNT {
            half.ping(&[n]).await.unwrap();
            half.send(vec![n; 8]).await.unwrap();
        }
        half.close(CloseCode::NORMAL, "").await.unwrap();
    });
}

fn send_until_closed(mut half: SendHalf<End>) {
    block_on(async {
        for n in 0..COUNT {
            if half.send(vec![n; 8]).await.is_err() {
                return;
            }
        }
    });
}

fn receive(mut half: ReceiveHalf<End>) -> u8 {
    block_on(async {
        let mut count = 0;
        while let Some(message) = half.receive().await.unwrap() {
            assert_eq!(message, vec![count; 8].into());
            count += 1;
        }
        count
    })
}

/// The client closes when it has sent all. The server's messages may be cut by that.
fn both_ends_send_at_once() {
    let mut receivers = Vec::new();
    let configs = [Config::server(), Config::client()];
    for (end, config) in ends().into_iter().zip(configs) {
        let role = config.role();
        let ws = WebSocket::from_parts(end, &[], Connection::new(config), None);
        let (receiving, sending) = ws.split();
        receivers.push(thread::spawn(move || receive(receiving)));
        thread::spawn(move || match role {
            Role::Client => send_and_close(sending),
            Role::Server => send_until_closed(sending),
        });
    }
    let counts: Vec<u8> = receivers.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(counts[0], COUNT, "the server receives all before the Close");
    assert!(counts[1] <= COUNT);
}

/// A client that is whole sends before it reads: the half of the server that sends waits for it, and
/// must not keep the half that receives from waking up.
fn one_end_reads_late() {
    let [server, client] = ends();
    let ws = WebSocket::from_parts(server, &[], Connection::new(Config::server()), None);
    let (receiving, sending) = ws.split();
    thread::spawn(move || send_until_closed(sending));
    let receiver = thread::spawn(move || receive(receiving));
    let connection = Connection::new(Config::client());
    let mut ws = WebSocket::from_parts(client, &[], connection, None);
    block_on(async {
        for n in 0..COUNT {
            ws.send(vec![n; 8]).await.unwrap();
        }
        ws.close(CloseCode::NORMAL, "").await.unwrap();
        while ws.receive().await.unwrap().is_some() {}
    });
    assert_eq!(receiver.join().unwrap(), COUNT);
}

#[test]
fn a_half_that_waits_to_send_does_not_keep_the_other_asleep() {
    shuttle::check_random(one_end_reads_late, 2_000);
    shuttle::check_pct(one_end_reads_late, 2_000, 3);
}

#[test]
fn no_wake_up_is_lost() {
    shuttle::check_random(both_ends_send_at_once, 2_000);
    shuttle::check_pct(both_ends_send_at_once, 2_000, 3);
}
