//! Writing to transports of the standard library.

use std::io::{self, IoSlice, Write};

use bytes::Buf;

use super::output::{AdvanceError, Output};
use super::output_with::OutputWith;

impl Output {
    /// Writes all output to a blocking transport. Many frames go out in one vectored write.
    ///
    /// If the transport does not block, use [`try_write_to`](Self::try_write_to).
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
    /// The errors of the transport, including `WouldBlock`. `WriteZero` if the transport returns
    /// `Ok(0)`, and `Other` if it returns more than it was passed. Bytes that were written before
    /// the error are no longer in the output.
    #[inline]
    pub fn write_to(&mut self, transport: &mut impl Write) -> io::Result<()> {
        // Usually the output is one chunk, and one write takes all of it.
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

    /// Writes as much as a transport that does not block takes now. Returns `true` if that was all.
    ///
    /// If the transport returns `WouldBlock` or `Ok(0)`, writing stops without an error. Writers of
    /// TLS libraries (`rustls::Writer`) return `Ok(0)` if their buffer is full: send what TLS has
    /// buffered, then call this again.
    ///
    /// ```
    /// use sansock::{Config, Connection};
    ///
    /// let mut server = Connection::new(Config::server());
    /// server.send_text("Hello")?;
    /// let mut full = [0; 4];
    /// assert!(!server.output().try_write_to(&mut &mut full[..])?);
    /// assert_eq!((full, server.output_len()), (*b"\x81\x05He", 3));
    /// assert!(server.output().try_write_to(&mut Vec::new())?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Other errors of the transport, and `Other` if it returns more than it was passed.
    pub fn try_write_to(&mut self, transport: &mut impl Write) -> io::Result<bool> {
        is_all_written(self.write_to(&mut NeverZero { transport }))
    }
}

impl OutputWith<'_> {
    /// Writes all output to a blocking transport: the queued output, then the message from the
    /// caller's memory.
    ///
    /// If the transport does not block, use [`try_write_to`](Self::try_write_to).
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
    /// As for [`Output::write_to`]. What was not written is queued.
    #[inline]
    pub fn write_to(mut self, transport: &mut impl Write) -> io::Result<()> {
        // Usually nothing is queued before the message, and one write takes all of it.
        if let Some(slices) = self.both_chunks() {
            let written = transport.write_vectored(&slices);
            take(&mut self, written)?;
        }
        if self.has_remaining() { write_all(&mut self, transport) } else { Ok(()) }
    }

    /// Writes as much as a transport that does not block takes now, as [`Output::try_write_to`]
    /// does, and queues the rest. Returns `true` if nothing is left to write.
    ///
    /// # Errors
    ///
    /// As for [`Output::try_write_to`].
    pub fn try_write_to(self, transport: &mut impl Write) -> io::Result<bool> {
        is_all_written(self.write_to(&mut NeverZero { transport }))
    }
}

/// A writer that returns `WouldBlock` if the writer within returns `Ok(0)`.
struct NeverZero<'t, T> {
    transport: &'t mut T,
}

impl<T: Write> NeverZero<'_, T> {
    fn not_zero(written: usize) -> io::Result<usize> {
        if written == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(written) }
    }
}

impl<T: Write> Write for NeverZero<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.transport.write(bytes).and_then(Self::not_zero)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.transport.write_vectored(slices).and_then(Self::not_zero)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.transport.flush()
    }
}

/// Returns `false` for `WouldBlock`, which is no error here.
fn is_all_written(outcome: io::Result<()>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes all of `from`, up to 16 chunks at once.
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

/// Drops the bytes that were written from the front. The count is checked, because a transport may
/// return a wrong one.
#[inline]
fn take(from: &mut impl Written, written: io::Result<usize>) -> io::Result<()> {
    match written {
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        Ok(written) => from.try_advance(written).map_err(io::Error::other),
        // Write again, as everywhere in the standard library.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(error) => Err(error),
    }
}

/// A buffer to write from.
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
