//! From reads to messages.
//!
//! Here a read costs only its copy. Therefore no more is read at once than stays in the nearest
//! cache: up to the end of a frame and the header after it, or a window of many small frames.

use super::vectors::{self, Vector};
use crate::rows::Role;
use crate::transport::Transport;

pub(super) struct Reader {
    transport: Transport,
    is_masked: bool,
    input: Box<[u8]>,
    /// The offset of the first cache line in the input: `line < LINE`
    line: usize,
    /// The bytes that were read and not consumed: `start <= end <= ROOM`
    start: usize,
    end: usize,
    /// The payload of a message that is not in the input in one piece.
    message: Vec<u8>,
    /// The opcode of the message that is in fragments, or longer than the input, and whether it has
    /// a byte that is not ASCII.
    opcode: u8,
    has_high_bit: bool,
    /// Whether the last frame was read directly to its final place, as the next may be.
    was_long: bool,
    /// The length of the last header. The next is likely to have it too: `header <= MAX_HEADER`
    header: usize,
}

/// A receiver of messages.
pub(super) trait Receiver {
    /// Returns where to store the unmasked payload: `len` bytes that may be written. `None` leaves
    /// it where it is.
    fn place(&mut self, opcode: u8, len: usize) -> Option<*mut u8>;
    /// Takes a payload. If there was a `place`, the payload is at the last one.
    fn take<V: Vector>(&mut self, opcode: u8, payload: &[u8], is_placed: bool);
}

/// The header of a frame. If fewer than `size` bytes of it have arrived, the rest is garbage.
struct Header {
    first: u8,
    key: u32,
    size: usize,
    payload: u64,
}

/// The least to read at once if more than one frame may follow.
const WINDOW: usize = 16 << 10;
/// Longer fragments are not worth a copy.
const SHORT: usize = 1 << 10;
/// Longer payloads are read directly to their final place.
const MAX_IN_INPUT: usize = 24 << 10;
const LINE: usize = 64;
/// A frame that waits for its end, and a window.
const ROOM: usize = 2 * LINE + MAX_HEADER + MAX_IN_INPUT + MAX_HEADER + WINDOW;
const MAX_HEADER: usize = 14;
/// Bytes of a long payload that are unmasked at once, while they are in the cache.
const BLOCK: usize = 16 << 10;
const FIN: u8 = 0x80;
const OPCODE: u8 = 0x0F;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;

impl Reader {
    pub(super) fn new(role: Role, transport: Transport) -> Self {
        // Headers are loaded without a check of how many bytes there are.
        let input: Box<[u8]> = vec![0; ROOM + MAX_HEADER].into();
        Reader {
            transport,
            is_masked: role == Role::Server,
            line: input.as_ptr().align_offset(LINE),
            input,
            start: 0,
            end: 0,
            message: Vec::new(),
            opcode: 0,
            has_high_bit: false,
            was_long: false,
            header: 0,
        }
    }

    /// Passes `count` messages to `receiver`.
    ///
    /// # Safety
    ///
    /// The processor must support `V`.
    #[inline(always)]
    pub(super) unsafe fn receive<V: Vector>(&mut self, count: usize, receiver: &mut impl Receiver) {
        // SAFETY: as the caller promises.
        unsafe {
            if self.is_masked {
                self.receive_from::<V, true>(count, receiver);
            } else {
                self.receive_from::<V, false>(count, receiver);
            }
        }
    }

    #[inline(always)]
    unsafe fn receive_from<V: Vector, const MASKED: bool>(
        &mut self,
        count: usize,
        receiver: &mut impl Receiver,
    ) {
        let mut left = count;
        while left > 0 {
            let unread = self.end - self.start;
            // SAFETY: `start <= ROOM`, after which there is room for a header.
            let header = unsafe { Header::load::<MASKED>(self.input.as_ptr().add(self.start)) };
            // If the header is cut, this is longer than `unread` too, whatever its garbage is.
            let frame = (header.size as u64).saturating_add(header.payload);
            if frame <= unread as u64 {
                let payload = self.start + header.size;
                self.start += frame as usize;
                self.was_long = false;
                self.header = header.size;
                // SAFETY: the frame is in the input.
                unsafe {
                    if header.is_whole() {
                        self.pass_on::<V, MASKED>(payload, &header, receiver);
                        left -= 1;
                        continue;
                    }
                    self.append::<V, MASKED>(payload, &header);
                }
            } else if unread < header.size {
                self.read_to(header.size);
                continue;
            } else if header.payload <= header.most_in_input() {
                self.read_to(frame as usize);
                continue;
            } else {
                // SAFETY: as the caller promises.
                unsafe { self.read_long::<V, MASKED>(&header) };
            }
            if header.first & FIN != 0 {
                if self.opcode == TEXT && self.has_high_bit {
                    validate(&self.message);
                }
                receiver.take::<V>(self.opcode, &self.message, false);
                self.message.clear();
                left -= 1;
            }
        }
    }

    /// Reads until `needed` bytes are there, and a header after them if there is one.
    ///
    /// Bytes that move to the front move to where their payload is likely to begin a cache line.
    /// That makes all further steps faster.
    #[inline(never)]
    fn read_to(&mut self, needed: usize) {
        let unread = self.end - self.start;
        let window = if self.was_long { SHORT } else { WINDOW };
        if self.start + needed.max(window) + MAX_HEADER > ROOM || unread <= MAX_HEADER {
            let front = self.line + LINE - self.header;
            self.input.copy_within(self.start..self.end, front);
            (self.start, self.end) = (front, front + unread);
        }
        let (least, most) = (self.start + needed, self.start + needed.max(window) + MAX_HEADER);
        while self.end < least {
            self.end += self.transport.receive(&mut self.input[self.end..most]);
        }
    }

    /// Passes on a message that is in the input.
    ///
    /// # Safety
    ///
    /// Its payload must begin at `payload` and be in the input, and the processor must support `V`.
    #[inline(always)]
    unsafe fn pass_on<V: Vector, const MASKED: bool>(
        &mut self,
        payload: usize,
        header: &Header,
        receiver: &mut impl Receiver,
    ) {
        let (opcode, len) = (header.first & OPCODE, header.payload as usize);
        let place = receiver.place(opcode, len);
        // SAFETY: as the caller and the receiver promise.
        unsafe {
            let from = self.input.as_mut_ptr().add(payload);
            let to = place.unwrap_or(from);
            let has_high_bit = if !MASKED && place.is_none() {
                opcode == TEXT && vectors::has_high_bit::<V>(from, len)
            } else if opcode == TEXT {
                vectors::mask::<V, true>(from, to, len, header.key)
            } else {
                vectors::mask::<V, false>(from, to, len, header.key);
                false
            };
            let payload = std::slice::from_raw_parts(to, len);
            if has_high_bit {
                validate(payload);
            }
            receiver.take::<V>(opcode, payload, place.is_some());
        }
    }

    /// Appends a fragment to the message.
    ///
    /// # Safety
    ///
    /// The same as for [`pass_on`](Self::pass_on).
    #[inline(always)]
    unsafe fn append<V: Vector, const MASKED: bool>(&mut self, payload: usize, header: &Header) {
        self.begin(header);
        let (len, filled) = (header.payload as usize, self.message.len());
        self.message.reserve(len);
        // SAFETY: the payload is in the input, and the message has room for it.
        unsafe {
            let from = self.input.as_ptr().add(payload);
            let to = self.message.as_mut_ptr().add(filled);
            self.has_high_bit |= vectors::mask::<V, true>(from, to, len, header.key);
            self.message.set_len(filled + len);
        }
    }

    /// Reads the rest of a frame directly to the end of the message.
    ///
    /// # Safety
    ///
    /// The processor must support `V`.
    #[inline(always)]
    unsafe fn read_long<V: Vector, const MASKED: bool>(&mut self, header: &Header) {
        self.begin(header);
        self.was_long = true;
        let begin = self.message.len();
        let end = begin + header.payload as usize;
        self.message.reserve(end - begin);
        self.message.extend_from_slice(&self.input[self.start + header.size..self.end]);
        (self.start, self.end) = (0, 0);
        let needs_look = MASKED || self.opcode == TEXT;
        let mut block = begin;
        while block < end {
            let next = if needs_look { end.min(block + BLOCK) } else { end };
            while self.message.len() < next {
                let filled = self.message.len();
                // SAFETY: the bytes are within the capacity, and are counted only after they are
                // written.
                unsafe {
                    let free = self.message.as_mut_ptr().add(filled);
                    let free = std::slice::from_raw_parts_mut(free, next - filled);
                    let read = self.transport.receive(free);
                    self.message.set_len(filled + read);
                }
            }
            // SAFETY: `block < next <= message.len()`. Blocks begin where the key does.
            unsafe {
                let bytes = self.message.as_mut_ptr().add(block);
                self.has_high_bit |= if MASKED {
                    vectors::mask::<V, true>(bytes, bytes, next - block, header.key)
                } else {
                    self.opcode == TEXT && vectors::has_high_bit::<V>(bytes, next - block)
                };
            }
            block = next;
        }
    }

    #[inline(always)]
    fn begin(&mut self, header: &Header) {
        if header.first & OPCODE != CONTINUATION {
            self.opcode = header.first & OPCODE;
            self.has_high_bit = false;
        }
    }
}

/// Asserts that a text is UTF-8. ASCII was found to be valid before. `std` or `simdutf8` check the
/// rest.
#[cold]
#[inline(never)]
fn validate(text: &[u8]) {
    let is_valid = if text.len() <= 64 {
        std::str::from_utf8(text).is_ok()
    } else {
        simdutf8::basic::from_utf8(text).is_ok()
    };
    assert!(is_valid, "text that is UTF-8");
}

impl Header {
    /// Loads a header.
    ///
    /// # Safety
    ///
    /// [`MAX_HEADER`] bytes must be readable at `from`.
    #[inline(always)]
    unsafe fn load<const MASKED: bool>(from: *const u8) -> Header {
        // SAFETY: all loads are within `MAX_HEADER`.
        unsafe {
            let (first, second) = (*from, *from.add(1));
            let (start, payload) = match second & 0x7F {
                126 => (4, u64::from(u16::from_be(from.add(2).cast::<u16>().read_unaligned()))),
                127 => (10, u64::from_be(from.add(2).cast::<u64>().read_unaligned())),
                len => (2, u64::from(len)),
            };
            let (key, size) = if MASKED {
                (from.add(start).cast::<u32>().read_unaligned(), start + 4)
            } else {
                // Masking with 0 is a copy.
                (0, start)
            };
            Header { first, key, size, payload }
        }
    }

    /// Returns the longest payload to wait for in the input.
    #[inline(always)]
    fn most_in_input(&self) -> u64 {
        if self.is_whole() { MAX_IN_INPUT as u64 } else { SHORT as u64 }
    }

    /// Returns whether the frame is a message of its own.
    #[inline(always)]
    fn is_whole(&self) -> bool {
        self.first & FIN != 0 && self.first & OPCODE != CONTINUATION
    }
}
