//! Reading from and writing to transports of the standard library.

use std::io::{self, IoSlice, Read, Write};

use bytes::Buf;

use super::output::AdvanceError;
use super::output::Output;
use super::output_with::OutputWith;
use crate::message::ReadBuffer;

impl ReadBuffer {
    /// Reads from a transport that does not block as long as it has something and more of a message
    /// is [wanted](Self::wants_more), and says how much came: 0 at the end of the transport.
    ///
    /// Of one that blocks it would wait for that: a text would be validated later than it could be.
    /// There, read once to [`spare_mut`](Self::spare_mut).
    ///
    /// # Errors
    ///
    /// Those of the transport, `WouldBlock` where nothing has come; what came before one is there.
    #[inline]
    pub fn read_from(&mut self, transport: &mut impl Read) -> io::Result<usize> {
        let wanted = self.wanted();
        let (filled, outcome) = read_wanted(transport, self.spare_mut(), wanted);
        self.mark_filled(filled);
        outcome.map(|()| filled)
    }
}

/// Reads to the front of `room` until at least `wanted` bytes are there, or no more come at once.
///
/// The loop is short where it is by itself.
#[inline(never)]
fn read_wanted(
    transport: &mut impl Read,
    room: &mut [u8],
    wanted: usize,
) -> (usize, io::Result<()>) {
    let mut filled = 0;
    loop {
        let free = room.get_mut(filled..).unwrap_or_default();
        let most = free.len();
        match transport.read(free) {
            Ok(len) => {
                filled += len.min(most);
                if len == 0 || filled >= wanted || len >= most {
                    return (filled, Ok(()));
                }
            }
            Err(error) => match error.kind() {
                // To be tried again, as everywhere in the standard library.
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock if filled > 0 => return (filled, Ok(())),
                _ => return (filled, Err(error)),
            },
        }
    }
}

impl Output {
    /// Writes all of it to a transport, many frames in one call where that takes several slices.
    ///
    /// ```
    /// use sansock::{Config, Connection};
    ///
    /// let mut transport = Vec::new();
    /// let mut server = Connection::new(Config::server());
    /// server.send_text("Hello")?;
    /// server.ping(b"")?;
    /// server.output().write_to(&mut transport)?;
    /// assert_eq!(transport, b"\x81\x05Hello\x89\x00");
    /// assert!(!server.has_output());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the transport, `WouldBlock` among them where it takes no more now, `WriteZero` where
    /// it takes nothing without saying why, and `Other` where it says that it took more than it was
    /// given. What was written before is not in the output any more.
    #[inline]
    pub fn write_to(&mut self, transport: &mut impl Write) -> io::Result<()> {
        // As a rule it is one chunk, and one write takes all of it.
        if let Some(chunk) = self.only_chunk() {
            let len = chunk.len();
            match transport.write(chunk) {
                Ok(written) if written == len => {
                    self.take_only_chunk(len);
                    return Ok(());
                }
                written => take(self, written)?,
            }
        }
        write_all(self, transport)
    }
}

impl OutputWith<'_> {
    /// Writes all of it to a transport: the output before the message, and the message from where it
    /// lies.
    ///
    /// ```
    /// use sansock::{Config, Connection};
    ///
    /// let mut transport = Vec::new();
    /// let mut server = Connection::new(Config::server());
    /// server.output_with_text("Hello")?.write_to(&mut transport)?;
    /// assert_eq!(transport, b"\x81\x05Hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Output::write_to`]; what was not written is queued.
    #[inline]
    pub fn write_to(mut self, transport: &mut impl Write) -> io::Result<()> {
        // As a rule nothing is before it, and one write takes it all.
        if let Some(slices) = self.both_chunks() {
            let written = transport.write_vectored(&slices);
            take(&mut self, written)?;
        }
        if self.has_remaining() { write_all(&mut self, transport) } else { Ok(()) }
    }
}

#[inline(never)]
fn write_all(from: &mut impl Written, transport: &mut impl Write) -> io::Result<()> {
    while from.has_remaining() {
        let mut slices = [IoSlice::new(&[]); 16];
        let filled = from.chunks_vectored(&mut slices);
        let written = transport.write_vectored(slices.get(..filled).unwrap_or_default());
        take(from, written)?;
    }
    Ok(())
}

/// Takes what was written. That is not trusted, as whoever wrote the transport may err.
#[inline]
fn take(from: &mut impl Written, written: io::Result<usize>) -> io::Result<()> {
    match written {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        Ok(written) => from.try_advance(written).map_err(io::Error::other),
        // To be tried again, as everywhere in the standard library.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(error) => Err(error),
    }
}

/// What is written from.
trait Written: Buf {
    fn try_advance(&mut self, count: usize) -> Result<(), AdvanceError>;
}

impl Written for Output {
    fn try_advance(&mut self, count: usize) -> Result<(), AdvanceError> {
        Output::try_advance(self, count)
    }
}

impl Written for OutputWith<'_> {
    #[inline]
    fn try_advance(&mut self, count: usize) -> Result<(), AdvanceError> {
        OutputWith::try_advance(self, count)
    }
}
