//! The conversations, and the ends that take part.

use std::net::{SocketAddr, TcpListener};

use sansock::handshake::client::Request;
use sansock::{CloseCode, CloseStatus, Config, Connection, Role};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::byte_by_byte::ByteByByte;
use crate::connect::{self, Attempt, Connected, Settings, Stream};
use crate::endpoint::{self, BETWEEN, Blocking, CLOSE, CLOSE_CODE, Data, Endpoint, Peer, Seen};
use crate::link::{self, Link, Transport};
use crate::options::{Options, TlsOptions};
use crate::ours::Ours;
use crate::server::Server;
use crate::{echo, tls};

/// Our role and transport.
pub(crate) struct Case {
    ours: Role,
    transport: Transport,
    /// Whether our end of TCP moves one byte at a time.
    is_slow: bool,
    authority: Authority,
    /// The runtime for our end if it echoes: with several threads, like the examples.
    runtime: Runtime,
}

impl Case {
    pub(crate) fn new(ours: Role, transport: Transport) -> Case {
        let (authority, runtime) = (Authority::new(), Runtime::new().unwrap());
        Case { ours, transport, is_slow: false, authority, runtime }
    }

    pub(crate) fn byte_by_byte(self) -> Case {
        Case { is_slow: true, ..self }
    }

    pub(crate) fn all<P: Peer>(&self) {
        for frame_len in [usize::MAX, FRAME_LEN] {
            self.peer_leads::<P>(frame_len);
            self.peer_echoes::<P>(frame_len);
        }
        self.peer_vanishes::<P>();
        self.peer_vanishes_from_the_echo::<P>();
    }

    /// Runs conversations in which the peer leads and closes, and the example echoes.
    pub(crate) fn peer_leads<P: Peer>(&self, frame_len: usize) {
        let (link, ours) = self.echo();
        let mut peer = P::open(link, frame_len);
        converse(&mut peer, self.max_len());
        peer.close(4999, &"x".repeat(123));
        assert_eq!(peer.receive(), Seen::Close(Some(4999)));
        assert_eq!(peer.receive(), Seen::End(None));
        drop(peer);
        self.runtime.block_on(ours).unwrap();
    }

    /// Runs conversations in which our end leads, and either end closes.
    pub(crate) fn peer_echoes<P: Peer>(&self, frame_len: usize) {
        for ours_closes in [true, false] {
            let (mut ours, peer) =
                self.lead(move |link| endpoint::echo(&mut P::open(link, frame_len)));
            let code = if ours_closes {
                converse(&mut ours, self.max_len());
                ours.close(3000, "ä");
                3000
            } else {
                ours.send(&Data::Text(CLOSE.into()));
                CLOSE_CODE
            };
            assert_eq!(ours.receive(), Seen::Close(Some(code)));
            let closure = CloseStatus::Code(CloseCode::new(code).unwrap());
            assert_eq!(ours.receive(), Seen::End(Some(closure)));
            peer.join().unwrap();
        }
    }

    /// Checks that a transport that ends without a Close is an abnormal closure at once, RFC 6455
    /// §7.1.5.
    fn peer_vanishes<P: Peer>(&self) {
        let (mut ours, peer) = self.lead(|link| {
            let mut peer = P::open(link, usize::MAX);
            assert_eq!(peer.receive(), Seen::Data(text(5)));
        });
        ours.send(&text(5));
        assert_eq!(ours.receive(), Seen::End(Some(CloseStatus::Abnormal)));
        peer.join().unwrap();
    }

    fn peer_vanishes_from_the_echo<P: Peer>(&self) {
        let (link, ours) = self.echo();
        let mut peer = P::open(link, usize::MAX);
        assert_eq!(exchange(&mut peer, &text(5)), 0);
        drop(peer);
        self.runtime.block_on(ours).unwrap();
    }

    /// Starts the example as the echoing end of one connection. Returns the link to it.
    fn echo(&self) -> (Link, JoinHandle<()>) {
        let (listener, address) = link::listen();
        match self.ours {
            Role::Server => {
                let (server, acceptor) = (server(), self.acceptor());
                let accept = self.accept_with(listener);
                let ours = self.runtime.spawn(async move {
                    let stream = accept.await;
                    match acceptor {
                        Some(acceptor) => server.serve_tls(stream, &acceptor).await,
                        None => server.serve(stream).await,
                    }
                });
                (Link::dial(address, self.transport, &self.authority), ours)
            }
            Role::Client => {
                let dial = self.dial(address);
                let ours = self.runtime.spawn(async move {
                    let Connected { mut stream, early, negotiated } = dial.await;
                    let ws = Connection::from_negotiated(Config::client(), &negotiated).unwrap();
                    let ws = sansock::endpoint::Endpoint::from_connection(ws, None);
                    let _ = echo::run(&mut stream, ws, early, |_| ()).await;
                });
                (Link::accept(listener, self.transport, &self.authority), ours)
            }
        }
    }

    /// Returns our leading end of a connection. `peer` has the other end, on a thread.
    fn lead(
        &self,
        peer: impl FnOnce(Link) + Send + 'static,
    ) -> (Blocking<Ours>, std::thread::JoinHandle<()>) {
        let (listener, address) = link::listen();
        match self.ours {
            Role::Server => {
                let link = Link::dial(address, self.transport, &self.authority);
                let peer = std::thread::spawn(move || peer(link));
                let ours = Blocking::new(async || {
                    let stream = self.accept_with(listener).await;
                    let stream: Box<dyn Stream> = match self.acceptor() {
                        Some(acceptor) => Box::new(acceptor.accept(stream).await.unwrap()),
                        None => stream,
                    };
                    Ours::server(stream).await
                });
                (ours, peer)
            }
            Role::Client => {
                let link = Link::accept(listener, self.transport, &self.authority);
                let peer = std::thread::spawn(move || peer(link));
                (Blocking::new(async || Ours::client(self.dial(address).await)), peer)
            }
        }
    }

    /// Accepts one connection.
    fn accept_with(&self, listener: TcpListener) -> impl Future<Output = Box<dyn Stream>> + use<> {
        let is_slow = self.is_slow;
        async move {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (tcp, _) = listener.accept().await.unwrap();
            tcp.set_nodelay(true).unwrap();
            if is_slow { Box::new(ByteByByte(tcp)) } else { Box::new(tcp) as Box<dyn Stream> }
        }
    }

    fn acceptor(&self) -> Option<TlsAcceptor> {
        self.transport.version()?;
        let options =
            TlsOptions { identity: Some(self.authority.identity()), ..Default::default() };
        Some(tls::acceptor(&options).unwrap())
    }

    /// Connects like the example.
    fn dial(&self, to: SocketAddr) -> impl Future<Output = Connected> + use<> {
        let is_secure = self.transport != Transport::Tcp;
        let scheme = if is_secure { "wss" } else { "ws" };
        let url = format!("{scheme}://localhost:{}/", to.port());
        let settings = Settings { ca: Some(self.authority.cert()), ..Settings::default() };
        let is_slow = self.is_slow;
        async move {
            let attempt = if !is_slow {
                connect::connect(&url, &settings).await.unwrap()
            } else {
                let tcp = ByteByByte(link::asynchronous(link::dial(to)));
                let stream: Box<dyn Stream> = if is_secure {
                    let tls = connect::connector(&settings).unwrap();
                    Box::new(tls.connect(link::localhost(), tcp).await.unwrap())
                } else {
                    Box::new(tcp)
                };
                connect::open(stream, &Request::new(&url).unwrap()).await.unwrap()
            };
            let Attempt::Connected(connected) = attempt else { panic!("refused") };
            connected
        }
    }

    fn max_len(&self) -> usize {
        if self.is_slow { 0x1_0000 } else { 0x10_0000 }
    }
}

/// Exchanges all kinds of messages and pings.
fn converse(lead: &mut impl Endpoint, max_len: usize) {
    for len in LENGTHS.into_iter().filter(|len| *len <= max_len) {
        for message in [text(len), binary(len)] {
            let pings = exchange(lead, &message);
            assert!(pings == 0 || len > FRAME_LEN);
        }
    }
    for payload in [&b""[..], b"there?", &[b'x'; 125]] {
        lead.ping(payload);
        assert_eq!(lead.receive(), Seen::Pong(payload.to_vec()));
    }
}

/// Sends a message. Receives its echo and the pongs for pings between its frames. Returns their
/// number.
fn exchange(lead: &mut impl Endpoint, message: &Data) -> usize {
    let pings = lead.send(message);
    for _ in 0..pings {
        assert_eq!(lead.receive(), Seen::Pong(BETWEEN.to_vec()));
    }
    // Not `assert_eq`, which would print the message.
    assert!(lead.receive() == Seen::Data(message.clone()), "{} bytes", message.bytes().len());
    pings
}

pub(crate) fn server() -> Server {
    let args = ["--listen", "127.0.0.1:0"];
    let Ok(options) = Options::parse(args.into_iter().map(String::from)) else { unreachable!() };
    Server::new(options)
}

/// Returns a text. If `len` is odd, frames of an even length cut it within characters.
fn text(len: usize) -> Data {
    Data::Text("x".repeat(len % 2) + &"ä".repeat(len / 2))
}

fn binary(len: usize) -> Data {
    Data::Binary((0..=u8::MAX).cycle().take(len).collect())
}

/// The limits of each encoding of a length, and one longer than a read.
const LENGTHS: [usize; 8] = [0, 1, 125, 126, 127, 0xFFFF, 0x1_0000, 0x10_0000];

/// The frame length for messages in fragments.
const FRAME_LEN: usize = 1000;
