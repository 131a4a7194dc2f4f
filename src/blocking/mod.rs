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
//! # Both directions at once
//!
//! A send waits until the transport has taken the message. If both ends send more at once than the
//! transport buffers, and neither receives, both wait. So set a write timeout as well, or
//! [split](WebSocket::split) the WebSocket, so that one thread receives while another sends. That
//! needs a stream that threads can share ([`SharedTransport`]): a socket, but not TLS.

mod error;
mod halves;
mod open;
mod receiver;
mod sender;
mod shared;
mod transport;
mod wire;

use core::fmt;

use crate::close::{CloseCode, CloseReason};
use crate::connection::Event;
use crate::endpoint::Endpoint;
use crate::message::Message;
use crate::timer::Clock;

pub use error::Error;
pub use halves::{ReceiveHalf, SendHalf};
#[cfg(feature = "rand")]
pub use open::client;
pub use open::{accept, accept_with, client_with};
pub use sender::Sender;
pub use transport::{SharedTransport, Transport, WithShutdown};

use receiver::Receiver;
use shared::Half;
use wire::{Whole, Wire};

/// A WebSocket over a blocking byte stream.
///
/// See the [module](self) for an example.
pub struct WebSocket<S> {
    receiver: Receiver<Whole<S>>,
}

impl<S: Transport> WebSocket<S> {
    /// Returns a WebSocket over an endpoint that was opened elsewhere. `unread` was read from the
    /// stream and not received, and `clock` is that of the endpoint's deadlines.
    pub fn from_parts(stream: S, endpoint: Endpoint, unread: &[u8], clock: Clock) -> Self {
        let mut ws = WebSocket::new(stream, endpoint, clock);
        ws.receiver.input.extend_from_slice(unread);
        ws
    }

    /// Returns the stream, the endpoint, and what was read and not received.
    ///
    /// Output that is not written yet is the endpoint's.
    pub fn into_parts(self) -> (S, Endpoint, Vec<u8>) {
        let Receiver { wire, input, .. } = self.receiver;
        (wire.stream, wire.endpoint, input.into_unread())
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
        self.receiver.receive()
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
        let next = self.receiver.next_event()?;
        Ok(next.map(|(event, whole)| (event, Sender { whole })))
    }

    /// Writes what is queued, and waits until something was read. Returns `false` at the end of a
    /// connection that was closed by both ends.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedEof`] if the connection ended without a closing handshake. After an error
    /// for which [`is_would_block`](Error::is_would_block) is `true`, call again.
    pub fn fill(&mut self) -> Result<bool, Error> {
        self.receiver.fill()
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

    /// Switches compression on or off for the messages that you send from now on: see
    /// [`Connection::set_compression`](crate::Connection::set_compression).
    #[cfg(feature = "deflate")]
    pub fn set_compression(&mut self, is_on: bool) {
        self.sender().set_compression(is_on);
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
        self.receiver.wire.flush()
    }

    /// Borrows the endpoint, for example to look at its state.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.receiver.wire.endpoint
    }

    /// Borrows the stream.
    pub const fn get_ref(&self) -> &S {
        &self.receiver.wire.stream
    }

    /// Borrows the stream mutably. To read from it or to write to it breaks the connection.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.receiver.wire.stream
    }

    fn new(stream: S, endpoint: Endpoint, clock: Clock) -> Self {
        WebSocket { receiver: Receiver::new(Whole { stream, endpoint, clock }) }
    }

    fn sender(&mut self) -> Sender<'_, S> {
        Sender { whole: &mut self.receiver.wire }
    }
}

/// Halves.
impl<S: SharedTransport> WebSocket<S> {
    /// Splits the WebSocket, so that one thread receives while another sends.
    ///
    /// Receiving never waits for a write. So an answer that is owed while the sending half is idle,
    /// such as a pong, is written by a thread that lives as long as that write.
    ///
    /// ```
    /// use sansock::CloseCode;
    /// use sansock::blocking::{Error, WebSocket};
    /// use std::net::TcpStream;
    /// use std::thread;
    ///
    /// fn chat(ws: WebSocket<TcpStream>, lines: impl Iterator<Item = String>) -> Result<(), Error> {
    ///     let (receiving, mut sending) = ws.split();
    ///     let received = thread::spawn(move || {
    ///         receiving.map(|message| message.map(drop)).collect::<Result<(), _>>()
    ///     });
    ///     for line in lines {
    ///         sending.send(line)?;
    ///     }
    ///     sending.close(CloseCode::NORMAL, "")?;
    ///     received.join().expect("no panic")
    /// }
    /// # let _ = |ws| chat(ws, std::iter::empty());
    /// ```
    pub fn split(self) -> (ReceiveHalf<S>, SendHalf<S>) {
        let (receiver, shared) = self.receiver.split_wire(Half::pair);
        (ReceiveHalf { receiver }, SendHalf { shared })
    }
}

/// Receives messages until the end. The last item is an error if the connection failed; an error
/// for which [`is_would_block`](Error::is_would_block) is `true` is not the last.
impl<S: Transport> Iterator for WebSocket<S> {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.next_message()
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("endpoint", &self.receiver.wire.endpoint)
            .field("input", &self.receiver.input)
            .finish_non_exhaustive()
    }
}
