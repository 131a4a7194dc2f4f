//! `tokio-websockets`.

use ::tokio_websockets::{
    ClientBuilder, CloseCode, Config, Message, ServerBuilder, WebSocketStream,
};
use futures_util::{SinkExt, StreamExt};
use sansock::Role;

use crate::connect::Stream;
use crate::endpoint::{AsyncEndpoint, AsyncPeer, Data, Seen};

pub(crate) struct TokioWebsockets {
    ws: WebSocketStream<Box<dyn Stream>>,
}

impl AsyncPeer for TokioWebsockets {
    async fn open(stream: Box<dyn Stream>, role: Role, frame_len: usize) -> TokioWebsockets {
        let config = Config::default().frame_size(frame_len);
        let (ws, _) = match role {
            Role::Client => {
                let client = ClientBuilder::new().uri("ws://localhost/").unwrap();
                let (ws, _) = client.config(config).connect_on(stream).await.unwrap();
                (ws, ())
            }
            Role::Server => {
                let server = ServerBuilder::new().config(config);
                let (_, ws) = server.accept(stream).await.unwrap();
                (ws, ())
            }
        };
        TokioWebsockets { ws }
    }
}

impl AsyncEndpoint for TokioWebsockets {
    /// It fragments messages itself, and cannot send anything between the frames.
    async fn send(&mut self, message: &Data) -> usize {
        let message = match message {
            Data::Text(text) => Message::text(text.clone()),
            Data::Binary(data) => Message::binary(data.clone()),
        };
        self.ws.send(message).await.unwrap();
        0
    }

    async fn ping(&mut self, payload: &[u8]) {
        self.ws.send(Message::ping(payload.to_vec())).await.unwrap();
    }

    async fn close(&mut self, code: u16, reason: &str) {
        let code = CloseCode::try_from(code).unwrap();
        self.ws.send(Message::close(Some(code), reason)).await.unwrap();
    }

    async fn receive(&mut self) -> Seen {
        loop {
            let Some(message) = self.ws.next().await else { return Seen::End(None) };
            let message = message.unwrap();
            let bytes = message.as_payload().to_vec();
            if message.is_ping() {
                continue;
            }
            return if message.is_text() {
                Seen::Data(Data::Text(String::from_utf8(bytes).unwrap()))
            } else if message.is_binary() {
                Seen::Data(Data::Binary(bytes))
            } else if message.is_pong() {
                Seen::Pong(bytes)
            } else {
                Seen::Close(message.as_close().map(|(code, _)| code.into()))
            };
        }
    }
}
