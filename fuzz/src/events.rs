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
                return self.push_piece(true, text.as_bytes(), *last);
            }
            Event::BinaryChunk { data, last } => return self.push_piece(false, data, *last),
            Event::Ping(data) => Seen::Ping(data.to_vec()),
            Event::Pong(data) => Seen::Pong(data.to_vec()),
            Event::Close { code, reason } => {
                Seen::Close(code.map(|code| code.as_u16()), reason.as_str().into())
            }
            other => panic!("{other:?}"),
        };
        self.seen.push(seen);
    }

    pub fn push_piece(&mut self, is_text: bool, piece: &[u8], last: bool) {
        assert!(last || !piece.is_empty(), "an empty chunk that is not the last");
        self.chunks.extend_from_slice(piece);
        if last {
            let message = std::mem::take(&mut self.chunks);
            self.seen.push(match is_text {
                true => Seen::Text(String::from_utf8(message).expect("chunks are text")),
                false => Seen::Binary(message),
            });
        }
    }
}
