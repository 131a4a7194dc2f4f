//! One end of a WebSocket from its first byte to its last: the opening handshake, then the
//! connection.
//!
//! An [`Endpoint`] is what most programs that have a loop of their own drive. It answers bytes with
//! events and output, like a [`Connection`], and begins with the bytes of the opening handshake.

mod body;
mod delegate;
mod error;
mod event;
mod opening;
mod settings;

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use crate::connection::{CloseStatus, ConfigMismatch, Connection};
use crate::handshake::BuildError;
use crate::handshake::client;
use crate::handshake::server::{RequestHead, Response, Upgrade};
use crate::input::Input;
use crate::message::ReadBuffer;
use crate::negotiated::Negotiated;
use crate::role::Role;
use crate::timer::Timers;

pub use error::{AcceptError, Error};
pub use event::{Event, HttpResponse, Opened};
pub use settings::{RequestPolicy, Settings};

use opening::{Opening, Received};

/// One end of a WebSocket over one byte stream: the opening handshake, RFC 6455 §4, and then the
/// connection.
///
/// You owe it what you owe a [`Connection`]:
///
/// * **Receive**: pass what you read to [`receive`](Self::receive) until it returns `None`. At the
///   end of the transport, call [`receive_eof`](Self::receive_eof).
/// * **Write**: write [`output`](Self::output) after each call, also after an error. It has the
///   heads of the handshake, the response that refuses a client, and the frames, in their order.
/// * **Poll**: if you have deadlines, call [`poll`](Self::poll) after each turn and at the
///   deadline.
/// * **Obey** [`transport_action`](Self::transport_action).
///
/// ```
/// # #[cfg(feature = "rand")] {
/// use core::time::Duration;
/// use sansock::bytes::Buf;
/// use sansock::endpoint::{Endpoint, Event, Settings};
/// use sansock::handshake::client;
/// use sansock::{Config, Input};
///
/// let start = Duration::ZERO;
/// let mut server = Endpoint::server(&Settings::new(Config::server()), start)?;
/// let request = client::Request::new("ws://a.example/chat")?;
/// let settings = Settings::new(Config::client());
/// let mut client = Endpoint::client(&settings, &request, client::nonce(), start)?;
///
/// // The transport: what one end has to write is what the other end reads.
/// fn carry(from: &mut Endpoint) -> Vec<u8> {
///     let len = from.output().remaining();
///     from.output().copy_to_bytes(len).to_vec()
/// }
///
/// let mut read = carry(&mut client);
/// let mut input = Input::new(&mut read);
/// assert_eq!(server.receive(&mut input)?, Some(Event::Request));
/// assert_eq!(server.request().map(|request| request.target()), Some("/chat"));
/// server.accept()?;
///
/// let mut read = carry(&mut server);
/// let mut input = Input::new(&mut read);
/// let Some(Event::Opened(opened)) = client.receive(&mut input)? else { panic!() };
/// assert_eq!(opened.negotiated.subprotocol(), None);
/// client.send_text("hello")?;
///
/// let mut read = carry(&mut client);
/// let mut input = Input::new(&mut read);
/// let Some(Event::Connection(event)) = server.receive(&mut input)? else { panic!() };
/// let sansock::Event::Text(text) = event else { panic!() };
/// assert_eq!(text.as_str(), "hello"); // borrowed from `read`
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Endpoint {
    phase: Phase,
}

#[allow(clippy::large_enum_variant, reason = "most endpoints are open, for most of their time")]
enum Phase {
    Opening(Box<Opening>),
    /// After the opening handshake, or after its failure.
    Open(Connection, Option<Box<Timers>>),
}

/// The opening handshake.
impl Endpoint {
    /// Returns a server that waits for a request.
    ///
    /// `now` is the time since any moment that you choose, the same for each [`poll`](Self::poll).
    ///
    /// # Errors
    ///
    /// [`ConfigMismatch`] if the configuration is a client's.
    pub fn server(settings: &Settings, now: Duration) -> Result<Self, ConfigMismatch> {
        match settings.config.role() {
            Role::Server => Ok(Endpoint::opening(Opening::server(settings, now))),
            Role::Client => Err(ConfigMismatch),
        }
    }

    /// Returns a client whose request is in the output.
    ///
    /// `nonce` must be random, and another for each connection: see
    /// [`client::Request::start`](crate::handshake::client::Request::start). `now` is the time
    /// since any moment that you choose, the same for each [`poll`](Self::poll). The limits on
    /// the response's head are those of `settings`.
    ///
    /// # Errors
    ///
    /// [`ConfigMismatch`] if the configuration is a server's.
    pub fn client(
        settings: &Settings,
        request: &client::Request,
        nonce: [u8; 16],
        now: Duration,
    ) -> Result<Self, ConfigMismatch> {
        match settings.config.role() {
            Role::Client => Ok(Endpoint::opening(Opening::client(settings, request, nonce, now))),
            Role::Server => Err(ConfigMismatch),
        }
    }

    /// Returns an endpoint whose handshake was done elsewhere.
    ///
    /// If there are timers, their time is that of [`poll`](Self::poll).
    pub fn from_connection(connection: Connection, timers: Option<Timers>) -> Self {
        Endpoint { phase: Phase::Open(connection, timers.map(Box::new)) }
    }

    /// Returns the connection and its timers, or `None` if the opening handshake is not over.
    ///
    /// Output that is not written yet is the connection's.
    pub fn into_connection(self) -> Option<(Connection, Option<Timers>)> {
        match self.phase {
            Phase::Opening(_) => None,
            Phase::Open(ws, timers) => Some((ws, timers.map(|timers| *timers))),
        }
    }

    /// Returns `true` until the opening handshake is over, whether or not it succeeds.
    pub const fn is_opening(&self) -> bool {
        matches!(self.phase, Phase::Opening(_))
    }

    /// Returns the request that waits for your answer, after [`Event::Request`].
    pub fn request(&self) -> Option<&RequestHead> {
        match &self.phase {
            Phase::Opening(opening) => opening.request(),
            Phase::Open(..) => None,
        }
    }

    /// Accepts the request as it is, without a subprotocol. Frames can be sent from here on.
    ///
    /// # Errors
    ///
    /// As [`accept_with`](Self::accept_with).
    pub fn accept(&mut self) -> Result<Negotiated, AcceptError> {
        self.accept_with(|upgrade| Ok(upgrade))
    }

    /// Accepts the request after `choose` has chosen a subprotocol or added headers. Frames can be
    /// sent from here on.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use sansock::endpoint::{Endpoint, Settings};
    /// # use sansock::{Config, Input};
    /// # let mut endpoint = Endpoint::server(&Settings::new(Config::server()), Duration::ZERO)?;
    /// # let mut read = *b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    /// #     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    /// #     Sec-WebSocket-Protocol: chat\r\n\r\n";
    /// # endpoint.receive(&mut Input::new(&mut read))?;
    /// let negotiated = endpoint.accept_with(|upgrade| {
    ///     upgrade.select_subprotocol(&["chat", "superchat"]).header("Server", "mine")
    /// })?;
    /// assert_eq!(negotiated.subprotocol(), Some("chat"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`AcceptError::Refused`] if the request is no opening handshake: the response that says so
    /// is in the output. After any other error nothing has changed.
    pub fn accept_with(
        &mut self,
        choose: impl FnOnce(Upgrade<'_>) -> Result<Upgrade<'_>, BuildError>,
    ) -> Result<Negotiated, AcceptError> {
        let Phase::Opening(opening) = &mut self.phase else { return Err(AcceptError::NoRequest) };
        let accepted = opening.accept(choose);
        self.settle();
        accepted
    }

    /// Answers the request with a response other than the 101: a page, a redirect, 401 or 403. The
    /// connection ends after it.
    ///
    /// Does nothing if no request waits for an answer.
    pub fn respond(&mut self, response: &Response) {
        if let Phase::Opening(opening) = &mut self.phase {
            if opening.request().is_some() {
                opening.respond(response);
                self.settle();
            }
        }
    }

    fn opening(opening: Opening) -> Self {
        Endpoint { phase: Phase::Opening(Box::new(opening)) }
    }

    /// Forgets the opening handshake once it is over.
    fn settle(&mut self) {
        if let Phase::Opening(opening) = &mut self.phase {
            if opening.is_over() {
                let (ws, timers) = opening.take();
                self.phase = Phase::Open(ws, timers);
            }
        }
    }

    /// Ends an opening handshake whose bytes may be where no one knows.
    #[cold]
    #[inline(never)]
    fn fail_by_foreign_buffer(&mut self) -> Error {
        if let Phase::Opening(opening) = &mut self.phase {
            opening.end();
        }
        self.settle();
        Error::ForeignBuffer
    }

    #[cold]
    #[inline(never)]
    fn receive_head(&mut self, input: &mut Input<'_>) -> Received {
        let Phase::Opening(opening) = &mut self.phase else { return Ok(None) };
        let received = opening.receive(input);
        self.settle();
        received
    }
}

/// Receiving.
impl Endpoint {
    /// Takes bytes from the front of `input`, up to the end of the next event.
    ///
    /// If it returns `None`, all of `input` was taken, unless a [request](Self::request) waits for
    /// your answer. Until then, call it again with the same `input`. Frames that came with a
    /// head stay in `input`, and are received by the next call.
    ///
    /// # Errors
    ///
    /// [`Error`], once. The output tells the peer.
    #[inline(always)]
    pub fn receive<'a>(&mut self, input: &mut Input<'a>) -> Result<Option<Event<'a>>, Error> {
        match &mut self.phase {
            Phase::Open(ws, _) => ws.receive_from(input, Event::Connection),
            Phase::Opening(_) => self.receive_head(input),
        }
    }

    /// Does the same for a read buffer of this endpoint's own: see
    /// [`Connection::receive_buffered`].
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive), and [`Error::ForeignBuffer`].
    #[inline(always)]
    pub fn receive_buffered<'a>(
        &mut self,
        input: &'a mut ReadBuffer,
    ) -> Result<Option<Event<'a>>, Error> {
        match &mut self.phase {
            Phase::Open(ws, _) => ws.receive_buffered_as(input, Event::Connection),
            Phase::Opening(opening) => {
                if !opening.ws.owns(input) {
                    return Err(self.fail_by_foreign_buffer());
                }
                input.take_with(|input| self.receive_head(input))
            }
        }
    }

    /// Reports that the transport has ended. Returns the response of a server that has refused a
    /// client, if it ends with the transport.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedEof`] during the opening handshake.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        match &mut self.phase {
            Phase::Open(ws, _) => {
                ws.receive_eof();
                Ok(None)
            }
            Phase::Opening(opening) => {
                let received = opening.receive_eof();
                self.settle();
                received
            }
        }
    }

    /// Returns how the connection ended, RFC 6455 §7.1.5, or would end if the transport ended now.
    pub fn close_status(&self) -> CloseStatus {
        self.any_connection().close_status()
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("is_opening", &self.is_opening())
            .field("connection", self.any_connection())
            .finish_non_exhaustive()
    }
}
