//! A WebSocket over a blocking byte stream: TCP, TLS, a Unix socket, or anything that is
//! [`Read`](std::io::Read) and [`Write`](std::io::Write).
//!
//! [`accept`] serves a client, and `client` (with the feature `rand`) or [`client_with`] connects
//! to a server, over a stream that you have opened. A [`WebSocket`] then receives and sends
//! messages. Pings, the closing handshake, deadlines and the end of the transport are its own work.
//!
//! ```
//! use sansock::blocking;
//! use sansock::handshake::client::Request;
//! use std::net::{TcpListener, TcpStream};
//! use std::{thread, time::Duration};
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let address = listener.local_addr()?;
//! let server = thread::spawn(move || -> Result<(), blocking::Error> {
//!     let (stream, _) = listener.accept()?;
//!     stream.set_read_timeout(Some(Duration::from_secs(30)))?; // so that deadlines are noticed
//!     let mut ws = blocking::accept(stream)?;
//!     while let Some(message) = ws.receive()? {
//!         ws.send(message)?;
//!     }
//!     Ok(())
//! });
//!
//! # #[cfg(feature = "rand")] {
//! let request = Request::new("ws://a.example/")?;
//! let mut ws = blocking::client(TcpStream::connect(address)?, &request)?;
//! ws.send_text("hello")?;
//! assert_eq!(ws.receive()?, Some("hello".into()));
//! ws.close(sansock::CloseCode::NORMAL, "")?;
//! assert_eq!(ws.receive()?, None);
//! server.join().expect("no panic")?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Deadlines
//!
//! A blocking read cannot be interrupted. So set a read timeout on the socket: whenever it passes,
//! the deadlines of [`Settings`](crate::endpoint::Settings) are checked, a silent peer is sent a
//! ping, and a peer that stays silent is an [`Error::Expired`]. Otherwise the call returns an error
//! for which [`is_would_block`](Error::is_would_block) is `true`: nothing is lost, and you can call
//! again. The functions that open a WebSocket do not return this error, but go on until the
//! deadline of the opening handshake. So the stream must block, or have a timeout, while they run.
//!
//! A send waits until the transport has taken the message. If both ends send more at once than the
//! transport buffers, and neither receives, both wait: set a write timeout as well.

mod error;
mod open;
mod sender;
mod transport;

use core::{fmt, mem};
use std::io;

use crate::close::{CloseCode, CloseReason};
use crate::connection::{CloseStatus, Event, TransportAction};
use crate::endpoint::{self, Endpoint};
use crate::message::{Message, ReadBuffer};
use crate::timer::{Clock, Expired};

pub use error::Error;
#[cfg(feature = "rand")]
pub use open::client;
pub use open::{accept, accept_with, client_with};
pub use sender::Sender;
pub use transport::{Transport, WithShutdown};

use error::would_block;

/// A WebSocket over a blocking byte stream.
///
/// See the [module](self) for an example.
pub struct WebSocket<S> {
    stream: S,
    endpoint: Endpoint,
    input: ReadBuffer,
    clock: Clock,
    /// Whether the iterator has returned its last item.
    is_over: bool,
    /// Whether what was read has been received, so that more has to be read.
    is_drained: bool,
    /// Whether the last read would have blocked, and the program knows.
    has_blocked: bool,
}

impl<S: Transport> WebSocket<S> {
    /// Returns a WebSocket over an endpoint that was opened elsewhere. `unread` was read from the
    /// stream and not received, and `clock` is that of the endpoint's deadlines.
    pub fn from_parts(stream: S, endpoint: Endpoint, unread: &[u8], clock: Clock) -> Self {
        let mut ws = WebSocket::new(stream, endpoint, clock);
        ws.input.extend_from_slice(unread);
        ws
    }

    /// Returns the stream, the endpoint, and what was read and not received.
    ///
    /// Output that is not written yet is the endpoint's.
    pub fn into_parts(self) -> (S, Endpoint, Vec<u8>) {
        (self.stream, self.endpoint, self.input.into_unread())
    }

    /// Waits for the next message. Returns `None` once the connection has ended by a closing
    /// handshake.
    ///
    /// Pings are answered meanwhile. For a message that you only look at,
    /// [`next_event`](Self::next_event) saves the copy.
    ///
    /// # Errors
    ///
    /// [`Error`]. After one for which [`is_would_block`](Error::is_would_block) is `true`, call
    /// again.
    pub fn receive(&mut self) -> Result<Option<Message>, Error> {
        loop {
            while let Some((event, _)) = self.next_event()? {
                match event {
                    Event::Text(text) => return Ok(Some(Message::from(text))),
                    Event::Binary(data) => return Ok(Some(Message::from(data))),
                    Event::TextChunk { .. } | Event::BinaryChunk { .. } => {
                        return Err(Error::Streamed);
                    }
                    _ => {}
                }
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Returns the next event of what was read, or `None` if [more has to be read](Self::fill).
    /// Beside it is what you can answer with while you hold it.
    ///
    /// ```
    /// # use sansock::blocking::{Error, Transport, WebSocket};
    /// use sansock::Event;
    ///
    /// fn echo<S: Transport>(ws: &mut WebSocket<S>) -> Result<(), Error> {
    ///     while ws.fill()? {
    ///         while let Some((event, mut sender)) = ws.next_event()? {
    ///             if let Event::Text(text) = event {
    ///                 sender.send_text(&text)?; // `text` is borrowed from the read buffer
    ///             }
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// # let _ = echo::<std::net::TcpStream>;
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the peer broke the protocol: it has been sent a Close frame that says
    /// why, as far as the transport took it. [Fill](Self::fill) to the end after it.
    pub fn next_event(&mut self) -> Result<Option<(Event<'_>, Sender<'_, S>)>, Error> {
        let received = self.endpoint.receive_buffered(&mut self.input);
        let mut sender = Sender { stream: &mut self.stream, endpoint: &mut self.endpoint };
        match received {
            Ok(Some(endpoint::Event::Connection(event))) => {
                if matches!(event, Event::Ping(_) | Event::Close { .. }) {
                    // If this fails, the next call that writes fails too.
                    let _ = sender.flush();
                }
                Ok(Some((event, sender)))
            }
            // The opening handshake is over, so that there are no other events.
            Ok(_) => {
                self.is_drained = true;
                Ok(None)
            }
            Err(error) => {
                let _ = sender.flush();
                Err(error.into())
            }
        }
    }

    /// Writes what is queued, and waits until something was read. Returns `false` at the end of a
    /// connection that was closed by both ends.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedEof`] if the connection ended without a closing handshake. After an error
    /// for which [`is_would_block`](Error::is_would_block) is `true`, call again.
    pub fn fill(&mut self) -> Result<bool, Error> {
        loop {
            if let Err(error) = self.flush() {
                if self.endpoint.close_status() == CloseStatus::Abnormal {
                    return Err(error);
                }
                // After the peer's Close it is no loss if the transport takes no answer.
                let _ = self.endpoint.receive_eof();
                return self.disconnect();
            }
            match self.endpoint.transport_action() {
                TransportAction::Continue => {
                    if !self.is_drained && !self.input.is_empty() {
                        return Ok(true);
                    }
                    self.read()?;
                    if self.endpoint.transport_action() == TransportAction::Continue {
                        return Ok(true);
                    }
                }
                TransportAction::AwaitEof => match self.read() {
                    // What arrives after the end is discarded.
                    Ok(()) => {
                        while let Ok(Some(_)) = self.endpoint.receive_buffered(&mut self.input) {}
                    }
                    Err(Error::Expired(_)) => drop(self.endpoint.receive_eof()),
                    Err(error) => return Err(error),
                },
                TransportAction::Flush => {
                    self.poll()?;
                    self.has_blocked = true;
                    return Err(io::Error::from(io::ErrorKind::WouldBlock).into());
                }
                TransportAction::ShutdownWrite => self.shut_down(),
                TransportAction::Disconnect => return self.disconnect(),
            }
        }
    }

    /// Sends a text message: see [`Sender::send_text`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send_text`].
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.sender().send_text(text)
    }

    /// Sends a binary message: see [`Sender::send_text`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send_text`].
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.sender().send_binary(data)
    }

    /// Sends a message that you own: see [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send_text`].
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.sender().send(message)
    }

    /// Sends a ping: see [`Sender::ping`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send_text`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.sender().ping(payload)
    }

    /// Begins the closing handshake: see [`Sender::close`]. Receive until the end after it.
    ///
    /// # Errors
    ///
    /// As [`Sender::close`].
    pub fn close<'r>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'r>>,
    ) -> Result<(), Error> {
        self.sender().close(code, reason)
    }

    /// Writes what is queued, as much as the transport takes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the transport fails.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.sender().flush()
    }

    /// Borrows the endpoint, for example to look at its state.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Borrows the stream.
    pub const fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Borrows the stream mutably. To read from it or to write to it breaks the connection.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    fn new(stream: S, endpoint: Endpoint, clock: Clock) -> Self {
        WebSocket {
            stream,
            endpoint,
            input: ReadBuffer::new(),
            clock,
            is_over: false,
            is_drained: false,
            has_blocked: false,
        }
    }

    fn sender(&mut self) -> Sender<'_, S> {
        Sender { stream: &mut self.stream, endpoint: &mut self.endpoint }
    }

    /// Reads until something has come, or the transport has ended.
    fn read(&mut self) -> Result<(), Error> {
        if !self.read_some()? {
            self.endpoint.receive_eof()?;
        }
        Ok(())
    }

    /// Reads until something has come. Returns `false` at the end of the transport.
    fn read_some(&mut self) -> Result<bool, Error> {
        loop {
            // After a read that would have blocked, the program may have done something else. What
            // has arrived meanwhile is read before the peer is blamed for being silent.
            if !mem::take(&mut self.has_blocked) {
                self.poll()?;
                if self.endpoint.has_output() {
                    self.flush()?;
                }
            }
            match self.stream.read(self.input.spare_mut()) {
                Ok(0) => return Ok(false),
                Ok(len) => {
                    self.input.mark_filled(len);
                    self.is_drained = false;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if would_block(&error) => self.check_after_wait(error)?,
                // After the closing handshake it is no loss how the transport ends.
                Err(_) if self.endpoint.close_status() != CloseStatus::Abnormal => {
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Checks the deadlines after a read that would block. Returns that error, unless a ping was
    /// sent whose pong is worth another read.
    fn check_after_wait(&mut self, error: io::Error) -> Result<(), Error> {
        let before = self.endpoint.output_len();
        self.poll()?;
        let is_ping_queued = self.endpoint.output_len() > before;
        if is_ping_queued {
            self.flush()?;
        }
        if is_ping_queued && !self.endpoint.has_output() {
            return Ok(());
        }
        self.has_blocked = true;
        Err(error.into())
    }

    /// Shuts down the writing half, or ends the connection if that is not possible. After the
    /// closing handshake it is no loss if the peer has ended the transport before.
    fn shut_down(&mut self) {
        if matches!(self.stream.shutdown_write(), Ok(true)) {
            self.endpoint.sent_eof();
        } else {
            let _ = self.endpoint.receive_eof();
        }
    }

    /// Lets the peer see the end of the transport, even if this is kept. Returns `false`.
    fn disconnect(&mut self) -> Result<bool, Error> {
        let _ = self.stream.shutdown_write();
        match self.endpoint.close_status() {
            CloseStatus::Abnormal => Err(Error::UnexpectedEof),
            _ => Ok(false),
        }
    }

    /// Checks the deadlines. What is to be sent because of them is sent.
    fn poll(&mut self) -> Result<(), Error> {
        match self.endpoint.poll(self.clock.now()) {
            Ok(_) => Ok(()),
            Err(expired) => {
                if matches!(expired, Expired::MessageTimeout | Expired::HandshakeTimeout) {
                    self.flush()?;
                }
                Err(expired.into())
            }
        }
    }
}

/// Receives messages until the end. The last item is an error if the connection failed; an error
/// for which [`is_would_block`](Error::is_would_block) is `true` is not the last.
impl<S: Transport> Iterator for WebSocket<S> {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let received = self.receive();
        self.is_over = match &received {
            Ok(message) => message.is_none(),
            Err(error) => !error.is_would_block(),
        };
        received.transpose()
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("endpoint", &self.endpoint)
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}
