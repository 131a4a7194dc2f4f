//! What a connection delivers.

use crate::close::CloseCode;
use crate::message::{Payload, Received, Text};

/// What was received: a message, a chunk of a message, or a control frame.
///
/// Events borrow the input, not the connection. So you can send while you hold an event.
///
/// `{:?}` shows only the lengths of payloads, so that logs contain no user data. `{:#?}` shows the
/// payloads.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A text message.
    Text(Text<'a>),
    /// A binary message.
    Binary(Payload<'a>),
    /// The next chunk of a text message, with [`Delivery::Streaming`](super::Delivery::Streaming).
    ///
    /// A chunk is made of whole code points. A code point that is cut by the end of a read or of a
    /// frame is a separate chunk, which is owned. All other chunks are borrowed.
    TextChunk {
        /// The chunk. It may be empty only if it is the last one.
        text: Text<'a>,
        /// Whether the message ends with this chunk.
        last: bool,
    },
    /// The next chunk of a binary message, with
    /// [`Delivery::Streaming`](super::Delivery::Streaming).
    BinaryChunk {
        /// The chunk. It may be empty only if it is the last one.
        data: Payload<'a>,
        /// Whether the message ends with this chunk.
        last: bool,
    },
    /// A ping, RFC 6455 §5.5.2.
    ///
    /// It is answered automatically, unless the [`PingPolicy`](super::PingPolicy) says otherwise:
    /// its pong is queued, or will be queued when an earlier pong is written. In the latter case,
    /// the pong for a later ping may replace it. After our Close, pings are not answered.
    Ping(Payload<'a>),
    /// A pong, RFC 6455 §5.5.3. It may answer a ping of ours or none.
    Pong(Payload<'a>),
    /// The peer's Close, RFC 6455 §5.5.1. It is the last event.
    ///
    /// The Close that answers it is already in the output, unless our Close was sent before.
    Close {
        /// The code, if there is one.
        code: Option<CloseCode>,
        /// The reason, which may be empty.
        reason: Text<'a>,
    },
}

impl Event<'_> {
    /// Copies what is borrowed, and returns the same event without a borrow. Use it to keep an
    /// event after the input is reused.
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
