//! What a connection sees in a stream, and answers.

use bytes::Buf;
use sansock::connection::{Delivery, State};
use sansock::{Config, Connection, Event, Input, Role};

use crate::stream::LIMITS;

/// What was seen, as text, and the output.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    seen: Vec<String>,
    pub answer: Vec<u8>,
    state: State,
}

/// A connection that receives a stream, with a log.
pub struct Watched {
    pub ws: Connection,
    pub log: Log,
}

impl Watched {
    pub fn new(role: Role, delivery: Delivery) -> Self {
        let mut config = match role {
            Role::Server => Config::server(),
            Role::Client => Config::client_with_mask_keys(|| [1, 2, 3, 4]),
        };
        config.limits = LIMITS;
        config.delivery = delivery;
        Watched { ws: Connection::new(config), log: Log::default() }
    }

    pub fn outcome(mut self) -> Outcome {
        let mut answer = Vec::new();
        let output = self.ws.output();
        while output.has_remaining() {
            let len = output.chunk().len();
            answer.extend_from_slice(output.chunk());
            output.advance(len);
        }
        Outcome { seen: self.log.seen, answer, state: self.ws.state() }
    }
}

/// What was seen. Chunks are joined, so that a message is the same in both delivery modes.
#[derive(Default)]
pub struct Log {
    seen: Vec<String>,
    chunks: Vec<u8>,
}

impl Log {
    /// Records what a receive method returned. Returns whether there may be more.
    pub fn push<E: ToString>(&mut self, received: Result<Option<Event<'_>>, E>) -> bool {
        match received {
            Ok(Some(event)) => self.push_event(&event),
            Ok(None) => return false,
            Err(error) => self.seen.push(error.to_string()),
        }
        true
    }

    fn push_event(&mut self, event: &Event<'_>) {
        let (is_text, piece, last) = match event {
            Event::TextChunk { text, last } => (true, text.as_bytes(), *last),
            Event::BinaryChunk { data, last } => (false, &**data, *last),
            other => return self.seen.push(describe(other)),
        };
        assert!(last || !piece.is_empty(), "an empty chunk that is not the last");
        self.chunks.extend_from_slice(piece);
        if last {
            let message = std::mem::take(&mut self.chunks);
            self.seen.push(if is_text {
                format!("text {}", String::from_utf8(message).expect("text"))
            } else {
                format!("binary {message:?}")
            });
        }
    }
}

/// Describes an event. Its `Debug` hides the content.
fn describe(event: &Event<'_>) -> String {
    match event {
        Event::Text(text) => format!("text {}", text.as_str()),
        Event::Binary(data) => format!("binary {:?}", &**data),
        Event::Ping(data) => format!("ping {:?}", &**data),
        Event::Pong(data) => format!("pong {:?}", &**data),
        Event::Close { code, reason } => format!("close {code:?} {}", reason.as_str()),
        other => format!("{other:?}"),
    }
}

/// Returns what a connection sees in `pieces`.
pub fn receive(role: Role, delivery: Delivery, pieces: &[&[u8]]) -> Outcome {
    let mut watched = Watched::new(role, delivery);
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece[..]);
        while watched.log.push(watched.ws.receive(&mut input)) {}
        assert!(input.is_empty());
    }
    watched.outcome()
}
