//! A server that runs on a thread of its own, and what its clients need.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use mio::Waker;
use mio::net::TcpStream;
use sansock::Config;
use sansock::endpoint::Settings;
use sansock::handshake::client::Request;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::client::{Client, Target};
use crate::counting::{BYTES, measure_peak};
use crate::dropped::Dropped;
use crate::mode::Mode;
use crate::peer::{TlsPolicy, settings};
use crate::server::Server;
use crate::tls::{Identity, client_config, server_config};

/// A server that runs. It stops when this is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    clock: Arc<AtomicU64>,
    waker: Arc<Waker>,
    /// Where the server's thread answers. It has room for one, so a question allocates nothing there.
    questions: Option<SyncSender<SyncSender<Memory>>>,
    dropped: Receiver<Dropped>,
    thread: Option<JoinHandle<isize>>,
}

/// What the server's thread has allocated, and for how many clients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) clients: usize,
    pub(crate) bytes: isize,
}

impl Running {
    pub(crate) fn start(tls: TlsPolicy) -> Running {
        Running::start_with(tls, true)
    }

    /// Starts a server. If it does not report why it drops clients, it allocates nothing for that.
    pub(crate) fn start_with(tls: TlsPolicy, reports: bool) -> Running {
        let clock = Arc::new(AtomicU64::new(0));
        let (questions, asked) = sync_channel(1);
        let (report, dropped) = channel();
        let (started, start) = sync_channel(1);
        let millis = Arc::clone(&clock);
        let thread = spawn(move || {
            let (peak, ()) = measure_peak(|| {
                let server = create(tls);
                let waker = Arc::new(server.waker().unwrap());
                started.send((server.local_addr().unwrap(), Arc::clone(&waker))).unwrap();
                run(server, &waker, &millis, &asked, reports.then_some(report));
            });
            peak
        });
        let (address, waker) = start.recv().unwrap();
        let (questions, thread) = (Some(questions), Some(thread));
        Running { address, clock, waker, questions, dropped, thread }
    }

    /// Sets the server's clock.
    pub(crate) fn set_clock(&self, time: Duration) {
        self.clock.store(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
        self.waker.wake().unwrap();
    }

    /// Lets the server take a turn. Returns its memory after that.
    pub(crate) fn memory(&self) -> Memory {
        let (answer, memory) = sync_channel(1);
        self.questions.as_ref().unwrap().send(answer).unwrap();
        self.waker.wake().unwrap();
        memory.recv().unwrap()
    }

    /// Lets the server take turns until it has this many clients.
    pub(crate) fn memory_with(&self, clients: usize) -> Memory {
        loop {
            let memory = self.memory();
            if memory.clients == clients {
                return memory;
            }
            std::thread::yield_now();
        }
    }

    /// Waits until the server drops a client. Returns why it does.
    pub(crate) fn dropped(&self) -> Dropped {
        self.dropped.recv().unwrap()
    }

    /// Stops the server. Returns the most bytes that its thread has ever allocated.
    pub(crate) fn stop(&mut self) -> isize {
        self.questions = None;
        self.waker.wake().unwrap();
        self.thread.take().unwrap().join().unwrap()
    }

    /// Returns what begins to connect to this server.
    pub(crate) fn dial(&self) -> impl FnMut() -> std::io::Result<TcpStream> + Send + 'static {
        let address = self.address;
        move || TcpStream::connect(address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.thread.is_some() && !std::thread::panicking() {
            self.stop();
        }
    }
}

fn create(tls: TlsPolicy) -> Server {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    Server::bind(any_port, tls, settings(), 64 << 10).unwrap()
}

fn run(
    mut server: Server,
    waker: &Waker,
    millis: &AtomicU64,
    asked: &Receiver<SyncSender<Memory>>,
    report: Option<Sender<Dropped>>,
) {
    loop {
        let now = || Duration::from_millis(millis.load(Ordering::SeqCst));
        let report = |dropped| {
            if let Some(report) = &report {
                let _ = report.send(dropped);
            }
        };
        server.turn(now, report).unwrap();
        match asked.try_recv() {
            Ok(answer) => {
                // It may have come, and the clock may have been set, after that turn had begun.
                waker.wake().unwrap();
                server.turn(now, report).unwrap();
                answer.send(Memory { clients: server.clients(), bytes: BYTES.get() }).unwrap();
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return,
        }
    }
}

/// A certificate for `localhost` and its server.
pub(crate) struct Tls {
    pub(crate) cert: CertificateDer<'static>,
    pub(crate) config: Arc<ServerConfig>,
}

impl Tls {
    pub(crate) fn new() -> Tls {
        let identity = Identity::generate(&["localhost"]).unwrap();
        let cert = identity.cert.clone();
        Tls { cert, config: Arc::new(server_config(identity).unwrap()) }
    }

    /// Returns a target that trusts this certificate.
    pub(crate) fn target(&self, mode: Mode) -> Target {
        let mut roots = RootCertStore::empty();
        roots.add(self.cert.clone()).unwrap();
        Target {
            mode,
            name: ServerName::try_from("localhost").unwrap(),
            tls: Arc::new(client_config(mode, roots).unwrap()),
            request: Request::new("ws://localhost/").unwrap(),
            settings: Settings::new(Config::client()),
        }
    }

    pub(crate) fn client(
        &self,
        mode: Mode,
        dial: impl FnMut() -> std::io::Result<TcpStream> + Send + 'static,
    ) -> Client<TcpStream> {
        Client::new(Arc::new(self.target(mode)), dial)
    }
}
