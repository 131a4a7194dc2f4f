//! The conversations, and the ends that take part.

use sansock::{CloseCode, CloseStatus, Role};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::byte_by_byte::ByteByByte;
use crate::connect::{self, Settings, Stream};
use crate::echo;
use crate::endpoint::{self, BETWEEN, Blocking, CLOSE, CLOSE_CODE, Data, Endpoint, Peer, Seen};
use crate::link::{self, Link, Transport};
use crate::options::Options;
use crate::ours::{self, Ours, Parts};
use crate::ours_blocking::OursBlocking;
use crate::server::Server;

/// What of the crate our end uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// A handshake by hand, then a connection.
    ByHand,
    /// An endpoint from its first byte.
    Endpoint,
    /// A WebSocket over a blocking stream.
    Blocking,
}

/// Our layer, role and transport.
pub(crate) struct Case {
    layer: Layer,
    ours: Role,
    transport: Transport,
    /// Whether our end of TCP moves one byte at a time.
    is_slow: bool,
    /// The length of the longest message.
    max_len: usize,
    authority: Authority,
    /// The runtime for our end if it echoes: with several threads, like the examples.
    runtime: Runtime,
}

impl Case {
    pub(crate) fn new(layer: Layer, ours: Role, transport: Transport) -> Case {
        let (authority, runtime) = (Authority::new(), Runtime::new().unwrap());
        Case { layer, ours, transport, is_slow: false, max_len: usize::MAX, authority, runtime }
    }

    pub(crate) fn byte_by_byte(self, max_len: usize) -> Case {
        Case { is_slow: true, max_len, ..self }
    }

    pub(crate) fn all<P: Peer>(&self) {
        for frame_len in [usize::MAX, FRAME_LEN] {
            self.peer_leads::<P>(frame_len);
            self.peer_echoes::<P>(frame_len);
        }
        self.peer_vanishes::<P>();
        self.peer_vanishes_from_the_echo::<P>();
    }

    /// Runs conversations in which the peer leads and closes, and our end echoes.
    pub(crate) fn peer_leads<P: Peer>(&self, frame_len: usize) {
        let (link, ours) = self.echo();
        let mut peer = P::open(link, frame_len);
        converse(&mut peer, self.max_len);
        peer.close(4999, &"x".repeat(123));
        assert_eq!(peer.receive(), Seen::Close(Some(4999)));
        assert_eq!(peer.receive(), Seen::End(None));
        drop(peer);
        self.await_end(ours, CloseStatus::Code(CloseCode::new(4999).unwrap()));
    }

    /// Runs conversations in which our end leads, and either end closes.
    pub(crate) fn peer_echoes<P: Peer>(&self, frame_len: usize) {
        for ours_closes in [true, false] {
            let (mut ours, peer) =
                self.lead(move |link| endpoint::echo(&mut P::open(link, frame_len)));
            let code = if ours_closes {
                converse(&mut *ours, self.max_len);
                ours.close(3000, "ä");
                3000
            } else {
                ours.send(&Data::Text(CLOSE.into()));
                CLOSE_CODE
            };
            assert_eq!(ours.receive(), Seen::Close(Some(code)));
            let closure = CloseStatus::Code(CloseCode::new(code).unwrap());
            assert_eq!(ours.receive(), Seen::End(Some(closure)));
            assert_eq!(peer.join().unwrap(), Some(code));
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
        self.await_end(ours, CloseStatus::Abnormal);
    }

    /// Starts our echoing end of one connection. Returns the link to it.
    ///
    /// It returns how the connection ended, unless it is the example's, which does not.
    fn echo(&self) -> (Link, JoinHandle<Option<CloseStatus>>) {
        let (ours, link) = self.links();
        let is_slow = self.is_slow;
        let ours = match (self.layer, ours) {
            // The example server is an endpoint.
            (Layer::Endpoint, Link::Accept(listener, config)) => self.runtime.spawn(async move {
                let tcp = paced(link::asynchronous(link::accept(&listener)), is_slow);
                match config {
                    Some(config) => {
                        server().serve_tls(tcp, "a peer", &TlsAcceptor::from(config)).await
                    }
                    None => server().serve(tcp).await,
                }
                None
            }),
            (Layer::Blocking, ours) => {
                self.runtime.spawn_blocking(|| Some(OursBlocking::open(ours).echo()))
            }
            (_, ours) => {
                let open = self.open(ours);
                self.runtime.spawn(async move {
                    let Parts { mut stream, ws, early } = open.await;
                    let _ = echo::run(&mut stream, ws, early, |_| ()).await;
                    None
                })
            }
        };
        (link, ours)
    }

    /// Waits for the end of our echoing end, which must have seen the connection end as `expected`.
    fn await_end(&self, ours: JoinHandle<Option<CloseStatus>>, expected: CloseStatus) {
        let status = self.runtime.block_on(ours).unwrap();
        assert_eq!(status.unwrap_or(expected), expected);
    }

    /// Returns our leading end of a connection. `peer` has the other end, on a thread.
    fn lead<T: Send + 'static>(
        &self,
        peer: impl FnOnce(Link) -> T + Send + 'static,
    ) -> (Box<dyn Endpoint>, std::thread::JoinHandle<T>) {
        let (ours, link) = self.links();
        let peer = std::thread::spawn(move || peer(link));
        let ours: Box<dyn Endpoint> = match self.layer {
            Layer::Blocking => Box::new(OursBlocking::open(ours)),
            _ => Box::new(Blocking::new(async || Ours::open(self.open(ours).await).await)),
        };
        (ours, peer)
    }

    /// Returns our link of a connection, and the peer's.
    fn links(&self) -> (Link, Link) {
        let (listener, address) = link::listen();
        let accept = Link::accept(listener, self.transport, &self.authority);
        let dial = Link::dial(address, self.transport, &self.authority);
        match self.ours {
            Role::Server => (accept, dial),
            Role::Client => (dial, accept),
        }
    }

    /// Opens the transport of our end, and performs a handshake by hand.
    fn open(&self, link: Link) -> impl Future<Output = Parts> + use<> {
        let (layer, role, is_slow) = (self.layer, self.ours, self.is_slow);
        let settings = Settings { ca: Some(self.authority.cert()), ..Settings::default() };
        async move {
            let stream = match (layer, link) {
                (Layer::ByHand, Link::Dial(to, config)) if !is_slow => {
                    // The example opens its transport itself.
                    let scheme = if config.is_some() { "wss" } else { "ws" };
                    let url = format!("{scheme}://localhost:{}/", to.port());
                    return Parts::client(connect::connect(&url, &settings).await.unwrap());
                }
                (_, link) => link.stream_over(|tcp| paced(tcp, is_slow)).await,
            };
            match (layer, role) {
                (Layer::ByHand, Role::Client) => {
                    Parts::client(connect::open(stream, &ours::request()).await.unwrap())
                }
                (Layer::ByHand, Role::Server) => Parts::server(stream).await,
                (_, role) => Parts::endpoint(stream, role),
            }
        }
    }
}

/// Exchanges all kinds of messages and pings.
fn converse(lead: &mut dyn Endpoint, max_len: usize) {
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
fn exchange(lead: &mut dyn Endpoint, message: &Data) -> usize {
    let pings = lead.send(message);
    for _ in 0..pings {
        assert_eq!(lead.receive(), Seen::Pong(BETWEEN.to_vec()));
    }
    // Not `assert_eq`, which would print the message.
    assert!(lead.receive() == Seen::Data(message.clone()), "{} bytes", message.bytes().len());
    pings
}

/// Returns TCP as our end uses it.
fn paced(tcp: TcpStream, is_slow: bool) -> Box<dyn Stream> {
    if is_slow { Box::new(ByteByByte(tcp)) } else { Box::new(tcp) }
}

pub(crate) fn server() -> Server {
    let args = ["--listen", "127.0.0.1:0"];
    let Ok(options) = Options::parse(args.into_iter().map(String::from)) else { unreachable!() };
    Server::new(&options, Box::new(drop))
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
