//! Frames on bare metal: no std, no allocator, and no system calls except `write` and `exit`.
//!
//! A library that calls itself `no_std` may still need an allocator when it is linked. This program
//! has none, so it links and runs only if `frame` and the layers below it need none. `.ci/no-std`
//! builds and runs it.

#![no_std]
#![no_main]

mod system;

use core::ffi::c_int;
use core::fmt::Write;

use sansock::frame::{Decoder, Encoder, Header, MessageDecoder, MessagePart, Part, Relay};
use sansock::{CloseCode, Input, Limits, Opcode, ProtocolError, Role};

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    decodes_in_place();
    refuses_what_is_not_masked();
    encodes_in_place();
    echoes_messages();
    let sizes = [
        ("Decoder", size_of::<Decoder>()),
        ("Encoder", size_of::<Encoder>()),
        ("MessageDecoder", size_of::<MessageDecoder>()),
        ("Relay", size_of::<Relay>()),
    ];
    for (name, size) in sizes {
        assert!(writeln!(system::Out, "{name} {size} bytes").is_ok());
    }
    0
}

/// A masked "Hello", RFC 6455 §5.7.
const HELLO: [u8; 11] = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const MASK_KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const HEADER_LEN: usize = 6;

/// Decodes the frame, cut at every place, and checks its header and text.
fn decodes_in_place() {
    for cut in 0..=HELLO.len() {
        let mut bytes = HELLO;
        let mut text = Collected { bytes: [0; 5], len: 0, ended: false };
        let mut decoder = Decoder::new(Role::Server);
        let (front, back) = bytes.split_at_mut(cut);
        for input in [front, back] {
            assert!(text.decode(&mut decoder, input).is_ok());
        }
        assert!(text.ended && text.bytes == *b"Hello");
    }
}

fn refuses_what_is_not_masked() {
    let mut bytes = *b"\x81\x05Hello";
    let mut text = Collected { bytes: [0; 5], len: 0, ended: false };
    let error = text.decode(&mut Decoder::new(Role::Server), &mut bytes).unwrap_err();
    assert!(error.close_code() == CloseCode::PROTOCOL_ERROR);
    assert!(text.len == 0);
}

fn encodes_in_place() {
    let mut payload = *b"Hello";
    let mut encoder = Encoder::new(Role::Client);
    let header = encoder.header(Header::single(Opcode::Text, 5, Some(MASK_KEY))).unwrap();
    encoder.payload(&mut payload).unwrap();
    assert!(*header == HELLO[..HEADER_LEN] && payload == HELLO[HEADER_LEN..]);
}

/// A device that is a client. A server sends a text in two frames, with a ping between them.
fn echoes_messages() {
    let mut stream = *b"\x01\x02He\x89\x01?\x80\x03llo\x88\x02\x03\xe8";
    let mut device = Device::new();
    // As the network delivers it.
    for read in stream.chunks_mut(3) {
        assert!(device.receive(read).is_ok());
    }
    let (pong, rest) = device.sent().split_at(7);
    let (text, close) = rest.split_at(HELLO.len());
    assert!(*pong == [0x8A, 0x81, 0x37, 0xfa, 0x21, 0x3d, b'?' ^ 0x37]);
    assert!(*text == HELLO);
    assert!(*close == [0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x03 ^ 0x37, 0xe8 ^ 0xfa]);
}

/// It echoes texts of at most 32 bytes. `sent` stands for the network.
struct Device {
    decoder: MessageDecoder,
    encoder: Encoder,
    text: [u8; 32],
    len: usize,
    sent: [u8; 64],
    sent_len: usize,
}

impl Device {
    fn new() -> Self {
        // Longer texts are refused at their header.
        let limits = Limits::DEFAULT.with_message(32);
        Device {
            decoder: MessageDecoder::new(Role::Client).with_limits(limits),
            encoder: Encoder::new(Role::Client),
            text: [0; 32],
            len: 0,
            sent: [0; 64],
            sent_len: 0,
        }
    }

    fn receive(&mut self, read: &mut [u8]) -> Result<(), ProtocolError> {
        let mut input = Input::new(read);
        while let Some(part) = self.decoder.decode(&mut input)? {
            if let MessagePart::Text { bytes, last } = part {
                self.text[self.len..][..bytes.len()].copy_from_slice(bytes);
                self.len += bytes.len();
                if last && !self.decoder.is_closed() {
                    self.echo();
                }
            }
            // A real device has a new key from a strong source of entropy for each frame.
            if let Some(frame) = self.decoder.answer(|| MASK_KEY) {
                self.send(&frame);
            }
        }
        Ok(())
    }

    fn echo(&mut self) {
        let len = core::mem::take(&mut self.len);
        let mut text = self.text;
        let header = Header::single(Opcode::Text, len as u64, Some(MASK_KEY));
        let header = self.encoder.header(header).unwrap();
        self.encoder.payload(&mut text[..len]).unwrap();
        self.send(&header);
        self.send(&text[..len]);
    }

    fn send(&mut self, bytes: &[u8]) {
        self.sent[self.sent_len..][..bytes.len()].copy_from_slice(bytes);
        self.sent_len += bytes.len();
    }

    fn sent(&self) -> &[u8] {
        &self.sent[..self.sent_len]
    }
}

struct Collected {
    bytes: [u8; 5],
    len: usize,
    ended: bool,
}

impl Collected {
    fn decode(&mut self, decoder: &mut Decoder, input: &mut [u8]) -> Result<(), ProtocolError> {
        let mut input = Input::new(input);
        while let Some(part) = decoder.decode(&mut input)? {
            match part {
                Part::Header(header) => {
                    assert!(header.fin && header.opcode == Opcode::Text && header.payload_len == 5);
                }
                Part::Payload { bytes, last } => {
                    self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
                    self.len += bytes.len();
                    self.ended = last;
                }
            }
        }
        Ok(())
    }
}
