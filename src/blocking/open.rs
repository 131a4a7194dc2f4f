//! Opening a blocking WebSocket.

use super::{Error, Transport, WebSocket};
use crate::connection::{Config, State};
use crate::endpoint::{self, Endpoint, Opened, RequestPolicy, Settings};
use crate::handshake::client::Request;
use crate::timer::Clock;

/// Serves a client: accepts its opening handshake, without a subprotocol.
///
/// # Errors
///
/// [`Error::Endpoint`] if the request is refused. The response that says why was written as far as
/// the transport took it.
pub fn accept<S: Transport>(stream: S) -> Result<WebSocket<S>, Error> {
    let mut settings = Settings::new(Config::server());
    settings.requests = RequestPolicy::AcceptUnseen;
    accept_with(stream, &settings, |_| ())
}

/// Serves a client whose request `answer` answers, by
/// [`accept_with`](Endpoint::accept_with) or [`respond`](Endpoint::respond).
///
/// ```
/// use sansock::Config;
/// use sansock::blocking::{self, Error};
/// use sansock::endpoint::Settings;
/// use sansock::handshake::server::Response;
/// use std::net::TcpStream;
///
/// fn serve(stream: TcpStream) -> Result<(), Error> {
///     let settings = Settings::new(Config::server());
///     let mut ws = blocking::accept_with(stream, &settings, |endpoint| {
///         let is_ours = endpoint.request().and_then(|request| request.origin()) == Some(b"https://a");
///         if is_ours {
///             let _ = endpoint.accept_with(|upgrade| Ok(upgrade.select_subprotocol(&["chat"])));
///         } else if let Ok(forbidden) = Response::new(403) {
///             endpoint.respond(&forbidden);
///         }
///     })?;
///     ws.send_text("welcome")
/// }
/// # let _ = serve;
/// ```
///
/// # Errors
///
/// [`Error::Endpoint`] if the request is malformed, and [`Error::NotAccepted`] if `answer` refuses
/// it or it is no opening handshake. The response was written as far as the transport took it. If
/// `answer` does nothing, the request is accepted.
pub fn accept_with<S: Transport>(
    stream: S,
    settings: &Settings,
    answer: impl FnOnce(&mut Endpoint),
) -> Result<WebSocket<S>, Error> {
    let clock = Clock::start();
    let mut ws = WebSocket::new(stream, Endpoint::server(settings, clock.now())?, clock);
    let outcome = ws.answer_request(answer);
    if outcome.is_err() {
        // As far as it goes: the error is what counts.
        let _ = ws.fill();
    }
    outcome.map(|()| ws)
}

/// Connects to the server at the other end of `stream`, with default settings.
///
/// # Errors
///
/// As [`client_with`].
#[cfg(feature = "rand")]
pub fn client<S: Transport>(stream: S, request: &Request) -> Result<WebSocket<S>, Error> {
    let settings = Settings::new(Config::client());
    let nonce = crate::handshake::client::nonce();
    client_with(stream, &settings, request, nonce).map(|(ws, _)| ws)
}

/// Connects to the server at the other end of `stream`. Returns what was agreed on as well.
///
/// `nonce` must be random, and another for each connection: see [`Request::start`].
///
/// # Errors
///
/// [`Error::Refused`] with the response if the server answers with anything but a WebSocket.
pub fn client_with<S: Transport>(
    stream: S,
    settings: &Settings,
    request: &Request,
    nonce: [u8; 16],
) -> Result<(WebSocket<S>, Opened), Error> {
    let clock = Clock::start();
    let endpoint = Endpoint::client(settings, request, nonce, clock.now())?;
    let mut ws = WebSocket::new(stream, endpoint, clock);
    loop {
        match ws.receive_opening()? {
            Some(endpoint::Event::Opened(opened)) => return Ok((ws, *opened)),
            Some(endpoint::Event::Refused(response)) => return Err(Error::Refused(response)),
            _ => {}
        }
        if !ws.wait()? {
            if let Some(endpoint::Event::Refused(response)) = ws.endpoint_mut().receive_eof()? {
                return Err(Error::Refused(response));
            }
        }
    }
}

impl<S: Transport> WebSocket<S> {
    /// Answers the request of a client.
    fn answer_request(&mut self, answer: impl FnOnce(&mut Endpoint)) -> Result<(), Error> {
        let mut answer = Some(answer);
        while self.endpoint().is_opening() {
            if self.receive_opening()?.is_none() {
                if !self.wait()? {
                    self.endpoint_mut().receive_eof()?;
                }
            } else if self.endpoint().request().is_some() {
                if let Some(answer) = answer.take() {
                    answer(self.endpoint_mut());
                }
                if self.endpoint().request().is_some() {
                    // If it is refused, the response is in the output.
                    let _ = self.endpoint_mut().accept();
                }
            }
        }
        self.flush()?;
        match self.endpoint_mut().connection().map(|ws| ws.state()) {
            None | Some(State::Failed | State::Ended) => Err(Error::NotAccepted),
            Some(_) => Ok(()),
        }
    }

    /// Returns the next event of the opening handshake.
    fn receive_opening(&mut self) -> Result<Option<endpoint::Event<'_>>, endpoint::Error> {
        let input = &mut self.receiver.input;
        self.receiver.wire.endpoint.receive_buffered(input)
    }

    fn endpoint_mut(&mut self) -> &mut Endpoint {
        &mut self.receiver.wire.endpoint
    }

    /// Writes what is queued, and reads more of the opening handshake, until its deadline. Returns
    /// `false` at the end of the transport.
    fn wait(&mut self) -> Result<bool, Error> {
        loop {
            self.flush()?;
            match self.receiver.read_some() {
                Err(error) if error.is_would_block() => {}
                outcome => return outcome,
            }
        }
    }
}
