//! `yawc` with `simdutf8`, and with the validation that is off by default.
//!
//! It delivers masked frames from servers without unmasking them, and accepts control frames that
//! are too long.

use futures::{SinkExt, StreamExt};
use yawc::{Frame, Options, Role as Side, WebSocket};

use super::Peer;
use crate::rows::{Message, Role};
use crate::transport::{Transport, block_on};

pub struct Yawc(WebSocket<Transport>);

impl Peer for Yawc {
    const NAME: &'static str = "yawc";
    const STRUCT: usize = size_of::<WebSocket<Transport>>() - size_of::<Transport>();

    fn open(role: Role, transport: Transport) -> Self {
        let side = if role == Role::Server { Side::Server } else { Side::Client };
        let options =
            Options::default().without_compression().with_utf8().with_limits(16 << 20, 64 << 20);
        Yawc(WebSocket::from_stream(transport, side, options).expect("nothing negotiated"))
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        block_on(async {
            for _ in 0..count {
                visit(self.0.next().await.expect("a message").payload());
            }
        });
    }

    fn send(&mut self, message: &Message, count: usize) {
        block_on(async {
            for _ in 0..count {
                let bytes = message.bytes.clone();
                let frame = if message.is_text { Frame::text(bytes) } else { Frame::binary(bytes) };
                self.0.feed(frame).await.expect("a sink");
            }
            self.0.flush().await.expect("a sink");
        });
    }

    fn echo(&mut self, count: usize) {
        block_on(async {
            for _ in 0..count {
                let frame = self.0.next().await.expect("a message");
                self.0.feed(frame).await.expect("a sink");
            }
            self.0.flush().await.expect("a sink");
        });
    }
}
