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

/// A byte stream from which one thread reads while another writes, so that a
/// [`WebSocket`](super::WebSocket::split) can be split.
///
/// It is implemented for the sockets of the standard library. A TLS stream cannot be shared: reading
/// from it may have to write.
pub trait SharedTransport: Transport + Send + Sync + 'static {
    /// Reads as [`Read::read`] does.
    ///
    /// # Errors
    ///
    /// Errors of the transport.
    fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes as [`Write::write`] does. Nothing is buffered that would have to be flushed.
    ///
    /// # Errors
    ///
    /// Errors of the transport.
    fn write_shared(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Shuts down one direction or both, as [`TcpStream::shutdown`] does. A read or a write in that
    /// direction that waits on another thread returns.
    ///
    /// # Errors
    ///
    /// Errors of the transport.
    fn shutdown_shared(&self, direction: Shutdown) -> io::Result<()>;
}

/// A socket of the standard library, which is read from and written to by reference.
macro_rules! socket {
    ($socket:ty) => {
        impl Transport for $socket {
            fn shutdown_write(&mut self) -> io::Result<bool> {
                self.shutdown(Shutdown::Write).map(|()| true)
            }
        }

        impl SharedTransport for $socket {
            fn read_shared(&self, buffer: &mut [u8]) -> io::Result<usize> {
                let mut stream = self;
                stream.read(buffer)
            }

            fn write_shared(&self, bytes: &[u8]) -> io::Result<usize> {
                let mut stream = self;
                stream.write(bytes)
            }

            fn shutdown_shared(&self, direction: Shutdown) -> io::Result<()> {
                self.shutdown(direction)
            }
        }
    };
}

socket!(TcpStream);
#[cfg(unix)]
socket!(UnixStream);

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
