//! What a connection has to tell.

use crate::close::CloseCode;
use crate::message::{Payload, Received, Text};

/// What was received.
///
/// Events lend from the input, not from the connection: it may be written to while they are held.
///
/// `{:?}` shows the lengths of payloads, so that logs hold nobody's data, and `{:#?}` shows the payloads.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A text message.
    Text(Text<'a>),
    /// A binary message.
    Binary(Payload<'a>),
    /// The next piece of a text message, with [`Delivery::Streaming`](super::Delivery::Streaming):
    /// whole code points. One that was cut by the end of a read or of a frame is a chunk of its own,
    /// which is owned; all others are lent.
    TextChunk {
        /// The piece, which is empty only where it is the last.
        text: Text<'a>,
        /// Whether the message ends with it.
        last: bool,
    },
    /// The next piece of a binary message, with
    /// [`Delivery::Streaming`](super::Delivery::Streaming).
    BinaryChunk {
        /// The piece, which is empty only where it is the last.
        data: Payload<'a>,
        /// Whether the message ends with it.
        last: bool,
    },
    /// A ping, RFC 6455 §5.5.2. Unless the [`PingPolicy`](super::PingPolicy) says otherwise, it is
    /// answered already: its pong is in the output, or will be when an earlier one is written, or
    /// that of a later ping instead. After our Close there is none.
    Ping(Payload<'a>),
    /// A pong, RFC 6455 §5.5.3, asked for or not.
    Pong(Payload<'a>),
    /// The peer's Close, RFC 6455 §5.5.1. The one that answers it is in the output already, unless
    /// ours was sent before. No event follows.
    Close {
        /// The code, where there is one.
        code: Option<CloseCode>,
        /// The reason, which may be empty.
        reason: Text<'a>,
    },
}

impl Event<'_> {
    /// The same event without a borrow: what is lent is copied.
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Event::Text(text) => Event::Text(text.into_owned()),
            Event::Binary(data) => Event::Binary(data.into_owned()),
            Event::TextChunk { text, last } => Event::TextChunk { text: text.into_owned(), last },
            Event::BinaryChunk { data, last } => {
                Event::BinaryChunk { data: data.into_owned(), last }
            }
            Event::Ping(data) => Event::Ping(data.into_owned()),
            Event::Pong(data) => Event::Pong(data.into_owned()),
            Event::Close { code, reason } => Event::Close { code, reason: reason.into_owned() },
        }
    }
}

impl<'a> From<Received<'a>> for Event<'a> {
    #[inline]
    fn from(received: Received<'a>) -> Self {
        match received {
            Received::Text(text) => Event::Text(text),
            Received::Binary(data) => Event::Binary(data),
        }
    }
}
