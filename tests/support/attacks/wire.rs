//! A stream in memory, as the victim sees it.

use std::io::{self, ErrorKind, IoSlice, Read, Write};

use sansock::blocking::Transport;

/// Brings what the peer sends. Takes all output, or none.
pub struct Wire {
    bytes: Vec<u8>,
    at: usize,
    /// The most bytes that one read brings.
    read: usize,
    takes: bool,
}

impl Wire {
    pub fn new(bytes: Vec<u8>, read: usize, takes: bool) -> Self {
        Wire { bytes, at: 0, read, takes }
    }

    /// Returns `true` if nothing is left to read.
    pub fn is_over(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Returns `true` if the peer takes output.
    pub fn takes(&self) -> bool {
        self.takes
    }

    /// Reads once, to the front of `room`.
    pub fn fill(&mut self, room: &mut [u8]) -> usize {
        let left = &self.bytes[self.at..];
        let len = left.len().min(room.len()).min(self.read);
        room[..len].copy_from_slice(&left[..len]);
        self.at += len;
        len
    }
}

/// For a blocking stream: at the end, a read would block.
pub struct Blocking {
    pub wire: Wire,
    /// Whether the stream ends behind what the peer sends.
    pub ends: bool,
}

impl Read for Blocking {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.wire.fill(room) {
            0 if !self.ends => Err(ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Blocking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.wire.takes { Ok(bytes.len()) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(&[]).map(|_| slices.iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Blocking {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        Ok(false)
    }
}
