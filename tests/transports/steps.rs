//! A stream that reads and writes one byte at a time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use sansock::Role;
use sansock::blocking::WithShutdown;

use crate::scenarios::Link;
use crate::scenarios::ours::blocking_link;
use crate::sockets::tcp_pair;

struct ByBytes(TcpStream);

impl Read for ByBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let one = buffer.len().min(1);
        self.0.read(&mut buffer[..one])
    }
}

impl Write for ByBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(&bytes[..bytes.len().min(1)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn tcp(role: Role) -> Link {
    let (ours, peer) = tcp_pair();
    let ours = WithShutdown::new(ByBytes(ours), |stream| {
        stream.0.shutdown(Shutdown::Write).map(|()| true)
    });
    blocking_link(role, ours, peer)
}
