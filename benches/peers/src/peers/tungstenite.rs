//! `tungstenite`, with smaller buffers than its default, because it clears all free space in them
//! before each read.
//!
//! It accepts lengths in more bytes than they need. It checks reserved bits and the length of a
//! control frame only when it has the whole frame.

use tungstenite::protocol::{Role as Side, WebSocketConfig};
use tungstenite::{Message as Sent, Utf8Bytes, WebSocket};

use super::Peer;
use crate::rows::{Message, Role};
use crate::transport::Transport;

pub struct Tungstenite(WebSocket<Transport>);

/// The default is 128 KiB, which is slower in every row.
const BUFFER: usize = 8 << 10;

impl Peer for Tungstenite {
    const NAME: &'static str = "tungstenite";
    const STRUCT: usize = size_of::<WebSocket<Transport>>() - size_of::<Transport>();

    fn open(role: Role, transport: Transport) -> Self {
        let side = if role == Role::Server { Side::Server } else { Side::Client };
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
        Tungstenite(WebSocket::from_raw_socket(transport, side, Some(config)))
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        for _ in 0..count {
            match self.0.read().expect("a message") {
                Sent::Text(text) => visit(text.as_bytes()),
                Sent::Binary(data) => visit(&data),
                _ => panic!("a message of data"),
            }
        }
    }

    fn send(&mut self, message: &Message, count: usize) {
        let sent = if message.is_text {
            // SAFETY: these are the bytes of the message's `String`.
            Sent::Text(unsafe { Utf8Bytes::from_bytes_unchecked(message.bytes.clone()) })
        } else {
            Sent::Binary(message.bytes.clone())
        };
        for _ in 0..count {
            self.0.write(sent.clone()).expect("there is room");
        }
        self.0.flush().expect("a sink");
    }

    fn echo(&mut self, count: usize) {
        for _ in 0..count {
            let message = self.0.read().expect("a message");
            self.0.write(message).expect("there is room");
        }
        self.0.flush().expect("a sink");
    }
}
