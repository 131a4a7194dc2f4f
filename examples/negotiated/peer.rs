//! A client, as the server sees it: from its first byte to its end.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use sansock::endpoint::{Endpoint, Event, Settings};
use sansock::handshake::server::Response;
use sansock::timer::Expired;
use sansock::{Config, Event as Ws, Input};
use tokio_rustls::rustls::ServerConfig;

use crate::dropped::Dropped;
use crate::open::Open;
use crate::ssl_request::{ACCEPT, DECLINE, Opening, REQUEST, judge_opening};
use crate::stream::{Stream, Transport};

/// Whether a server has TLS.
#[derive(Clone, Debug)]
pub(crate) enum TlsPolicy {
    /// It answers `N`.
    Without,
    /// It serves clients with TLS and without.
    Offered(Arc<ServerConfig>),
    /// It refuses clients that do not ask for TLS, with a response of 403.
    Required(Arc<ServerConfig>),
}

/// How far a client has come.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Nobody knows yet whether it asks for TLS. It has sent this many bytes, which are the first
    /// ones of the request for TLS.
    Undecided(usize),
    /// This answer has to be written. Nothing may come before it is.
    Answering(u8),
    /// The TLS handshake is in progress.
    TlsHandshake,
    /// The endpoint has its transport, and does the rest.
    Open,
}

/// A client, as the server sees it.
pub(crate) struct Peer<T> {
    open: Open<T>,
    stage: Stage,
}

/// What to do after a turn.
pub(crate) enum Next {
    /// Take the next turn when the transport is readable or writable, and at this time.
    Wait(Option<Duration>),
    /// Take the next turn after those of the others: there may be more to read.
    Again,
    /// Drop the transport.
    End,
}

/// Returns the settings of the endpoints that a [`Peer`] drives.
///
/// The output has no limit of its own. It is empty before each read, and the answers to one read are
/// no longer than the read and the message that it completes, so the limit on messages bounds it. A
/// limit would refuse the answer to what comes behind a long message in the same read.
pub(crate) fn settings() -> Settings {
    let mut config = Config::server();
    config.max_output = None;
    Settings::new(config)
}

impl<T: Transport> Peer<T> {
    /// Returns a client that has sent nothing. The time of `endpoint` counts from now on, so that
    /// its handshake timeout is for TLS as well.
    pub(crate) fn new(transport: T, endpoint: Endpoint) -> Self {
        let open = Open { stream: Stream::new(transport), endpoint };
        Peer { open, stage: Stage::Undecided(0) }
    }

    /// Returns the transport, to register it for events.
    pub(crate) fn transport(&mut self) -> &mut T {
        self.open.stream.transport()
    }

    /// Does what is possible without waiting. `buffer` is shared by all clients: nothing is left in
    /// it.
    ///
    /// # Errors
    ///
    /// Why the client is to be dropped.
    pub(crate) fn turn(
        &mut self,
        tls: &TlsPolicy,
        buffer: &mut [u8],
        now: Duration,
    ) -> Result<Next, Dropped> {
        let mut has_more = false;
        loop {
            let has_moved = match self.stage {
                Stage::Undecided(kept) => self.decide(kept, tls, buffer)?,
                Stage::Answering(answer) => self.answer(answer, tls)?,
                Stage::TlsHandshake => {
                    let is_over = self.open.stream.handshake()?;
                    if is_over {
                        self.stage = Stage::Open;
                    }
                    is_over
                }
                Stage::Open => {
                    has_more = self.exchange(tls, buffer)?;
                    false
                }
            };
            if !has_moved {
                break;
            }
        }
        let deadline = self.poll(now)?;
        self.open.write()?; // perhaps a ping
        Ok(match self.open.obey()? {
            true => Next::End,
            false if has_more => Next::Again,
            false => Next::Wait(deadline),
        })
    }

    /// Reads what the client begins with, until that is clear and nothing more is there. Returns
    /// `true` if it is clear.
    fn decide(&mut self, kept: usize, tls: &TlsPolicy, buffer: &mut [u8]) -> Result<bool, Dropped> {
        // What was kept is known, so only its length was.
        for (byte, known) in buffer.iter_mut().zip(REQUEST.iter().take(kept)) {
            *byte = *known;
        }
        let mut filled = kept;
        let opening = loop {
            match self.open.stream.read(buffer.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => return Err(Dropped::Io(ErrorKind::UnexpectedEof.into())),
                Ok(len) => filled += len,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    break judge_opening(buffer.get_mut(..filled).unwrap_or_default())?;
                }
                Err(error) => return Err(error.into()),
            }
            let read = buffer.get_mut(..filled).unwrap_or_default();
            if judge_opening(read)? == Opening::Other {
                self.receive(read, tls);
                break Opening::Other;
            }
        };
        self.stage = match opening {
            Opening::Incomplete => Stage::Undecided(filled),
            Opening::Request if matches!(tls, TlsPolicy::Without) => Stage::Answering(DECLINE),
            Opening::Request => Stage::Answering(ACCEPT),
            Opening::Other => Stage::Open,
        };
        Ok(opening != Opening::Incomplete)
    }

    /// Writes the answer to the request for TLS. Returns `true` if it is written.
    fn answer(&mut self, answer: u8, tls: &TlsPolicy) -> Result<bool, Dropped> {
        match self.open.stream.write(&[answer]) {
            Ok(0) => return Err(Dropped::Io(ErrorKind::WriteZero.into())),
            Ok(_) => {}
            Err(error)
                if [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()) =>
            {
                return Ok(error.kind() == ErrorKind::Interrupted);
            }
            Err(error) => return Err(error.into()),
        }
        self.stage = match tls {
            TlsPolicy::Offered(config) | TlsPolicy::Required(config) => {
                self.open.stream.start_server(config).map_err(Dropped::Tls)?;
                Stage::TlsHandshake
            }
            TlsPolicy::Without => Stage::Open,
        };
        Ok(true)
    }

    /// Receives and writes until the transport has nothing more, or takes nothing more, or others
    /// should have their turn. Returns `true` in the last case.
    fn exchange(&mut self, tls: &TlsPolicy, buffer: &mut [u8]) -> io::Result<bool> {
        for _ in 0..READS_A_TURN {
            self.open.write()?;
            if self.open.wants_write() {
                // A client that does not read is not read either.
                self.open.endpoint.reading_paused();
                return Ok(false);
            }
            match self.open.read(buffer) {
                Ok(0) => {
                    // If it is too early, the endpoint has ended, and `obey` says so.
                    let _ = self.open.endpoint.receive_eof();
                    return Ok(false);
                }
                Ok(len) => self.receive(buffer.get_mut(..len).unwrap_or_default(), tls),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.open.endpoint.release_buffers();
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        self.open.write()?;
        Ok(true)
    }

    /// Receives everything that was read, and queues the answers.
    ///
    /// It cannot stop half-way, as what is left would be lost in the shared buffer: see
    /// [`settings`] for what that takes.
    fn receive(&mut self, read: &mut [u8], tls: &TlsPolicy) {
        let must_refuse = matches!(tls, TlsPolicy::Required(_)) && !self.open.stream.is_tls();
        let ws = &mut self.open.endpoint;
        let mut input = Input::new(read);
        // An error has queued what the client has to know, and discards the rest.
        while let Ok(Some(event)) = ws.receive(&mut input) {
            // A send fails only if the connection is closing: nothing is to be sent then.
            match event {
                Event::Request if must_refuse => refuse_without_tls(ws),
                Event::Request => drop(ws.accept()),
                Event::Connection(Ws::Text(text)) => drop(ws.send_text(&text)),
                Event::Connection(Ws::Binary(data)) => drop(ws.send_binary(&data)),
                _ => {}
            }
        }
    }

    /// Polls the deadlines. Returns the next one.
    fn poll(&mut self, now: Duration) -> Result<Option<Duration>, Dropped> {
        let polled = self.open.poll(now);
        let is_told = match polled {
            Err(Expired::HandshakeTimeout) => matches!(self.stage, Stage::Open),
            Err(Expired::MessageTimeout) => true,
            _ => false,
        };
        // If the output tells the client why, the time that it has to take it begins.
        let polled = if is_told { self.open.poll(now) } else { polled };
        polled.map_err(Dropped::Expired)
    }
}

/// Refuses a client that does not ask for TLS.
///
/// RFC 9110 §15.5.22 has a 426 for what can be upgraded on the same connection. TLS needs a new one
/// here.
fn refuse_without_tls(ws: &mut Endpoint) {
    if let Ok(forbidden) = Response::new(403) {
        ws.respond(&forbidden.body("TLS is required"));
    }
}

/// How often a client is read before it is the turn of another.
const READS_A_TURN: usize = 16;
