//! `wtx`, which delivers messages borrowed from its own buffer, with its fastest generator. It writes
//! each frame alone. A client's payload is masked in place: because a message must stay unchanged,
//! it is copied first.
//!
//! It limits frames but not messages, and accepts fragmented text that ends within a character.

use std::io::IoSlice;

use wtx::collection::Vector;
use wtx::rng::{Xorshift64, simple_seed};
use wtx::stream::{StreamReader, StreamWriter};
use wtx::web_socket::{Frame, OpCode, WebSocketBuffer, WebSocketOwned, WebSocketPayloadOrigin};

use super::Peer;
use crate::rows::{Message, Role};
use crate::transport::{Sink, Transport, block_on};

/// The role is a part of the type.
pub enum Wtx {
    Server(End<false>),
    Client(End<true>),
}

pub struct End<const IS_CLIENT: bool> {
    ws: WebSocketOwned<(), Xorshift64, Transport, IS_CLIENT>,
    /// Fragments are reassembled here.
    buffer: Vector<u8>,
    /// The message as it is sent.
    copy: Vec<u8>,
}

impl Peer for Wtx {
    const NAME: &'static str = "wtx";
    const STRUCT: usize = size_of::<WebSocketOwned<(), Xorshift64, Transport, false>>()
        + size_of::<Vector<u8>>()
        - size_of::<Transport>();

    fn open(role: Role, transport: Transport) -> Self {
        match role {
            Role::Server => Wtx::Server(End::open(transport)),
            Role::Client => Wtx::Client(End::open(transport)),
        }
    }

    fn receive(&mut self, count: usize, visit: impl FnMut(&[u8])) {
        match self {
            Wtx::Server(end) => end.receive(count, visit),
            Wtx::Client(end) => end.receive(count, visit),
        }
    }

    fn send(&mut self, message: &Message, count: usize) {
        match self {
            Wtx::Server(end) => end.send(message, count),
            Wtx::Client(end) => end.send(message, count),
        }
    }

    fn echo(&mut self, count: usize) {
        match self {
            Wtx::Server(end) => end.echo(count),
            Wtx::Client(end) => end.echo(count),
        }
    }
}

impl<const IS_CLIENT: bool> End<IS_CLIENT> {
    fn open(transport: Transport) -> Self {
        let generator = Xorshift64::from(simple_seed());
        let ws = WebSocketOwned::new((), false, generator, transport, WebSocketBuffer::new());
        End { ws, buffer: Vector::new(), copy: Vec::new() }
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        block_on(async {
            for _ in 0..count {
                let origin = WebSocketPayloadOrigin::Adaptive;
                let frame = self.ws.read_frame(&mut self.buffer, origin).await.expect("a message");
                visit(frame.payload());
            }
        });
    }

    fn send(&mut self, message: &Message, count: usize) {
        let opcode = if message.is_text { OpCode::Text } else { OpCode::Binary };
        block_on(async {
            for _ in 0..count {
                // A server does not change the bytes, but its API asks for mutable ones too.
                if IS_CLIENT || self.copy.is_empty() {
                    self.copy.clear();
                    self.copy.extend_from_slice(&message.bytes);
                }
                let mut frame = Frame::new_fin(opcode, self.copy.as_mut_slice());
                self.ws.write_frame(&mut frame).await.expect("a sink");
            }
        });
    }

    fn echo(&mut self, count: usize) {
        block_on(async {
            let (mut common, mut reader, mut writer) = self.ws.split_mut();
            for _ in 0..count {
                let origin = WebSocketPayloadOrigin::Adaptive;
                let mut frame = reader
                    .read_frame(&mut self.buffer, &mut common, origin)
                    .await
                    .expect("a message");
                let mut answer = Frame::new_fin(frame.op_code(), &mut **frame.payload_mut());
                writer.write_frame(&mut common, &mut answer).await.expect("a sink");
            }
        });
    }
}

impl StreamReader for Transport {
    #[inline]
    async fn read(&mut self, bytes: &mut [u8]) -> wtx::Result<usize> {
        Ok(self.receive(bytes))
    }
}

impl StreamWriter for Transport {
    #[inline]
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        Sink.send(bytes);
        Ok(())
    }

    #[inline]
    async fn write_all_vectored(&mut self, bytes: &[&[u8]]) -> wtx::Result<()> {
        let mut slices = [IoSlice::new(&[]); 8];
        for (slice, bytes) in slices.iter_mut().zip(bytes) {
            *slice = IoSlice::new(bytes);
        }
        Sink.send_vectored(&slices[..bytes.len()]);
        Ok(())
    }
}
