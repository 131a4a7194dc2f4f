//! Frames on bare metal: no std, no allocator, and no system calls except `write` and `exit`.
//!
//! A library that calls itself `no_std` may still need an allocator when it is linked. This program
//! has none, so it links and runs only if `frame` and the layers below it need none. `.ci/no-std`
//! builds and runs it.

#![no_std]
#![no_main]

use core::ffi::{c_int, c_void};
use core::panic::PanicInfo;

use sansock::frame::{Decoder, Encoder, Header, Part};
use sansock::{CloseCode, Input, Opcode, ProtocolError, Role};

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    decodes_in_place();
    refuses_what_is_not_masked();
    encodes_in_place();
    say(b"sansock runs on bare metal\n");
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

// The substitute for an operating system.

#[link(name = "c")]
unsafe extern "C" {
    fn write(fd: c_int, bytes: *const c_void, len: usize) -> isize;
    fn _exit(status: c_int) -> !;
}

fn say(line: &[u8]) {
    // SAFETY: `line` is valid for reads of `line.len()` bytes, and `write` keeps no pointer.
    let written = unsafe { write(1, line.as_ptr().cast(), line.len()) };
    assert!(usize::try_from(written) == Ok(line.len()));
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: `_exit` takes any status and does not return.
    unsafe { _exit(101) }
}

/// A symbol that the shipped `core` needs, because it can unwind. With `panic = "abort"` it is
/// never called.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
