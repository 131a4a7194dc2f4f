//! A byte stream with or without TLS, behind one type.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use mio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, Connection as Tls, Error as TlsError, ServerConfig,
    ServerConnection,
};

/// What moves the bytes. It does not block: it returns `WouldBlock`.
pub(crate) trait Transport: Read + Write {
    /// Returns `true` once the connection has been established.
    ///
    /// # Errors
    ///
    /// Why it could not be established.
    fn is_connected(&self) -> io::Result<bool>;

    /// Shuts down the writing half.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    fn shut_down(&self) -> io::Result<()>;
}

impl Transport for TcpStream {
    fn is_connected(&self) -> io::Result<bool> {
        if let Some(error) = self.take_error()? {
            return Err(error);
        }
        match self.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn shut_down(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// A transport, in the clear until TLS is started on it. Reads and writes go to either.
///
/// Everything it does returns `WouldBlock` if it would have to wait.
pub(crate) struct Stream<T> {
    transport: T,
    /// In a box, because a stream in the clear should not take its room.
    tls: Option<Box<Tls>>,
}

impl<T: Transport> Stream<T> {
    /// Returns a stream in the clear.
    pub(crate) fn new(transport: T) -> Self {
        Stream { transport, tls: None }
    }

    /// Starts TLS as a client. Nothing that was read before belongs to it.
    ///
    /// # Errors
    ///
    /// Those of rustls if the configuration and the name do not fit.
    pub(crate) fn start_client(
        &mut self,
        config: &Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<(), TlsError> {
        let client = ClientConnection::new(Arc::clone(config), name)?;
        self.tls = Some(Box::new(client.into()));
        Ok(())
    }

    /// Starts TLS as a server. Nothing that was read before belongs to it.
    ///
    /// # Errors
    ///
    /// Those of rustls.
    pub(crate) fn start_server(&mut self, config: &Arc<ServerConfig>) -> Result<(), TlsError> {
        let server = ServerConnection::new(Arc::clone(config))?;
        self.tls = Some(Box::new(server.into()));
        Ok(())
    }

    /// Returns `true` if TLS was started.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Returns what is beneath, to register it for events.
    pub(crate) fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Continues the TLS handshake. Returns `true` once it is over and all of it is written.
    ///
    /// If it fails, the alert that tells the peer is written if the transport takes it.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the transport has ended, and other errors of the transport. A
    /// `rustls::Error` is inside of `InvalidData`: see [`tls_error`].
    pub(crate) fn handshake(&mut self) -> io::Result<bool> {
        loop {
            let is_flushed = self.flush_tls()?;
            let Some(tls) = &self.tls else { return Ok(true) };
            if !tls.is_handshaking() {
                return Ok(is_flushed);
            }
            match self.read_records() {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns `true` if TLS has records that the transport has not taken. Try to
    /// [flush](Self::flush_tls) them when it is writable.
    pub(crate) fn has_records(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Writes the records that TLS holds. Returns `true` if none are left.
    ///
    /// # Errors
    ///
    /// Those of the transport, except `WouldBlock`.
    pub(crate) fn flush_tls(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else { return Ok(true) };
        while tls.wants_write() {
            match tls.write_tls(&mut self.transport) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Shuts down the writing half, after a `close_notify` of TLS. Returns `false` if that has to be
    /// tried again when the transport is writable.
    ///
    /// # Errors
    ///
    /// Those of the transport.
    pub(crate) fn shut_down(&mut self) -> io::Result<bool> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify(); // once, however often it is called
        }
        if !self.flush_tls()? {
            return Ok(false);
        }
        match self.transport.shut_down() {
            // The peer has closed both halves already.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(true),
            outcome => outcome.map(|()| true),
        }
    }

    /// Reads once from the transport, and decrypts what has come. Returns 0 at its end.
    fn read_records(&mut self) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return Ok(0) };
        let len = tls.read_tls(&mut self.transport)?;
        if let Err(error) = tls.process_new_packets() {
            let _ = self.flush_tls(); // the alert
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(len)
    }
}

impl<T: Transport> Read for Stream<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(tls) = &mut self.tls else { return self.transport.read(buffer) };
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                outcome => return outcome, // `UnexpectedEof` if there was no close_notify
            }
            self.read_records()?;
        }
    }
}

impl<T: Transport> Write for Stream<T> {
    /// Takes at most one record, and only after the transport has taken the one before. So TLS holds
    /// little output, and what waits stays where the timers of the endpoint see it. The last record
    /// waits for [`flush_tls`](Stream::flush_tls), and for it there is `flush_waits`.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.flush_tls()? {
            return Err(ErrorKind::WouldBlock.into());
        }
        let Some(tls) = &mut self.tls else { return self.transport.write(bytes) };
        tls.writer().write(bytes.get(..MAX_RECORD).unwrap_or(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.flush_tls()? { self.transport.flush() } else { Err(ErrorKind::WouldBlock.into()) }
    }
}

/// Returns the error of TLS inside of an error of a [`Stream`], if it is one.
pub(crate) fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// The longest payload of a record, RFC 8446 §5.1.
const MAX_RECORD: usize = 1 << 14;
