//! Sockets, pipes in memory, and TLS.

use std::net;

use sansock_tokio::sansock::Role;
use tokio::net::TcpStream;
use tokio_rustls::rustls::SupportedProtocolVersion;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::bridge::link;
use crate::scenarios::Link;
use crate::tls_configs::configs_of;

pub(crate) fn tcp(role: Role) -> Link {
    let (ours, peer) = tcp_pair();
    link(role, || connected(ours), || connected(peer))
}

pub(crate) fn tcp_pair() -> (net::TcpStream, net::TcpStream) {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

pub(crate) async fn connected(stream: net::TcpStream) -> TcpStream {
    stream.set_nonblocking(true).unwrap();
    stream.set_nodelay(true).unwrap();
    TcpStream::from_std(stream).unwrap()
}

#[cfg(unix)]
pub(crate) fn unix(role: Role) -> Link {
    use std::os::unix::net::UnixStream;

    async fn connected(stream: UnixStream) -> tokio::net::UnixStream {
        stream.set_nonblocking(true).unwrap();
        tokio::net::UnixStream::from_std(stream).unwrap()
    }
    let (ours, peer) = UnixStream::pair().unwrap();
    link(role, || connected(ours), || connected(peer))
}

pub(crate) fn duplex(role: Role, room: usize) -> Link {
    let (ours, peer) = tokio::io::duplex(room);
    link(role, async || ours, async || peer)
}

pub(crate) fn tls13(role: Role) -> Link {
    tls(role, &TLS13)
}

pub(crate) fn tls12(role: Role) -> Link {
    tls(role, &TLS12)
}

fn tls(role: Role, version: &'static SupportedProtocolVersion) -> Link {
    let (client, server) = configs_of(&[version]);
    let connector = TlsConnector::from(client);
    let acceptor = TlsAcceptor::from(server);
    let connect = async move |stream| -> TlsStream<TcpStream> {
        let stream = connected(stream).await;
        connector.connect("localhost".try_into().unwrap(), stream).await.unwrap().into()
    };
    let accept = async move |stream| -> TlsStream<TcpStream> {
        acceptor.accept(connected(stream).await).await.unwrap().into()
    };
    let (ours, peer) = tcp_pair();
    match role {
        Role::Client => {
            link(role, async move || connect(ours).await, async move || accept(peer).await)
        }
        Role::Server => {
            link(role, async move || accept(ours).await, async move || connect(peer).await)
        }
    }
}
