//! `websocket-sans-io`, which has frames and no messages, with the least code around it that makes
//! messages. A payload that is whole in the input is borrowed, any other is copied, and text is
//! validated with `simdutf8`.
//!
//! Neither the crate nor this code checks flags, opcodes, masks or limits, and pings are not
//! answered.

use websocket_sans_io::{
    FrameInfo, Opcode, WebsocketFrameDecoder, WebsocketFrameEncoder, WebsocketFrameEvent,
};

use super::{Peer, read_buffer};
use crate::rows::{Message, Role};
use crate::transport::{Sink, Transport};

pub struct SansIo {
    receiver: Receiver,
    sender: Sender,
}

struct Receiver {
    transport: Transport,
    buffer: Box<[u8]>,
    decoder: WebsocketFrameDecoder,
    /// The pieces of a message that was not in one piece.
    message: Vec<u8>,
}

struct Sender {
    role: Role,
    encoder: WebsocketFrameEncoder,
    output: Vec<u8>,
}

const CORK: usize = 64 << 10;

impl Peer for SansIo {
    const NAME: &'static str = "websocket-sans-io";
    const STRUCT: usize = size_of::<WebsocketFrameDecoder>()
        + size_of::<WebsocketFrameEncoder>()
        + 2 * size_of::<Vec<u8>>();
    const SHARES_BUFFER: bool = true;

    fn open(role: Role, transport: Transport) -> Self {
        let receiver = Receiver {
            transport,
            buffer: read_buffer(),
            decoder: WebsocketFrameDecoder::new(),
            message: Vec::new(),
        };
        let encoder = WebsocketFrameEncoder::new();
        SansIo { receiver, sender: Sender { role, encoder, output: Vec::new() } }
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        self.receiver.run(count, |_, payload| visit(payload));
    }

    fn send(&mut self, message: &Message, count: usize) {
        let opcode = if message.is_text { Opcode::Text } else { Opcode::Binary };
        for _ in 0..count {
            self.sender.send(opcode, &message.bytes);
        }
        self.sender.flush();
    }

    fn echo(&mut self, count: usize) {
        let sender = &mut self.sender;
        self.receiver.run(count, |opcode, payload| sender.send(opcode, payload));
        sender.flush();
    }

    fn rest(&mut self) {
        self.sender.output = Vec::new();
    }
}

impl Receiver {
    fn run(&mut self, count: usize, mut visit: impl FnMut(Opcode, &[u8])) {
        let mut left = count;
        while left > 0 {
            let len = self.transport.receive(&mut self.buffer);
            left -= self.decode(len, &mut visit);
        }
    }

    /// Decodes a read. Returns how many messages have ended in it.
    fn decode(&mut self, len: usize, visit: &mut impl FnMut(Opcode, &[u8])) -> usize {
        let (mut at, mut borrowed, mut ended) = (0, 0..0, 0);
        loop {
            let Ok(result) = self.decoder.add_data(&mut self.buffer[at..len]);
            let start = at;
            at += result.consumed_bytes;
            match result.event {
                Some(WebsocketFrameEvent::PayloadChunk { .. }) => {
                    self.message.extend_from_slice(&self.buffer[borrowed]);
                    borrowed = start..at;
                }
                Some(WebsocketFrameEvent::End { frame_info, original_opcode })
                    if frame_info.fin =>
                {
                    let payload = if self.message.is_empty() {
                        &self.buffer[borrowed]
                    } else {
                        self.message.extend_from_slice(&self.buffer[borrowed]);
                        &self.message[..]
                    };
                    if original_opcode == Opcode::Text {
                        simdutf8::basic::from_utf8(payload).expect("text");
                    }
                    visit(original_opcode, payload);
                    self.message.clear();
                    borrowed = 0..0;
                    ended += 1;
                }
                Some(_) => {}
                None if result.consumed_bytes == 0 => break,
                None => {}
            }
        }
        self.message.extend_from_slice(&self.buffer[borrowed]);
        ended
    }
}

impl Sender {
    fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        let header = self.encoder.start_frame(&FrameInfo {
            opcode,
            payload_length: payload.len() as u64,
            mask: (self.role == Role::Client).then(|| fastrand::u32(..).to_ne_bytes()),
            fin: true,
            reserved: 0,
        });
        self.output.extend_from_slice(&header);
        let start = self.output.len();
        self.output.extend_from_slice(payload);
        self.encoder.transform_frame_payload(&mut self.output[start..]);
        if self.output.len() >= CORK {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.output.is_empty() {
            Sink.send(&self.output);
            self.output.clear();
        }
    }
}
