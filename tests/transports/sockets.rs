//! Sockets of the standard library.

use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Duration;

use sansock::Role;

use crate::scenarios::Link;
use crate::scenarios::ours::blocking_link;

pub(crate) fn tcp(role: Role) -> Link {
    let (ours, peer) = tcp_pair();
    blocking_link(role, ours, peer)
}

/// Returns two ends of a connection. The first has timeouts.
pub(crate) fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    ours.set_read_timeout(Some(TIMEOUT)).unwrap();
    ours.set_write_timeout(Some(TIMEOUT)).unwrap();
    (ours, listener.accept().unwrap().0)
}

#[cfg(unix)]
pub(crate) fn unix(role: Role) -> Link {
    let (ours, peer) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(TIMEOUT)).unwrap();
    ours.set_write_timeout(Some(TIMEOUT)).unwrap();
    blocking_link(role, ours, peer)
}

/// How often a WebSocket that waits looks at its deadlines.
pub(crate) const TIMEOUT: Duration = Duration::from_millis(10);
