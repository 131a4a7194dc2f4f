//! `fastwebsockets` with its `FragmentCollector`. It writes each frame alone.
//!
//! It accepts unmasked frames from clients, and delivers masked frames from servers without
//! unmasking them. It limits frames but not messages, and lets a message begin within another.

use fastwebsockets::{FragmentCollector, Frame, Payload, Role as Side, WebSocket};

use super::Peer;
use crate::rows::{Message, Role};
use crate::transport::{Transport, block_on};

pub struct FastWebSockets {
    ws: FragmentCollector<Transport>,
    is_client: bool,
    /// The copy that a client masks.
    copy: Vec<u8>,
}

impl Peer for FastWebSockets {
    const NAME: &'static str = "fastwebsockets";
    const STRUCT: usize = size_of::<FragmentCollector<Transport>>() - size_of::<Transport>();

    fn open(role: Role, transport: Transport) -> Self {
        let side = if role == Role::Server { Side::Server } else { Side::Client };
        let ws = FragmentCollector::new(WebSocket::after_handshake(transport, side));
        FastWebSockets { ws, is_client: role == Role::Client, copy: Vec::new() }
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        block_on(async {
            for _ in 0..count {
                visit(&self.ws.read_frame().await.expect("a message").payload);
            }
        });
    }

    fn send(&mut self, message: &Message, count: usize) {
        block_on(async {
            for _ in 0..count {
                let payload = if self.is_client {
                    // Masked in place. A `Borrowed` payload would be copied with an allocation.
                    self.copy.clear();
                    self.copy.extend_from_slice(&message.bytes);
                    Payload::BorrowedMut(&mut self.copy)
                } else {
                    Payload::Borrowed(&message.bytes)
                };
                let frame =
                    if message.is_text { Frame::text(payload) } else { Frame::binary(payload) };
                self.ws.write_frame(frame).await.expect("a sink");
            }
        });
    }

    fn echo(&mut self, count: usize) {
        block_on(async {
            for _ in 0..count {
                let frame = self.ws.read_frame().await.expect("a message");
                self.ws.write_frame(frame).await.expect("a sink");
            }
        });
    }
}
