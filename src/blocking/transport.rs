//! What a blocking WebSocket reads from and writes to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;

/// A byte stream that a [`WebSocket`](super::WebSocket) can end.
///
/// It is implemented for the sockets of the standard library. Wrap any other stream, such as one of
/// a TLS library, in [`WithShutdown`].
pub trait Transport: Read + Write {
    /// Shuts down the writing half, so that the peer sees the end of the stream and can still send.
    ///
    /// Returns `false` if that is not possible. Then the connection ends here, and you drop the
    /// stream.
    ///
    /// # Errors
    ///
    /// Errors of the transport.
    fn shutdown_write(&mut self) -> io::Result<bool>;
}

impl Transport for TcpStream {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        self.shutdown(Shutdown::Write).map(|()| true)
    }
}

#[cfg(unix)]
impl Transport for UnixStream {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        self.shutdown(Shutdown::Write).map(|()| true)
    }
}

impl<T: Transport + ?Sized> Transport for &mut T {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        (**self).shutdown_write()
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        (**self).shutdown_write()
    }
}

/// Any stream, with what shuts down its writing half.
///
/// ```
/// use sansock::blocking::WithShutdown;
/// use std::io::Write;
/// # use std::io::Cursor;
/// # struct Tls(Cursor<Vec<u8>>);
/// # impl Tls { fn send_close_notify(&mut self) {} }
/// # impl std::io::Read for Tls {
/// #     fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> { self.0.read(buffer) }
/// # }
/// # impl Write for Tls {
/// #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { self.0.write(bytes) }
/// #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
/// # }
/// # let tls = Tls(Cursor::default());
/// // With `rustls::StreamOwned` it is `tls.conn.send_close_notify()`.
/// let stream = WithShutdown::new(tls, |tls| {
///     tls.send_close_notify();
///     tls.flush().map(|()| true)
/// });
///
/// // A stream that has no halves:
/// let stream = WithShutdown::new(Cursor::new(Vec::<u8>::new()), |_| Ok(false));
/// # let _ = stream;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WithShutdown<S, F> {
    stream: S,
    shutdown: F,
}

impl<S, F: FnMut(&mut S) -> io::Result<bool>> WithShutdown<S, F> {
    /// Wraps `stream`. What `shutdown` returns is that of [`Transport::shutdown_write`].
    pub const fn new(stream: S, shutdown: F) -> Self {
        WithShutdown { stream, shutdown }
    }

    /// Returns the stream.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Read + Write, F: FnMut(&mut S) -> io::Result<bool>> Transport for WithShutdown<S, F> {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        (self.shutdown)(&mut self.stream)
    }
}

impl<S: Read, F> Read for WithShutdown<S, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl<S: Write, F> Write for WithShutdown<S, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
