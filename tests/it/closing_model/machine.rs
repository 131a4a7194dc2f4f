//! What the model drives: a connection with its timers, or an endpoint.

use std::time::Duration;

use sansock::connection::State;
use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{CloseCode, CloseStatus, Connection, Event, Input, Output, Role, TransportAction};

use crate::support::connection;

/// Why one end receives no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ending {
    /// The Close of the peer, with its code.
    Closed(Option<u16>),
    /// The peer broke a rule, or its request was refused.
    Failed,
    /// The transport ended without a Close.
    Eof,
    Expired(Expired),
    /// A handshake has ended without a connection, and nothing is left to say.
    Unopened,
}

/// One end, without its application and its transport.
pub(super) trait Machine {
    /// Returns an end at time zero.
    fn start(role: Role) -> Self;

    /// Receives `bytes`. Calls `report` for each event and each error: with `None` if more follows.
    fn receive(&mut self, bytes: Vec<u8>, report: impl FnMut(Option<Ending>));

    /// Reports the end of the transport. Returns what this end says of it, if it says anything.
    fn receive_eof(&mut self) -> Option<Ending>;

    fn output(&mut self) -> &mut Output;
    fn poll(&mut self, now: Duration) -> Result<Option<Duration>, Expired>;
    fn transport_action(&self) -> TransportAction;
    fn sent_eof(&mut self);
    fn close_status(&self) -> CloseStatus;

    /// Returns the connection, or `None` during the opening handshake.
    fn connection(&mut self) -> Option<&mut Connection>;

    /// Returns `true` if a request waits for its answer.
    fn has_request(&self) -> bool;

    /// Answers the request that waits.
    fn answer(&mut self, accept: bool, report: impl FnMut(Option<Ending>));

    /// Returns what else tells two states of this end apart.
    fn hidden(&self) -> String;
}

/// Timeouts that differ from each other, so that each of them can be the first.
pub(super) fn timeouts() -> Timeouts {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.ping, timeouts.pong) = (seconds(8), seconds(5));
    (timeouts.write, timeouts.write_rate) = (seconds(12), 0);
    (timeouts.close, timeouts.message) = (Some(CLOSE), seconds(7));
    timeouts
}

/// How long the peer may take to close and to end the transport.
pub(super) const CLOSE: Duration = Duration::from_secs(6);

/// No end lives longer without its transport: it is silent for `ping`, the ping waits for `write`,
/// and an end that closes waits for `write` and then `close`.
pub(super) const LONGEST: Duration = Duration::from_secs(8 + 12 + 12 + 6);

/// A connection with its timers.
pub(super) struct Bare {
    ws: Connection,
    timers: Timers,
}

impl Machine for Bare {
    fn start(role: Role) -> Self {
        Bare { ws: connection(role), timers: Timers::new(timeouts(), Duration::ZERO) }
    }

    fn receive(&mut self, mut bytes: Vec<u8>, mut report: impl FnMut(Option<Ending>)) {
        let mut input = Input::new(&mut bytes[..]);
        loop {
            match self.ws.receive(&mut input) {
                Ok(None) => break,
                Ok(Some(event)) => report(ending_of(&event)),
                Err(_) => report(Some(Ending::Failed)),
            }
        }
        assert!(input.is_empty(), "None means that all input was taken");
    }

    fn receive_eof(&mut self) -> Option<Ending> {
        assert_eq!(self.ws.receive_eof(), self.ws.close_status());
        None
    }

    fn output(&mut self) -> &mut Output {
        self.ws.output()
    }

    fn poll(&mut self, now: Duration) -> Result<Option<Duration>, Expired> {
        self.timers.poll(&mut self.ws, now)
    }

    fn transport_action(&self) -> TransportAction {
        self.ws.transport_action()
    }

    fn sent_eof(&mut self) {
        self.ws.sent_eof();
    }

    fn close_status(&self) -> CloseStatus {
        self.ws.close_status()
    }

    fn connection(&mut self) -> Option<&mut Connection> {
        Some(&mut self.ws)
    }

    fn has_request(&self) -> bool {
        false
    }

    fn answer(&mut self, _: bool, _: impl FnMut(Option<Ending>)) {}

    fn hidden(&self) -> String {
        format!("{:?}", self.timers)
    }
}

/// Returns how an event ends a connection, or `None` if more may follow.
fn ending_of(event: &Event<'_>) -> Option<Ending> {
    match event {
        Event::Close { code, .. } => Some(Ending::Closed(code.map(CloseCode::as_u16))),
        _ => None,
    }
}

/// Returns `true` if messages may be sent.
pub(super) fn is_open(machine: &mut impl Machine) -> bool {
    machine.connection().is_some_and(|ws| ws.state() == State::Open)
}

#[cfg(feature = "handshake")]
pub(super) use over_http::Opening;

#[cfg(feature = "handshake")]
mod over_http {
    use sansock::endpoint::{Endpoint, Error, Event, Settings};
    use sansock::handshake::client;
    use sansock::handshake::server::Response;

    use super::*;
    use crate::support::config;
    use crate::support::conversation::NONCE;

    /// An endpoint, from its first byte on.
    pub(in super::super) struct Opening {
        endpoint: Endpoint,
        /// What was read behind a request that waits for its answer.
        unread: Vec<u8>,
    }

    impl Machine for Opening {
        fn start(role: Role) -> Self {
            let mut settings = Settings::new(config(role));
            settings.timeouts = Some(timeouts().into());
            settings.handshake_timeout = Some(Duration::from_secs(9));
            let request = client::Request::new("ws://a/").unwrap();
            let endpoint = match role {
                Role::Server => Endpoint::server(&settings, Duration::ZERO),
                Role::Client => Endpoint::client(&settings, &request, NONCE, Duration::ZERO),
            };
            Opening { endpoint: endpoint.unwrap(), unread: Vec::new() }
        }

        fn receive(&mut self, bytes: Vec<u8>, mut report: impl FnMut(Option<Ending>)) {
            self.unread.extend(bytes);
            let mut bytes = std::mem::take(&mut self.unread);
            let mut input = Input::new(&mut bytes[..]);
            loop {
                match self.endpoint.receive(&mut input) {
                    Ok(None) => break,
                    Ok(Some(Event::Connection(event))) => report(ending_of(&event)),
                    Ok(Some(Event::Refused(_))) => report(Some(Ending::Unopened)),
                    Ok(Some(_)) => report(None),
                    Err(Error::Protocol(_) | Error::Refused(_)) => report(Some(Ending::Failed)),
                    Err(_) => report(Some(Ending::Unopened)),
                }
            }
            let rest = input.as_bytes().to_vec();
            assert!(rest.is_empty() || self.has_request(), "all was taken, or a request waits");
            self.unread = rest;
        }

        fn receive_eof(&mut self) -> Option<Ending> {
            let is_opening = self.endpoint.is_opening();
            match self.endpoint.receive_eof() {
                Ok(None) => {
                    assert!(!is_opening, "says nothing of an end during the handshake");
                    None
                }
                Ok(Some(_)) => Some(Ending::Unopened),
                Err(error) => {
                    assert_eq!(error, Error::UnexpectedEof);
                    Some(Ending::Eof)
                }
            }
        }

        fn output(&mut self) -> &mut Output {
            self.endpoint.output()
        }

        fn poll(&mut self, now: Duration) -> Result<Option<Duration>, Expired> {
            self.endpoint.poll(now)
        }

        fn transport_action(&self) -> TransportAction {
            self.endpoint.transport_action()
        }

        fn sent_eof(&mut self) {
            self.endpoint.sent_eof();
        }

        fn close_status(&self) -> CloseStatus {
            self.endpoint.close_status()
        }

        fn connection(&mut self) -> Option<&mut Connection> {
            self.endpoint.connection()
        }

        fn has_request(&self) -> bool {
            self.endpoint.request().is_some()
        }

        fn answer(&mut self, accept: bool, mut report: impl FnMut(Option<Ending>)) {
            if accept {
                let _ = self.endpoint.accept().unwrap();
            } else {
                self.endpoint.respond(&Response::new(403).unwrap());
                report(Some(Ending::Failed));
            }
            self.receive(Vec::new(), report);
        }

        fn hidden(&self) -> String {
            format!("{:?}{:?}{:?}", self.endpoint, self.unread, self.has_request())
        }
    }
}
