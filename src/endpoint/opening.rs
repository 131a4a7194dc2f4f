//! The opening handshake of an endpoint.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::mem;
use core::time::Duration;

use super::body::Body;
use super::error::{AcceptError, Error};
use super::event::{Event, Opened};
use super::settings::{RequestPolicy, Settings};
#[cfg(feature = "deflate")]
use crate::connection::Config;
use crate::connection::{Connection, UnsupportedExtensions};
use crate::handshake::client::{self, ClientHandshake, Outcome};
use crate::handshake::server::{Refusal, RequestHead, Response, ServerHandshake, Upgrade};
use crate::handshake::{BuildError, HeadError};
use crate::input::Input;
use crate::negotiated::Negotiated;
use crate::timer::{Expired, HandshakeTimer, Timeouts, Timers};

/// An opening handshake, and the connection that comes of it.
pub(super) struct Opening {
    /// Its output has the heads that are sent.
    pub(super) ws: Connection,
    timeouts: Option<Arc<Timeouts>>,
    deadline: Option<HandshakeTimer>,
    /// The time of the last poll.
    polled: Duration,
    step: Step,
    refusal_body: usize,
}

/// What the handshake waits for.
enum Step {
    /// A server waits for a request.
    Request(ServerHandshake, RequestPolicy),
    /// A server waits for its program to answer this request.
    Answer(RequestHead),
    /// A client waits for the head of a response.
    Response(ClientHandshake),
    /// A client waits for the body of the response that refuses it.
    Body(Body),
    /// The handshake is over.
    Over,
}

/// What `Opening::receive` has come to.
pub(super) type Received = Result<Option<Event<'static>>, Error>;

impl Opening {
    pub(super) fn server(settings: &Settings, now: Duration) -> Self {
        let handshake = ServerHandshake::new(settings.head_limits);
        Opening::new(settings, now, Step::Request(handshake, settings.requests))
    }

    pub(super) fn client(
        settings: &Settings,
        request: &client::Request,
        nonce: [u8; 16],
        now: Duration,
    ) -> Self {
        let request = request.clone().limits(settings.head_limits);
        #[cfg(feature = "deflate")]
        let request = offer_deflate(request, &settings.config);
        let (head, handshake) = request.start(nonce);
        let mut opening = Opening::new(settings, now, Step::Response(handshake));
        opening.ws.queue_head(&head);
        opening
    }

    fn new(settings: &Settings, now: Duration, step: Step) -> Self {
        Opening {
            ws: Connection::new(Arc::clone(&settings.config)),
            timeouts: settings.timeouts.clone(),
            deadline: settings.handshake_timeout.map(|limit| HandshakeTimer::new(limit, now)),
            polled: now,
            step,
            refusal_body: settings.refusal_body,
        }
    }

    /// Whether nothing is left to do but what the connection does.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.step, Step::Over)
    }

    /// Takes the connection and its timers out of a handshake that is over.
    pub(super) fn take(&mut self) -> (Connection, Option<Box<Timers>>) {
        let timers = self.timeouts.take().map(|timeouts| Timers::new(timeouts, self.polled));
        let unused = Connection::new(Arc::clone(self.ws.config()));
        (mem::replace(&mut self.ws, unused), timers.map(Box::new))
    }

    pub(super) fn receive(&mut self, input: &mut Input<'_>) -> Received {
        match &mut self.step {
            Step::Request(handshake, policy) => {
                let policy = *policy;
                match handshake.receive(input) {
                    Ok(None) => Ok(None),
                    Ok(Some(request)) => self.receive_request(request, policy),
                    Err(refusal) => Err(self.refuse(refusal)),
                }
            }
            Step::Response(handshake) => match handshake.receive(input) {
                Ok(None) => Ok(None),
                Ok(Some(outcome)) => self.receive_outcome(outcome, input),
                Err(error) => {
                    self.end();
                    Err(Error::InvalidResponse(Box::new(error)))
                }
            },
            Step::Body(body) => Ok(body.receive(input).map(|response| {
                self.end();
                Event::Refused(response)
            })),
            Step::Answer(_) | Step::Over => Ok(None),
        }
    }

    /// Notes the end of the transport.
    pub(super) fn receive_eof(&mut self) -> Received {
        let event = match &mut self.step {
            Step::Body(body) => Ok(Some(Event::Refused(body.receive_eof()))),
            _ => Err(Error::UnexpectedEof),
        };
        self.end();
        event
    }

    /// Returns the request that waits for an answer.
    pub(super) fn request(&self) -> Option<&RequestHead> {
        match &self.step {
            Step::Answer(request) => Some(request),
            _ => None,
        }
    }

    /// Accepts the request that waits, as `choose` says.
    pub(super) fn accept(
        &mut self,
        choose: impl FnOnce(Upgrade<'_>) -> Result<Upgrade<'_>, BuildError>,
    ) -> Result<Negotiated, AcceptError> {
        let Step::Answer(request) = &self.step else { return Err(AcceptError::NoRequest) };
        let upgrade = match request.upgrade() {
            Ok(upgrade) => upgrade,
            Err(refusal) => {
                self.refuse(refusal);
                return Err(AcceptError::Refused(refusal));
            }
        };
        #[cfg(feature = "deflate")]
        let upgrade = match &self.ws.config().deflate {
            Some(deflate) => upgrade.deflate(deflate),
            None => upgrade,
        };
        let (response, negotiated) = choose(upgrade).map_err(AcceptError::Build)?.accept();
        self.open(&response, &negotiated).map_err(|_| AcceptError::UnsupportedExtensions)?;
        Ok(negotiated)
    }

    /// Answers the request that waits with a response other than the 101.
    pub(super) fn respond(&mut self, response: &Response) {
        self.ws.queue_head(&response.encode());
        self.ws.fail_without_close();
        self.step = Step::Over;
    }

    /// Returns the time at which the handshake must be over.
    pub(super) fn poll(&mut self, now: Duration) -> Result<Option<Duration>, Expired> {
        self.polled = now;
        let Some(deadline) = &mut self.deadline else { return Ok(None) };
        let left = deadline.poll(now);
        if left.is_err() {
            match &self.step {
                // RFC 9110 §15.5.9
                Step::Request(..) | Step::Answer(_) => {
                    self.respond(&Response::refusing(REQUEST_TIMEOUT));
                }
                _ => self.end(),
            }
        }
        left.map(Some)
    }

    /// Does without a handshake that cannot be finished: nothing more is received or sent, also
    /// nothing of a request that the transport has not taken.
    pub(super) fn end(&mut self) {
        self.ws.end_unopened();
        self.step = Step::Over;
    }

    fn receive_request(&mut self, request: RequestHead, policy: RequestPolicy) -> Received {
        self.step = Step::Answer(request);
        if policy == RequestPolicy::Ask {
            return Ok(Some(Event::Request));
        }
        match self.accept(|upgrade| Ok(upgrade)) {
            Ok(negotiated) => Ok(opened(negotiated, None)),
            Err(AcceptError::Refused(refusal)) => Err(Error::Refused(Box::new(refusal))),
            // A request waits, and nothing was chosen.
            Err(_) => Err(self.refuse(HeadError::Over.into())),
        }
    }

    fn receive_outcome(&mut self, outcome: Outcome, input: &mut Input<'_>) -> Received {
        match outcome {
            Outcome::Established { negotiated, response } => match self.open(&[], &negotiated) {
                Ok(()) => Ok(opened(negotiated, Some(response))),
                Err(error) => {
                    self.end();
                    Err(Error::UnsupportedExtensions(Box::new(error)))
                }
            },
            Outcome::Http(head) => {
                self.step = Step::Body(Body::new(head, self.refusal_body));
                self.receive(input)
            }
        }
    }

    /// Queues the response that accepts, if there is one, and lets frames follow.
    fn open(
        &mut self,
        response: &[u8],
        negotiated: &Negotiated,
    ) -> Result<(), UnsupportedExtensions> {
        self.ws.agree(negotiated)?;
        self.ws.queue_head(response);
        self.step = Step::Over;
        Ok(())
    }

    /// Queues the response to a request that is refused.
    fn refuse(&mut self, refusal: Refusal) -> Error {
        self.respond(&refusal.response());
        Error::Refused(Box::new(refusal))
    }
}

/// Offers what the configuration says, unless the request offers extensions already.
#[cfg(feature = "deflate")]
fn offer_deflate(request: client::Request, config: &Config) -> client::Request {
    match &config.deflate {
        Some(deflate) if request.offered_extensions().is_none() => request.deflate(deflate),
        _ => request,
    }
}

fn opened(
    negotiated: Negotiated,
    response: Option<client::ResponseHead>,
) -> Option<Event<'static>> {
    Some(Event::Opened(Box::new(Opened { negotiated, response })))
}

const REQUEST_TIMEOUT: u16 = 408;
