//! Sockets of clients and servers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;

use tokio::net::{TcpListener, TcpSocket};

/// Listens on a port of the loopback that is free, for as many connections at a time as it takes.
///
/// # Errors
///
/// If the system refuses.
pub fn listen() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    socket.listen(4096)
}

/// Connects to this port of the loopback. When the socket is dropped, the connection is reset, so
/// that no port is kept.
///
/// # Errors
///
/// If the system refuses.
pub fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    let len = size_of_val(&linger) as libc::socklen_t;
    let value = (&raw const linger).cast();
    // SAFETY: `value` has `len` readable bytes.
    unsafe {
        libc::setsockopt(stream.as_raw_fd(), libc::SOL_SOCKET, libc::SO_LINGER, value, len);
    }
    Ok(stream)
}
