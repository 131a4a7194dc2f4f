//! Deadlines in several runtimes, between workers, and without the time of a runtime.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use sansock_tokio::sansock::timer::Timeouts;
use sansock_tokio::sansock::{Config, Connection, Role};
use sansock_tokio::{CloseCode, Error, Request, Settings, WebSocket};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;

use crate::script::{Script, Task};
use crate::support::{config, frame_for};
use crate::within_a_minute;

/// A server that pings after a millisecond of silence, and waits for ever.
fn pinging<S>(stream: S) -> WebSocket<S> {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.ping = Some(Duration::from_millis(1));
    timeouts.pong = None;
    WebSocket::from_parts(stream, &[], Connection::new(Config::server()), Arc::new(timeouts))
}

/// A server with the default deadlines.
fn timed<S>(stream: S) -> WebSocket<S> {
    let connection = Connection::new(Config::server());
    WebSocket::from_parts(stream, &[], connection, Arc::new(Timeouts::DEFAULT))
}

/// A runtime on one thread.
fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Waits until the server has sent a ping.
async fn expect_ping(client: &mut DuplexStream) {
    let mut ping = [0; 2];
    client.read_exact(&mut ping).await.unwrap();
    assert_eq!(ping, [0x89, 0]);
}

#[test]
fn a_websocket_outlives_its_runtime() {
    let (mut client, server) = duplex(100);
    let mut ws = pinging(server);
    for _ in 0..3 {
        let runtime = paused();
        runtime.block_on(async {
            tokio::select! {
                received = ws.receive() => panic!("{received:?}"),
                () = expect_ping(&mut client) => {}
            }
            let pong = frame_for(Role::Server, 0x8A, b"");
            tokio::io::AsyncWriteExt::write_all(&mut client, &pong).await.unwrap();
            // It waits for the next ping when its runtime ends.
            Task::waits(ws.receive());
        });
    }
}

/// Nobody drives the first one any more, though it lives.
#[test]
fn a_websocket_has_its_deadlines_in_the_runtime_that_polls_it() {
    let (mut client, server) = duplex(100);
    let mut ws = pinging(server);
    let runtimes = [paused(), paused(), paused()];
    for runtime in &runtimes {
        runtime.block_on(async {
            tokio::select! {
                received = ws.receive() => panic!("{received:?}"),
                () = expect_ping(&mut client) => {}
            }
            let pong = frame_for(Role::Server, 0x8A, b"");
            tokio::io::AsyncWriteExt::write_all(&mut client, &pong).await.unwrap();
            Task::waits(ws.receive());
        });
    }
}

#[test]
fn a_task_is_woken_when_the_runtime_of_its_deadline_ends() {
    let runtime = paused();
    let task = Task::new();
    let mut ws = timed(Script::new(b""));
    runtime.block_on(async {
        let mut receive = std::pin::pin!(ws.receive());
        assert!(task.poll(receive.as_mut()).is_pending());
        tokio::task::yield_now().await;
    });
    task.take_wakes();
    drop(runtime);
    assert!(task.take_wakes() > 0);
    // Without a runtime, there are no deadlines.
    assert!(matches!(Task::now(ws.receive()), Err(Error::Io(_))));
}

/// A waker that owns a task, as those of some executors do.
#[allow(dead_code, reason = "it is only dropped")]
struct Owner(Mutex<WebSocket<Script>>);

impl Wake for Owner {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_may_drop_another_websocket() {
    within_a_minute(async {
        for is_replaced in [false, true] {
            let mut other = timed(Script::new(b""));
            Task::waits(other.receive());
            let waker = Waker::from(Arc::new(Owner(Mutex::new(other))));
            let script = Script::new(b"");
            let mut ws = timed(script.clone());
            assert!(pin!(ws.receive()).poll(&mut Context::from_waker(&waker)).is_pending());
            drop(waker);
            // The timer has the last waker.
            script.wake();
            if is_replaced {
                Task::waits(ws.receive());
            }
            drop(ws);
        }
    });
}

#[test]
fn a_runtime_that_has_ended_is_an_error() {
    let runtime = paused();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _entered = handle.enter();
    let mut ws = timed(Script::new(b""));
    assert!(matches!(Task::now(ws.receive()), Err(Error::Io(_))));
}

#[test]
fn without_the_time_of_a_runtime_deadlines_are_errors() {
    let runtime = Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let no_time = |error| match error {
            Error::Io(error) => assert!(error.to_string().contains("time"), "{error}"),
            error => panic!("{error}"),
        };
        no_time(sansock_tokio::accept(server).await.unwrap_err());
        let request = Request::new("ws://a.example/").unwrap();
        let silent = TcpStream::connect(address).await.unwrap();
        no_time(sansock_tokio::client(&request, silent).await.unwrap_err());
        drop(client);

        let mut ws = timed(Script::new(&frame_for(Role::Server, 0x81, b"there")));
        assert_eq!(ws.receive().await.unwrap(), Some("there".into()));
        no_time(ws.receive().await.unwrap_err());
        no_time(ws.receive().await.unwrap_err());
    });
}

#[test]
fn without_deadlines_no_time_is_needed() {
    let runtime = Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = |config: Config| {
            let mut settings = Settings::new(config);
            (settings.timeouts, settings.handshake_timeout) = (None, None);
            settings
        };
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let settings = settings(Config::server());
            let accepted = sansock_tokio::accept_with(stream, &settings, async |_| ());
            let mut ws = accepted.await.unwrap();
            while let Some(message) = ws.receive().await.unwrap() {
                ws.send(message).await.unwrap();
            }
        });
        let stream = TcpStream::connect(address).await.unwrap();
        let request = Request::new("ws://a.example/").unwrap();
        let settings = settings(config(Role::Client));
        let opened = sansock_tokio::client_with(&request, stream, &settings).await;
        let (mut ws, _) = opened.unwrap();
        ws.send("there?").await.unwrap();
        assert_eq!(ws.receive().await.unwrap(), Some("there?".into()));
        ws.close(CloseCode::NORMAL, "").await.unwrap();
        assert_eq!(ws.receive().await.unwrap(), None);
        server.await.unwrap();
    });
}

/// Polls a WebSocket on a worker until it is pinged, and sends it on to another task.
fn go_round(
    mut ws: WebSocket<DuplexStream>,
    mut client: DuplexStream,
    rounds: usize,
    done: mpsc::Sender<()>,
) {
    let Some(left) = rounds.checked_sub(1) else { return drop(done) };
    tokio::spawn(async move {
        tokio::select! {
            received = ws.receive() => panic!("{received:?}"),
            () = expect_ping(&mut client) => {}
        }
        let pong = frame_for(Role::Server, 0x8A, b"");
        tokio::io::AsyncWriteExt::write_all(&mut client, &pong).await.unwrap();
        go_round(ws, client, left, done);
    });
}

#[test]
fn deadlines_come_to_tasks_that_change_workers() {
    within_a_minute(async {
        let (done, mut all_done) = mpsc::channel(1);
        for _ in 0..20 {
            let (client, server) = duplex(100);
            go_round(pinging(server), client, 30, done.clone());
        }
        drop(done);
        assert_eq!(all_done.recv().await, None);
    });
}

#[test]
fn halves_of_one_websocket_may_be_in_two_runtimes() {
    within_a_minute(async {
        let (client, server) = duplex(100);
        let (mut receiving, mut sending) = pinging(server).split();
        let other = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                for n in 0..100_u8 {
                    sending.send(vec![n; 1000]).await.unwrap();
                }
                sending.close(CloseCode::NORMAL, "").await.unwrap();
            });
        });
        let received = Handle::current().spawn(async move { receiving.receive().await });
        let mut client = crate::open(Role::Client, client, |_| ());
        for n in 0..100_u8 {
            assert!(client.receive().await.unwrap() == Some(vec![n; 1000].into()));
        }
        assert_eq!(client.receive().await.unwrap(), None);
        assert_eq!(received.await.unwrap().unwrap(), None);
        other.join().unwrap();
    });
}
