//! A transport in memory that does what a script says.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use sansock::blocking::Transport;

/// What a transport in memory does at one call.
#[derive(Clone)]
pub(crate) enum Step {
    Read(Vec<u8>),
    Fail(ErrorKind),
}

/// Reads what a script says, and then would block. Writes to a buffer as much as it may.
pub(crate) struct Script {
    pub(crate) reads: VecDeque<Step>,
    pub(crate) written: Vec<u8>,
    /// Bytes that can still be written before `full` is returned.
    pub(crate) room: usize,
    pub(crate) full: ErrorKind,
    /// As the writer of a TLS library: how many bytes it holds until it is flushed, and returns `Ok(0)`
    /// when it holds them.
    pub(crate) held: Option<(usize, Vec<u8>)>,
    /// Whether its writing half can be shut down.
    pub(crate) has_halves: bool,
    /// How much was written at each read.
    pub(crate) written_at_reads: Vec<usize>,
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.written_at_reads.push(self.written.len());
        assert!(self.written_at_reads.len() < 1_000_000, "it reads again and again");
        match self.reads.pop_front() {
            Some(Step::Read(mut bytes)) => {
                let len = bytes.len().min(buffer.len());
                buffer[..len].copy_from_slice(&bytes[..len]);
                if len < bytes.len() {
                    self.reads.push_front(Step::Read(bytes.split_off(len)));
                }
                Ok(len)
            }
            Some(Step::Fail(kind)) => Err(kind.into()),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some((most, held)) = &mut self.held {
            let len = bytes.len().min(*most - held.len());
            held.extend_from_slice(&bytes[..len]);
            return Ok(len);
        }
        let len = bytes.len().min(self.room);
        if len == 0 && !bytes.is_empty() {
            return Err(self.full.into());
        }
        self.written.extend_from_slice(&bytes[..len]);
        self.room -= len;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some((_, held)) = &mut self.held else { return Ok(()) };
        let len = held.len().min(self.room);
        self.written.extend(held.drain(..len));
        self.room -= len;
        if held.is_empty() { Ok(()) } else { Err(self.full.into()) }
    }
}

impl Transport for Script {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        Ok(self.has_halves)
    }
}

/// A transport with this many bytes of room to write.
pub(crate) fn script(reads: Vec<Step>, room: usize) -> Script {
    Script {
        reads: reads.into(),
        written: Vec::new(),
        room,
        full: ErrorKind::WouldBlock,
        held: None,
        has_halves: false,
        written_at_reads: Vec::new(),
    }
}
