//! A conversation as the peer sends it, to be interrupted at each of its bytes.

use sansock::Role;

use super::{Seen, close_body, frame_for, frames};

/// The nonce of RFC 6455 §1.3.
pub const NONCE: [u8; 16] = *b"the sample nonce";

/// The request of RFC 6455 §1.3, with what an endpoint needs of it.
pub const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The response to [`NONCE`].
pub const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The code and the reason of the peer's Close.
pub const CLOSE: (u16, &str) = (1001, "bye");

/// The payload of the peer's ping.
pub const PING: &[u8] = b"are you there?";

/// All that the peer sends from its first byte to its last.
pub struct Conversation {
    head: &'static str,
    frames: Vec<Part>,
}

/// A frame of the peer.
struct Part {
    bytes: Vec<u8>,
    /// What is delivered when the frame is whole.
    seen: Option<Seen>,
    /// Whether a message is unfinished after the frame.
    leaves_open: bool,
}

/// What was received last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Not all of the opening handshake.
    Opening,
    /// The end of the opening handshake, of a message, or of a control frame between messages.
    Between,
    /// A byte within a message or a frame, or the end of a fragment that is not the last.
    Within,
    /// The end of the Close.
    Closed,
}

/// A frame that was sent: its first byte and its payload.
pub type Sent = (u8, Vec<u8>);

impl Conversation {
    /// Returns what the peer of `role` sends: short messages, an empty one, a message in fragments
    /// that cut a code point, with a ping between them and an empty fragment, the shortest message
    /// with a length of 16 bits, a pong that nobody has asked for, and a Close.
    pub fn new(role: Role) -> Conversation {
        let (front, back) = "κόσμε".as_bytes().split_at(3);
        let long = [7; 126];
        let (code, reason) = CLOSE;
        let frame = |first, payload: &[u8], seen, leaves_open| Part {
            bytes: frame_for(role, first, payload),
            seen,
            leaves_open,
        };
        let frames = vec![
            frame(0x81, b"Hello", Some(Seen::Text("Hello".into())), false),
            frame(0x82, b"\0\xFF", Some(Seen::Binary(b"\0\xFF".into())), false),
            frame(0x81, b"", Some(Seen::Text(String::new())), false),
            frame(0x01, front, None, true),
            frame(0x89, PING, Some(Seen::Ping(PING.into())), true),
            frame(0x00, b"", None, true),
            frame(0x80, back, Some(Seen::Text("κόσμε".into())), false),
            frame(0x82, &long, Some(Seen::Binary(long.into())), false),
            frame(0x8A, b"", Some(Seen::Pong(Vec::new())), false),
            frame(
                0x88,
                &close_body(code, reason),
                Some(Seen::Close(Some(code), reason.into())),
                false,
            ),
        ];
        let head = if role == Role::Server { REQUEST } else { RESPONSE };
        Conversation { head, frames }
    }

    /// Returns all bytes of the peer.
    pub fn bytes(&self) -> Vec<u8> {
        let frames = self.frames.iter().flat_map(|frame| frame.bytes.clone());
        self.head.bytes().chain(frames).collect()
    }

    /// Returns the length of the opening handshake.
    pub fn head_len(&self) -> usize {
        self.head.len()
    }

    /// Returns the lengths after which the peer may send a Close: after the opening handshake, and
    /// after each frame but its own Close.
    pub fn boundaries(&self) -> Vec<usize> {
        let mut ends = vec![self.head.len()];
        ends.extend(self.ends().map(|(end, _)| end));
        ends.pop();
        ends
    }

    /// Returns where the first `len` bytes end.
    pub fn place(&self, len: usize) -> Place {
        if len < self.head.len() {
            return Place::Opening;
        }
        let (end, leaves_open) = self
            .ends()
            .take_while(|(end, _)| *end <= len)
            .last()
            .map_or((self.head.len(), false), |(end, frame)| (end, frame.leaves_open));
        match () {
            () if end == self.bytes().len() => Place::Closed,
            () if end < len || leaves_open => Place::Within,
            () => Place::Between,
        }
    }

    /// Returns what of the first `len` bytes is delivered after the opening handshake.
    pub fn seen(&self, len: usize) -> Vec<Seen> {
        let whole = self.ends().take_while(|(end, _)| *end <= len);
        whole.filter_map(|(_, frame)| frame.seen.clone()).collect()
    }

    /// Returns the automatic answers to the first `len` bytes.
    pub fn answers(&self, len: usize) -> Vec<Sent> {
        let seen = self.seen(len).into_iter();
        seen.filter_map(|seen| match seen {
            Seen::Ping(payload) => Some((0x8A, payload)),
            Seen::Close(code, reason) => Some((0x88, close_body(code.unwrap(), &reason))),
            _ => None,
        })
        .collect()
    }

    /// Returns each frame with the length at which it ends.
    fn ends(&self) -> impl Iterator<Item = (usize, &Part)> {
        let mut end = self.head.len();
        self.frames.iter().map(move |frame| {
            end += frame.bytes.len();
            (end, frame)
        })
    }
}

/// Parses all that `role` has sent, from the first byte of its head, by hand.
pub fn sent(role: Role, output: &[u8]) -> Vec<Sent> {
    let start = if role == Role::Server { "HTTP/1.1 101 " } else { "GET / HTTP/1.1\r\n" };
    assert!(output.starts_with(start.as_bytes()), "{}", output.escape_ascii());
    let head = output.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let frames = frames(&output[head..]);
    assert!(frames.iter().all(|frame| frame.key.is_some() == (role == Role::Client)));
    frames.into_iter().map(|frame| (frame.first, frame.payload)).collect()
}
