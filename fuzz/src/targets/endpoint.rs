//! However a stream is cut into reads, an endpoint delivers the same events and the same error, sends the
//! same bytes and says the same of the transport: from input, and from a read buffer. After the opening
//! handshake it delivers what a naive reading finds in the frames, and answers that.

use std::time::Duration;

use arbitrary::Arbitrary;
use sansock::bytes::Buf;
use sansock::endpoint::{Endpoint, Error, Event, RequestPolicy, Settings};
use sansock::frame::Limits;
use sansock::handshake::client::Request;
use sansock::{Config, Input, ReadBuffer, Role};

use crate::connection::{assert_answers, config_of};
use crate::events::Events;
use crate::naive::{head, messages};
use crate::stream::{lens, pieces};

#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    kind: Kind,
    cuts: [u8; 8],
    /// Where in the head bytes are inserted, and how many bytes they replace.
    place: u16,
    replaced: u8,
    inserted: &'a [u8],
    /// What follows the head.
    rest: &'a [u8],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    Server,
    ServerUnseen,
    Client,
    ClientRefused,
    ClientRefusedInChunks,
}

impl Kind {
    fn head(self) -> &'static [u8] {
        match self {
            Kind::Server | Kind::ServerUnseen => {
                b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            }
            Kind::Client => {
                b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            }
            Kind::ClientRefused => b"HTTP/1.1 401 No\r\nContent-Length: 20\r\n\r\n",
            Kind::ClientRefusedInChunks => {
                b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n"
            }
        }
    }

    fn role(self) -> Role {
        if matches!(self, Kind::Server | Kind::ServerUnseen) { Role::Server } else { Role::Client }
    }

    fn endpoint(self) -> Endpoint {
        match self {
            Kind::Server | Kind::ServerUnseen => {
                let mut settings = Settings::new(Config::server());
                if matches!(self, Kind::ServerUnseen) {
                    settings.requests = RequestPolicy::AcceptUnseen;
                }
                Endpoint::server(&settings, Duration::ZERO).expect("a server's configuration")
            }
            _ => {
                let mut settings = Settings::new(config_of(Role::Client));
                settings.refusal_body = 30;
                let request = Request::new("ws://a/").expect("a URI");
                Endpoint::client(&settings, &request, *b"the sample nonce", Duration::ZERO)
                    .expect("a client's configuration")
            }
        }
    }
}

/// An endpoint, and what it has reported.
struct Watched {
    endpoint: Endpoint,
    log: Vec<String>,
}

impl Watched {
    fn new(kind: Kind) -> Self {
        Watched { endpoint: kind.endpoint(), log: Vec::new() }
    }

    /// Notes what was received, and answers a request. Returns `false` if more has to be read.
    fn push(log: &mut Vec<String>, received: Result<Option<Event<'_>>, Error>) -> Option<bool> {
        match received {
            Ok(None) => None,
            Ok(Some(event)) => {
                log.push(format!("{event:#?}"));
                Some(matches!(event, Event::Request))
            }
            Err(error) => {
                log.push(format!("{error:?}"));
                Some(false)
            }
        }
    }

    fn receive(&mut self, piece: &[u8]) {
        let mut bytes = piece.to_vec();
        let mut input = Input::new(&mut bytes);
        while let Some(is_request) = Watched::push(&mut self.log, self.endpoint.receive(&mut input))
        {
            if is_request {
                self.answer();
            }
        }
        assert!(input.is_empty());
    }

    fn receive_buffered(&mut self, input: &mut ReadBuffer) {
        while let Some(is_request) =
            Watched::push(&mut self.log, self.endpoint.receive_buffered(input))
        {
            if is_request {
                self.answer();
            }
        }
    }

    fn answer(&mut self) {
        self.log.push(format!("{:?}", self.endpoint.accept().is_ok()));
        assert!(self.endpoint.request().is_none());
    }

    /// Returns all that can be seen, at the end of the transport too.
    fn end(mut self) -> (Vec<String>, Vec<u8>) {
        self.log.push(format!("{:?}", self.endpoint.transport_action()));
        let received = self.endpoint.receive_eof();
        Watched::push(&mut self.log, received);
        let len = self.endpoint.output_len();
        let output = self.endpoint.output().copy_to_bytes(len).to_vec();
        self.log.push(format!("{:?}", self.endpoint.transport_action()));
        self.log.push(format!("{:?}", self.endpoint.close_status()));
        (self.log, output)
    }
}

/// Compares what is delivered after the opening handshake, and answered, with a naive reading. Returns
/// whether the handshake came to its end.
fn assert_delivers(kind: Kind, stream: &[u8]) -> bool {
    let (mut endpoint, mut bytes) = (kind.endpoint(), stream.to_vec());
    let (mut events, mut fault, mut is_open) = (Events::default(), None, false);
    let mut input = Input::new(&mut bytes);
    loop {
        match endpoint.receive(&mut input) {
            Ok(None) => break,
            Ok(Some(Event::Request)) => is_open = endpoint.accept().is_ok(),
            Ok(Some(Event::Opened(_))) => is_open = true,
            Ok(Some(Event::Connection(event))) => events.push(&event),
            Err(Error::Protocol(error)) => {
                fault = Some((error.close_code().as_u16(), error.offset()));
            }
            Ok(Some(_)) | Err(_) => return false,
        }
    }
    if !is_open {
        return false;
    }
    let (_, frames) = head::split(stream).expect("it was opened by a head");
    let role = kind.role();
    let expected = messages::read(frames, role, Limits::DEFAULT, None);
    assert_eq!((events.seen, fault), (expected.seen.clone(), expected.fault));

    let len = endpoint.output_len();
    let output = endpoint.output().copy_to_bytes(len);
    let (_, answer) = head::split(&output).expect("our head comes first");
    assert_answers(role, answer, &expected);
    true
}

pub fn run(case: Case<'_>) {
    let mut stream = case.kind.head().to_vec();
    let start = usize::from(case.place) % (stream.len() + 1);
    let end = stream.len().min(start + usize::from(case.replaced));
    stream.splice(start..end, case.inserted.iter().copied());
    stream.extend_from_slice(case.rest);
    let is_open = assert_delivers(case.kind, &stream);
    let is_plain = start == end && case.inserted.is_empty();
    let may_open = matches!(case.kind, Kind::Server | Kind::ServerUnseen | Kind::Client);
    assert!(is_open || !is_plain || !may_open, "a plain handshake fails");

    let in_pieces = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut watched = Watched::new(case.kind);
        pieces.for_each(|piece| watched.receive(piece));
        watched.end()
    };
    let expected = in_pieces(&mut std::iter::once(&stream[..]));
    assert_eq!(in_pieces(&mut stream.chunks(1)), expected);

    let pieces = pieces(&stream, &lens(case.cuts));
    assert_eq!(in_pieces(&mut pieces.iter().copied()), expected);

    let (mut watched, mut input) = (Watched::new(case.kind), ReadBuffer::with_capacity(64));
    for piece in pieces {
        input.extend_from_slice(piece);
        watched.receive_buffered(&mut input);
    }
    assert_eq!(watched.end(), expected);
}
