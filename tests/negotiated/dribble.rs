//! Transports that move a byte at a time, and one in memory.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use mio::net::TcpStream;

use crate::stream::Transport;

/// A socket. If it is slow, it moves a byte at a time, and every second call would block.
pub(crate) struct Dribble {
    pub(crate) tcp: TcpStream,
    pub(crate) is_slow: bool,
    read_now: bool,
    write_now: bool,
}

impl Dribble {
    pub(crate) fn new(tcp: TcpStream, is_slow: bool) -> Dribble {
        Dribble { tcp, is_slow, read_now: false, write_now: false }
    }
}

impl Read for Dribble {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_slow {
            return self.tcp.read(buffer);
        }
        self.read_now = !self.read_now;
        if !self.read_now {
            return Err(ErrorKind::WouldBlock.into());
        }
        let len = buffer.len().min(1);
        self.tcp.read(&mut buffer[..len])
    }
}

impl Write for Dribble {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_slow {
            return self.tcp.write(bytes);
        }
        self.write_now = !self.write_now;
        if !self.write_now {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.tcp.write(&bytes[..bytes.len().min(1)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

impl Transport for Dribble {
    fn is_connected(&self) -> io::Result<bool> {
        self.tcp.is_connected()
    }

    fn shut_down(&self) -> io::Result<()> {
        self.tcp.shut_down()
    }
}

/// Each read returns one of `reads`, and then `WouldBlock`. It takes everything that is written.
pub(crate) struct Memory {
    pub(crate) reads: VecDeque<Vec<u8>>,
    pub(crate) written: Vec<u8>,
}

impl Memory {
    pub(crate) fn new(reads: &[&[u8]]) -> Memory {
        let reads = reads.iter().map(|read| read.to_vec()).collect();
        Memory { reads, written: Vec::new() }
    }
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(read) = self.reads.front_mut() else { return Err(ErrorKind::WouldBlock.into()) };
        let len = read.len().min(buffer.len());
        buffer[..len].copy_from_slice(&read[..len]);
        read.drain(..len);
        if read.is_empty() {
            self.reads.pop_front();
        }
        Ok(len)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Memory {
    fn is_connected(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn shut_down(&self) -> io::Result<()> {
        Ok(())
    }
}
