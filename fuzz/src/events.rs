//! Events as they are compared.

use sansock::Event;

use crate::naive::messages::Seen;

/// The events of a connection. Chunks are joined, so that a message is the same in both delivery modes.
#[derive(Debug, Default)]
pub struct Events {
    pub seen: Vec<Seen>,
    /// The chunks of a message whose last one has not come.
    pub chunks: Vec<u8>,
}

impl Events {
    pub fn push(&mut self, event: &Event<'_>) {
        let seen = match event {
            Event::Text(text) => Seen::Text(text.as_str().into()),
            Event::Binary(data) => Seen::Binary(data.to_vec()),
            Event::TextChunk { text, last } => {
                let message = self.push_chunk(text.as_bytes(), *last);
                let text = |message| String::from_utf8(message).expect("chunks are text");
                return self.seen.extend(message.map(|message| Seen::Text(text(message))));
            }
            Event::BinaryChunk { data, last } => {
                let message = self.push_chunk(data, *last);
                return self.seen.extend(message.map(Seen::Binary));
            }
            Event::Ping(data) => Seen::Ping(data.to_vec()),
            Event::Pong(data) => Seen::Pong(data.to_vec()),
            Event::Close { code, reason } => {
                Seen::Close(code.map(|code| code.as_u16()), reason.as_str().into())
            }
            other => panic!("{other:?}"),
        };
        self.seen.push(seen);
    }

    /// Returns the message if this is its last chunk.
    fn push_chunk(&mut self, chunk: &[u8], last: bool) -> Option<Vec<u8>> {
        assert!(last || !chunk.is_empty(), "an empty chunk that is not the last");
        self.chunks.extend_from_slice(chunk);
        last.then(|| std::mem::take(&mut self.chunks))
    }
}
