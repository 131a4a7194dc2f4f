//! A transport in memory with little room in either direction.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex};

use crate::stream::Transport;

/// One end of a transport.
pub(crate) struct Pipe {
    incoming: Arc<Mutex<Way>>,
    outgoing: Arc<Mutex<Way>>,
    /// Whether the last write found no room.
    pub(crate) is_blocked: bool,
}

struct Way {
    bytes: VecDeque<u8>,
    room: usize,
    is_shut: bool,
}

/// Returns both ends of a transport that holds so many bytes in each direction.
pub(crate) fn pipe(room: usize) -> (Pipe, Pipe) {
    let way = || Arc::new(Mutex::new(Way { bytes: VecDeque::new(), room, is_shut: false }));
    let (there, back) = (way(), way());
    let end = |incoming: &Arc<_>, outgoing: &Arc<_>| Pipe {
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        is_blocked: false,
    };
    (end(&back, &there), end(&there, &back))
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut way = self.incoming.lock().unwrap();
        match way.bytes.read(buffer)? {
            0 if !way.is_shut => Err(ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut way = self.outgoing.lock().unwrap();
        let len = bytes.len().min(way.room - way.bytes.len());
        self.is_blocked = len < bytes.len();
        if len == 0 && self.is_blocked {
            return Err(ErrorKind::WouldBlock.into());
        }
        way.bytes.extend(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Pipe {
    fn is_connected(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn shut_down(&self) -> io::Result<()> {
        self.outgoing.lock().unwrap().is_shut = true;
        Ok(())
    }
}
