//! The transport of an end, up to the point where its handshake begins.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::DerefMut;
use std::sync::Arc;

use sansock::Role;
use sansock::blocking::{self, WithShutdown};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, ServerConfig, ServerConnection, SideData,
    StreamOwned, SupportedProtocolVersion,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::authority::Authority;
use crate::connect::Stream;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    Tls12,
    Tls13,
}

impl Transport {
    /// Returns the only TLS version that the end supports, if it uses TLS.
    pub(crate) fn version(self) -> Option<&'static SupportedProtocolVersion> {
        match self {
            Transport::Tcp => None,
            Transport::Tls12 => Some(&TLS12),
            Transport::Tls13 => Some(&TLS13),
        }
    }
}

/// A transport that is still to be opened.
pub(crate) enum Link {
    Dial(SocketAddr, Option<Arc<ClientConfig>>),
    Accept(TcpListener, Option<Arc<ServerConfig>>),
}

impl Link {
    pub(crate) fn dial(to: SocketAddr, transport: Transport, authority: &Authority) -> Link {
        let config = |version| Arc::new(authority.client_config(&[version], None));
        Link::Dial(to, transport.version().map(config))
    }

    pub(crate) fn accept(on: TcpListener, transport: Transport, authority: &Authority) -> Link {
        let config = |version| Arc::new(authority.server_config(&[version]));
        Link::Accept(on, transport.version().map(config))
    }

    /// Returns the role of this end.
    pub(crate) fn role(&self) -> Role {
        match self {
            Link::Dial(..) => Role::Client,
            Link::Accept(..) => Role::Server,
        }
    }

    /// Opens the transport for ends that block.
    pub(crate) fn blocking(self) -> BlockingStream {
        match self {
            Link::Dial(to, config) => {
                let tcp = dial(to);
                let Some(config) = config else { return Box::new(tcp) };
                let tls = ClientConnection::new(config, localhost()).unwrap();
                Box::new(WithShutdown::new(StreamOwned::new(tls, tcp), close_notify))
            }
            Link::Accept(listener, config) => {
                let tcp = accept(&listener);
                let Some(config) = config else { return Box::new(tcp) };
                let tls = ServerConnection::new(config).unwrap();
                Box::new(WithShutdown::new(StreamOwned::new(tls, tcp), close_notify))
            }
        }
    }

    /// Opens the transport for ends that do not block.
    pub(crate) async fn stream(self) -> Box<dyn Stream> {
        self.stream_over(|tcp| tcp).await
    }

    /// Does the same over what `wrap` makes of TCP.
    pub(crate) async fn stream_over<T: Stream + 'static>(
        self,
        wrap: impl FnOnce(tokio::net::TcpStream) -> T,
    ) -> Box<dyn Stream> {
        match self {
            Link::Dial(to, config) => {
                let tcp = wrap(asynchronous(dial(to)));
                let Some(config) = config else { return Box::new(tcp) };
                let tls = TlsConnector::from(config);
                Box::new(tls.connect(localhost(), tcp).await.unwrap())
            }
            Link::Accept(listener, config) => {
                let tcp = wrap(asynchronous(accept(&listener)));
                let Some(config) = config else { return Box::new(tcp) };
                Box::new(TlsAcceptor::from(config).accept(tcp).await.unwrap())
            }
        }
    }
}

/// Any transport that blocks. Peers only read from it and write to it.
pub(crate) type BlockingStream = Box<dyn blocking::Transport + Send>;

/// Ends the writing half of TLS.
fn close_notify<S: SideData>(
    tls: &mut StreamOwned<impl DerefMut<Target = ConnectionCommon<S>>, TcpStream>,
) -> io::Result<bool> {
    tls.conn.send_close_notify();
    tls.flush().map(|()| true)
}

/// Returns a new listener and its address.
pub(crate) fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(crate) fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

pub(crate) fn dial(to: SocketAddr) -> TcpStream {
    without_delay(TcpStream::connect(to).unwrap())
}

pub(crate) fn accept(on: &TcpListener) -> TcpStream {
    without_delay(on.accept().unwrap().0)
}

pub(crate) fn asynchronous(tcp: TcpStream) -> tokio::net::TcpStream {
    tcp.set_nonblocking(true).unwrap();
    tokio::net::TcpStream::from_std(tcp).unwrap()
}

fn without_delay(tcp: TcpStream) -> TcpStream {
    tcp.set_nodelay(true).unwrap();
    tcp
}
