//! A client that is advanced by polls and never blocks, in the manner of libpq.
//!
//! ```text
//!            TCP is              TLS is          the request      the answer
//!          connecting           asked for         is written        is S
//! Needed -----------> Started -----------> SslStartup --> SslAnswer --> TlsHandshake
//!    ^                   |                                   | N              |
//!    |                   | in the clear                      v                v
//!    |                   +--------------------------------> WebSocket <-------+
//!    |                                                       |     |
//!    +---- once, if the mode allows the other way -----------+     +--> Ready
//! ```

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use sansock::ReadBuffer;
use sansock::endpoint::{Endpoint, Settings};
use sansock::handshake::client::{Request, nonce};
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::error::ConnectError;
use crate::mode::Mode;
use crate::open::Open;
use crate::session::Session;
use crate::ssl_request::{ACCEPT, DECLINE};
use crate::steps::{ask, open_websocket, read_answer};
use crate::stream::{Stream, Transport};

/// What a client connects to, and how. Any number of clients can share it.
pub(crate) struct Target {
    pub(crate) mode: Mode,
    /// Whom the certificate has to name, in [`Mode::VerifyFull`].
    pub(crate) name: ServerName<'static>,
    /// Must fit the mode: see [`client_config`](crate::tls::client_config).
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) request: Request,
    /// Its handshake timeout is for everything up to [`State::Ready`], however often the client
    /// starts over.
    pub(crate) settings: Settings,
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// There is no transport.
    Needed,
    /// The transport is connecting.
    Started,
    /// The request for TLS is being written; this many bytes of it are.
    SslStartup(usize),
    /// The server has not answered the request for TLS.
    SslAnswer,
    /// The TLS handshake is in progress.
    TlsHandshake,
    /// The opening handshake of the WebSocket is in progress, through TLS or in the clear.
    WebSocket,
    /// The connection is open: take it by [`Client::into_session`].
    Ready,
    /// It has failed.
    Failed,
}

/// What a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Poll again when the transport is readable.
    WantsRead,
    /// Poll again when the transport is writable.
    WantsWrite,
    /// The connection is open.
    Ready,
}

/// A client of which each [`poll`](Client::poll) does what is possible without waiting.
pub(crate) struct Client<T> {
    target: Arc<Target>,
    dial: Box<dyn FnMut() -> io::Result<T> + Send>,
    state: State,
    /// `None` in [`State::Needed`] and [`State::Failed`].
    session: Option<Session<T>>,
    /// Whether this attempt asks for TLS.
    asks: bool,
    attempts: u32,
    /// The time of the first poll.
    started: Option<Duration>,
    deadline: Option<Duration>,
}

impl<T: Transport> Client<T> {
    /// Returns a client that has done nothing yet. `dial` begins to connect a transport, and does
    /// not wait for it. It is called twice if the client starts over.
    pub(crate) fn new(
        target: Arc<Target>,
        dial: impl FnMut() -> io::Result<T> + Send + 'static,
    ) -> Self {
        Client {
            asks: target.mode.asks_first(),
            target,
            dial: Box::new(dial),
            state: State::Needed,
            session: None,
            attempts: 0,
            started: None,
            deadline: None,
        }
    }

    /// Does what is possible without waiting. Poll again when the transport is as the result says,
    /// or earlier, as often as you like. `now` is the time since any moment that you choose, the
    /// same for each poll. Poll at the [`deadline`](Self::deadline) too.
    ///
    /// # Errors
    ///
    /// Why there will be no connection.
    pub(crate) fn poll(&mut self, now: Duration) -> Result<Progress, ConnectError> {
        loop {
            match self.step(now) {
                Ok(Some(progress)) => return Ok(progress),
                Ok(None) => {}
                Err(error) if self.has_another_way(&error) => {
                    self.asks = !self.asks;
                    self.session = None;
                    self.state = State::Needed;
                }
                Err(error) => {
                    self.session = None;
                    self.state = State::Failed;
                    return Err(error);
                }
            }
        }
    }

    /// Returns the time for the next poll if the transport stays as it is.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// Returns how far the client has come.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Returns how many transports were dialed. If a poll has changed it, the transport is another
    /// one, which you have to register for events, also if the client is [`Ready`](State::Ready).
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns the transport, if there is one.
    pub(crate) fn transport(&mut self) -> Option<&mut T> {
        self.session.as_mut().map(|session| session.open.stream.transport())
    }

    /// Returns the open connection, or `None` if the client is not [`Ready`](State::Ready).
    pub(crate) fn into_session(self) -> Option<Session<T>> {
        self.session.filter(|_| self.state == State::Ready)
    }

    /// Moves on by one state. Returns what to wait for if that is not possible now.
    fn step(&mut self, now: Duration) -> Result<Option<Progress>, ConnectError> {
        let Some(session) = &mut self.session else {
            return match self.state {
                State::Needed => self.start(now).map(|()| None),
                _ => Err(ConnectError::Over),
            };
        };
        let next = match self.state {
            State::Started => match session.open.stream.transport().is_connected()? {
                false => None,
                true if self.asks => Some(State::SslStartup(0)),
                true => Some(State::WebSocket),
            },
            State::SslStartup(written) => ask(&mut session.open, written)?,
            State::SslAnswer => match read_answer(&mut session.open)? {
                None => None,
                Some(ACCEPT) => {
                    let Target { tls, name, .. } = &*self.target;
                    session.open.stream.start_client(tls, name.clone())?;
                    Some(State::TlsHandshake)
                }
                Some(DECLINE) if self.target.mode == Mode::Prefer => Some(State::WebSocket),
                Some(DECLINE) => return Err(ConnectError::NoTls),
                Some(other) => return Err(ConnectError::InvalidAnswer(other)),
            },
            State::TlsHandshake => session.open.stream.handshake()?.then_some(State::WebSocket),
            State::WebSocket => open_websocket(session)?.then_some(State::Ready),
            State::Ready => return Ok(Some(Progress::Ready)),
            State::Needed | State::Failed => return Err(ConnectError::Over),
        };
        match next {
            Some(next) => {
                self.state = next;
                Ok(None)
            }
            None => self.wait(now).map(Some),
        }
    }

    /// Dials, and begins an endpoint whose time counts from the first poll.
    fn start(&mut self, now: Duration) -> Result<(), ConnectError> {
        let Target { settings, request, .. } = &*self.target;
        let started = *self.started.get_or_insert(now);
        let stream = Stream::new((self.dial)()?);
        // Its request waits in the output until the transport, or TLS, is ready for it.
        let endpoint = Endpoint::client(settings, request, nonce(), started)
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        self.session = Some(Session { open: Open { stream, endpoint }, input: ReadBuffer::new() });
        self.attempts += 1;
        self.state = State::Started;
        Ok(())
    }

    /// Returns what to wait for, unless it has taken too long already.
    fn wait(&mut self, now: Duration) -> Result<Progress, ConnectError> {
        let Some(session) = &mut self.session else { return Err(ConnectError::Over) };
        self.deadline = session.open.poll(now)?;
        Ok(match self.state {
            State::Started | State::SslStartup(_) => Progress::WantsWrite,
            State::TlsHandshake if session.open.stream.has_records() => Progress::WantsWrite,
            State::WebSocket if session.open.wants_write() => Progress::WantsWrite,
            _ => Progress::WantsRead,
        })
    }

    /// Returns `true` if the mode lets the client try with TLS what has failed in the clear, or the
    /// other way round.
    fn has_another_way(&self, error: &ConnectError) -> bool {
        let mode_allows = match (self.target.mode, error) {
            (Mode::Allow, ConnectError::Refused(_)) => !self.asks,
            (Mode::Prefer, ConnectError::Tls(_) | ConnectError::Io(_)) => {
                self.state == State::TlsHandshake
            }
            _ => false,
        };
        mode_allows && self.attempts == 1
    }
}
