//! The ways by which a peer's bytes come to a victim of this crate.

use std::hint::black_box;

use bytes::Buf;
use sansock::blocking::{self, Error, WebSocket};
use sansock::connection::{Output, SendError};
use sansock::endpoint::{self, Endpoint, HttpResponse};
use sansock::handshake::client::Request;
use sansock::timer::Clock;
use sansock::{Connection, Event, Input, ProtocolError, ReadBuffer, Role};

use super::wire::Blocking;
use super::{App, Attack, End, Outcome, Wire};
use crate::support::conversation::NONCE;

/// A way, its name, and the bytes that it has allocated for itself.
#[derive(Clone, Copy)]
pub struct Door {
    pub name: &'static str,
    pub run: fn(&Attack, Wire) -> Outcome,
    /// Whether it has the opening handshake.
    pub has_heads: bool,
    pub own: usize,
}

pub const DOORS: [Door; 4] = [
    Door { name: "Connection", run: connection, has_heads: false, own: 0 },
    Door { name: "ReadBuffer", run: buffered, has_heads: false, own: READ_BUFFER },
    Door { name: "Endpoint", run: endpoint, has_heads: true, own: 512 },
    Door { name: "blocking", run: blocking, has_heads: true, own: READ_BUFFER + 512 },
];

impl Door {
    pub fn is_reached_by(&self, attack: &Attack) -> bool {
        self.has_heads || !attack.is_of_heads()
    }
}

const READ_BUFFER: usize = ReadBuffer::DEFAULT_CAPACITY;

/// What the victim's program has seen so far.
pub struct Program {
    app: App,
    delivered: usize,
    end: Option<End>,
}

impl Program {
    pub fn new(attack: &Attack) -> Self {
        Program { app: attack.app, delivered: 0, end: None }
    }

    /// Notes an event. Returns the payload to echo.
    pub fn note<'e>(&mut self, event: &'e Event<'_>) -> Option<&'e [u8]> {
        let data: &[u8] = match event {
            Event::Text(text) | Event::TextChunk { text, .. } => text.as_bytes(),
            Event::Binary(data) | Event::BinaryChunk { data, .. } => data,
            Event::Close { .. } => {
                self.end = Some(End::Closed);
                return None;
            }
            _ => return None,
        };
        self.delivered += black_box(data).len();
        (self.app == App::Echoes).then_some(data)
    }

    pub fn note_error(&mut self, error: &endpoint::Error) {
        self.end = Some(match error {
            // The stream has ended within a head.
            endpoint::Error::UnexpectedEof => return,
            endpoint::Error::Protocol(error) => failed(error),
            endpoint::Error::Refused(refusal) => End::Http(refusal.status()),
            endpoint::Error::InvalidResponse(_) => End::InvalidResponse,
            error => panic!("{error}"),
        });
    }

    /// Notes a response, and follows it if it is a redirect.
    pub fn note_response(&mut self, response: &HttpResponse) {
        if let Some(location) = response.head.headers().first("Location") {
            black_box(request().redirect(location).unwrap());
        }
        self.delivered += response.body.len();
        self.end = Some(End::Http(response.head.status()));
    }

    pub fn note_full(&mut self) {
        self.end = Some(End::Full);
    }

    pub fn note_sent<E: Into<Unsent>>(&mut self, sent: Result<(), E>) {
        match sent.map_err(Into::into) {
            Ok(()) => {}
            Err(Unsent::Full) => self.note_full(),
            Err(Unsent::Other(error)) => panic!("{error}"),
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.end, Some(End::Full | End::Failed(_) | End::Http(_) | End::InvalidResponse))
    }

    pub fn outcome(&self) -> Outcome {
        Outcome { end: self.end.unwrap_or(End::Open), delivered: self.delivered }
    }
}

/// Why a message was not sent.
pub enum Unsent {
    Full,
    Other(String),
}

impl From<SendError> for Unsent {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Full => Unsent::Full,
            error => Unsent::Other(error.to_string()),
        }
    }
}

impl From<Error> for Unsent {
    fn from(error: Error) -> Self {
        match error {
            Error::Send(error) => error.into(),
            error if error.is_would_block() => Unsent::Full,
            error => Unsent::Other(error.to_string()),
        }
    }
}

fn failed(error: &ProtocolError) -> End {
    End::Failed(error.close_code().into())
}

fn drain(output: &mut Output, wire: &Wire) {
    if wire.takes() {
        output.advance(output.remaining());
    }
}

fn new_connection(attack: &Attack) -> Connection {
    let config = attack.victim_settings().config;
    Connection::from_negotiated(config, &attack.negotiated()).unwrap()
}

/// Reads into one buffer, as one that serves all connections of a thread.
fn connection(attack: &Attack, mut wire: Wire) -> Outcome {
    let mut ws = new_connection(attack);
    let mut program = Program::new(attack);
    let mut buffer = [0; 4096];
    while !wire.is_over() && !program.is_over() {
        let len = wire.fill(&mut buffer);
        let mut input = Input::new(&mut buffer[..len]);
        while !program.is_over() {
            if ws.is_full() {
                program.note_full();
                break;
            }
            match ws.receive(&mut input) {
                Ok(Some(event)) => {
                    if let Some(data) = program.note(&event) {
                        program.note_sent(ws.send_binary(data));
                    }
                }
                Ok(None) => break,
                Err(error) => program.end = Some(failed(&error)),
            }
            drain(ws.output(), &wire);
        }
    }
    feed_the_rest(&mut wire, |input| ws.receive(input).is_err());
    program.outcome()
}

/// What comes after a violation is taken, and nothing is done with it.
fn feed_the_rest(wire: &mut Wire, mut fails: impl FnMut(&mut Input<'_>) -> bool) {
    let mut buffer = [0; 4096];
    while !wire.is_over() {
        let len = wire.fill(&mut buffer);
        fails(&mut Input::new(&mut buffer[..len]));
    }
}

fn buffered(attack: &Attack, mut wire: Wire) -> Outcome {
    let mut ws = new_connection(attack);
    let mut program = Program::new(attack);
    let mut input = ReadBuffer::new();
    while !wire.is_over() && !program.is_over() {
        let len = wire.fill(input.spare_mut());
        input.mark_filled(len);
        while !program.is_over() {
            if ws.is_full() {
                program.note_full();
                break;
            }
            match ws.receive_buffered(&mut input) {
                Ok(Some(event)) => {
                    if let Some(data) = program.note(&event) {
                        program.note_sent(ws.send_binary(data));
                    }
                }
                Ok(None) => break,
                Err(error) => program.note_error(&error.into()),
            }
            drain(ws.output(), &wire);
        }
    }
    program.outcome()
}

fn new_endpoint(attack: &Attack) -> Endpoint {
    let now = core::time::Duration::ZERO;
    let settings = attack.victim_settings();
    match attack.victim {
        _ if !attack.is_of_heads() => Endpoint::from_connection(new_connection(attack), None),
        Role::Server => Endpoint::server(&settings, now).unwrap(),
        Role::Client => Endpoint::client(&settings, &request(), NONCE, now).unwrap(),
    }
}

pub fn request() -> Request {
    Request::new("ws://a.example/").unwrap()
}

fn endpoint(attack: &Attack, mut wire: Wire) -> Outcome {
    let mut endpoint = new_endpoint(attack);
    let mut program = Program::new(attack);
    let mut buffer = [0; 4096];
    while !wire.is_over() && !program.is_over() {
        let len = wire.fill(&mut buffer);
        let mut input = Input::new(&mut buffer[..len]);
        while !program.is_over() {
            if endpoint.is_full() {
                program.note_full();
                break;
            }
            match endpoint.receive(&mut input) {
                Ok(Some(event)) => note_event(&mut program, &mut endpoint, event),
                Ok(None) => break,
                Err(error) => program.note_error(&error),
            }
            drain(endpoint.output(), &wire);
        }
    }
    if !program.is_over() && endpoint.is_opening() {
        match endpoint.receive_eof() {
            Ok(Some(endpoint::Event::Refused(response))) => program.note_response(&response),
            Ok(event) => panic!("{event:?}"),
            Err(error) => program.note_error(&error),
        }
    }
    feed_the_rest(&mut wire, |input| endpoint.receive(input).is_err());
    program.outcome()
}

fn note_event(program: &mut Program, endpoint: &mut Endpoint, event: endpoint::Event<'_>) {
    match event {
        endpoint::Event::Connection(event) => {
            if let Some(data) = program.note(&event) {
                program.note_sent(endpoint.send_binary(data));
            }
        }
        endpoint::Event::Refused(response) => program.note_response(&response),
        _ => {}
    }
}

fn blocking(attack: &Attack, wire: Wire) -> Outcome {
    let mut program = Program::new(attack);
    let stream = Blocking { wire, ends: attack.is_of_heads() };
    match open(attack, stream) {
        Ok(mut ws) => {
            while !program.is_over() && fill(&mut ws, &mut program) {
                receive(&mut ws, &mut program);
            }
        }
        Err(Error::Endpoint(error)) => program.note_error(&error),
        Err(Error::Refused(response)) => program.note_response(&response),
        Err(error) => panic!("{error}"),
    }
    program.outcome()
}

fn open(attack: &Attack, stream: Blocking) -> Result<WebSocket<Blocking>, Error> {
    let settings = attack.victim_settings();
    match attack.victim {
        _ if !attack.is_of_heads() => {
            let endpoint = new_endpoint(attack);
            Ok(WebSocket::from_parts(stream, endpoint, &[], Clock::start()))
        }
        Role::Server => blocking::accept_with(stream, &settings, |_| ()),
        Role::Client => {
            blocking::client_with(stream, &settings, &request(), NONCE).map(|(ws, _)| ws)
        }
    }
}

/// Returns `true` if something was read.
fn fill(ws: &mut WebSocket<Blocking>, program: &mut Program) -> bool {
    match ws.fill() {
        Ok(is_open) => is_open,
        Err(error) if error.is_would_block() => {
            if !ws.get_ref().wire.is_over() {
                program.note_full();
            }
            false
        }
        // The stream has ended.
        Err(Error::UnexpectedEof) if ws.get_ref().ends => false,
        Err(error) => panic!("{error}"),
    }
}

fn receive(ws: &mut WebSocket<Blocking>, program: &mut Program) {
    while !program.is_over() {
        match ws.next_event() {
            Ok(Some((event, mut sender))) => {
                if let Some(data) = program.note(&event) {
                    program.note_sent(sender.send_binary(data));
                }
            }
            Ok(None) => break,
            Err(Error::Endpoint(error)) => program.note_error(&error),
            Err(error) => panic!("{error}"),
        }
    }
}
