//! TLS over TCP, by rustls.

use std::io::{self, Write};
use std::net::TcpStream;
use std::ops::DerefMut;

use sansock::Role;
use sansock::blocking::WithShutdown;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConnection, ConnectionCommon, ServerConnection, SideData, StreamOwned,
    SupportedProtocolVersion,
};

use crate::scenarios::ours::blocking_link;
use crate::scenarios::{Link, Wire};
use crate::sockets::tcp_pair;
use crate::tls_configs::configs_of;

pub(crate) fn tls13(role: Role) -> Link {
    tls(role, &TLS13)
}

pub(crate) fn tls12(role: Role) -> Link {
    tls(role, &TLS12)
}

fn tls(role: Role, version: &'static SupportedProtocolVersion) -> Link {
    let (client, server) = configs_of(&[version]);
    let client = ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
    let server = ServerConnection::new(server).unwrap();
    match role {
        Role::Client => link(role, client, server),
        Role::Server => link(role, server, client),
    }
}

type Tls<C> = StreamOwned<C, TcpStream>;

fn link<O, P, OD, PD>(role: Role, ours: O, peer: P) -> Link
where
    O: DerefMut<Target = ConnectionCommon<OD>> + 'static,
    P: DerefMut<Target = ConnectionCommon<PD>> + Send + 'static,
    OD: SideData + 'static,
    PD: SideData + 'static,
{
    let (our_socket, peer_socket) = tcp_pair();
    let ours = WithShutdown::new(StreamOwned::new(ours, our_socket), |tls: &mut Tls<O>| {
        tls.conn.send_close_notify();
        tls.flush().map(|()| true)
    });
    let peer = StreamOwned::new(peer, peer_socket);
    blocking_link(role, ours, peer)
}

impl<C, D> Wire for Tls<C>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
{
    fn shut_down(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()
    }
}
