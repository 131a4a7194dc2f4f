//! `tokio-websockets`, fed without flushing, with keys from `fastrand`.
//!
//! It accepts a text that ends within a character, if an empty fragment ends it.

use futures::{SinkExt, StreamExt};
use tokio_websockets::{
    ClientBuilder, Config, Limits, Message as Sent, ServerBuilder, WebSocketStream,
};

use super::Peer;
use crate::rows::{Message, Role};
use crate::transport::{Transport, block_on};

pub struct TokioWebSockets(WebSocketStream<Transport>);

impl Peer for TokioWebSockets {
    const NAME: &'static str = "tokio-websockets";
    const STRUCT: usize = size_of::<WebSocketStream<Transport>>() - size_of::<Transport>();

    fn open(role: Role, transport: Transport) -> Self {
        // By default, messages are cut into frames of 4 MiB, more than any row has.
        let config = Config::default();
        let limits = Limits::default();
        TokioWebSockets(match role {
            Role::Server => ServerBuilder::new().config(config).limits(limits).serve(transport),
            Role::Client => ClientBuilder::new().config(config).limits(limits).take_over(transport),
        })
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        block_on(async {
            for _ in 0..count {
                let message = self.0.next().await.expect("a message").expect("no error");
                visit(message.as_payload());
            }
        });
    }

    fn send(&mut self, message: &Message, count: usize) {
        block_on(async {
            let bytes = message.bytes.clone();
            let sent = if message.is_text { Sent::text(bytes) } else { Sent::binary(bytes) };
            for _ in 0..count {
                self.0.feed(sent.clone()).await.expect("a sink");
            }
            self.0.flush().await.expect("a sink");
        });
    }

    fn echo(&mut self, count: usize) {
        block_on(async {
            for _ in 0..count {
                let message = self.0.next().await.expect("a message").expect("no error");
                self.0.feed(message).await.expect("a sink");
            }
            self.0.flush().await.expect("a sink");
        });
    }
}
