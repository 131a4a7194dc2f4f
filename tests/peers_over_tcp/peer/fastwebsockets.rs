//! `fastwebsockets`, after a handshake by hand, because its own needs an HTTP library.

use ::fastwebsockets::{
    FragmentCollector, Frame, OpCode, Payload, Role as PeerRole, WebSocket, WebSocketError,
};
use sansock::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::connect::Stream;
use crate::endpoint::{self, AsyncEndpoint, AsyncPeer, BETWEEN, Data, Seen};
use crate::handshake;

pub(crate) struct Fastwebsockets {
    ws: FragmentCollector<Box<dyn Stream>>,
    frame_len: usize,
    /// Whether the Close frames were exchanged. The user then has to end the transport, by dropping
    /// it.
    is_over: bool,
}

impl AsyncPeer for Fastwebsockets {
    async fn open(mut stream: Box<dyn Stream>, role: Role, frame_len: usize) -> Fastwebsockets {
        let role = match role {
            Role::Client => {
                stream.write_all(REQUEST.as_bytes()).await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                assert!(head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT), "{head}");
                PeerRole::Client
            }
            Role::Server => {
                let accepted = handshake::accept(&mut stream, &[]).await.unwrap().unwrap();
                assert!(accepted.early.is_empty(), "a client waits for the answer");
                PeerRole::Server
            }
        };
        let ws = FragmentCollector::new(WebSocket::after_handshake(stream, role));
        Fastwebsockets { ws, frame_len, is_over: false }
    }
}

impl Fastwebsockets {
    async fn write(&mut self, is_last: bool, opcode: OpCode, payload: &[u8]) {
        let payload = Payload::Owned(payload.to_vec());
        self.ws.write_frame(Frame::new(is_last, opcode, None, payload)).await.unwrap();
    }
}

impl AsyncEndpoint for Fastwebsockets {
    async fn send(&mut self, message: &Data) -> usize {
        let mut pings = 0;
        for (is_first, is_last, payload) in endpoint::frames(message.bytes(), self.frame_len) {
            let opcode = match message {
                _ if !is_first => OpCode::Continuation,
                Data::Text(_) => OpCode::Text,
                Data::Binary(_) => OpCode::Binary,
            };
            self.write(is_last, opcode, payload).await;
            if is_first && !is_last {
                self.ping(BETWEEN).await;
                pings += 1;
            }
        }
        pings
    }

    async fn ping(&mut self, payload: &[u8]) {
        self.write(true, OpCode::Ping, payload).await;
    }

    async fn close(&mut self, code: u16, reason: &str) {
        self.ws.write_frame(Frame::close(code, reason.as_bytes())).await.unwrap();
    }

    async fn receive(&mut self) -> Seen {
        if self.is_over {
            return Seen::End(None);
        }
        let frame = match self.ws.read_frame().await {
            Ok(frame) => frame,
            Err(WebSocketError::ConnectionClosed) => return Seen::End(None),
            Err(error) => panic!("{error}"),
        };
        let payload = frame.payload.to_vec();
        match frame.opcode {
            OpCode::Text => Seen::Data(Data::Text(String::from_utf8(payload).unwrap())),
            OpCode::Binary => Seen::Data(Data::Binary(payload)),
            OpCode::Pong => Seen::Pong(payload),
            OpCode::Close => {
                self.is_over = true;
                Seen::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code)))
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The request of RFC 6455 §1.3.
const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
