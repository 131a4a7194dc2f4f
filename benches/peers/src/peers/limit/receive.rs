//! From reads to messages.
//!
//! Reads cost nothing here but their copy, so that no more is read at once than stays in the nearest
//! cache: to the end of a frame and the header after it, or a window of many small frames.

use super::vectors::{self, Vector};
use crate::rows::Role;
use crate::transport::Transport;

pub(super) struct Reader {
    transport: Transport,
    is_masked: bool,
    input: Box<[u8]>,
    /// Where a line of the cache begins in the input: `line < LINE`
    line: usize,
    /// What has been read and not consumed: `start <= end <= ROOM`
    start: usize,
    end: usize,
    /// The payload of a message that does not lie in the input in one piece.
    message: Vec<u8>,
    /// Of the message that is in fragments, or longer than the input: its opcode, and whether it has
    /// a byte that is not ASCII.
    opcode: u8,
    has_high_bit: bool,
    /// Whether the last frame was read to where it stays, as the next may be.
    was_long: bool,
    /// The length of the last header, which the next is likely to have: `header <= MAX_HEADER`
    header: usize,
}

/// Who is given messages.
pub(super) trait Receiver {
    /// Where a payload is to be stored when it is unmasked, if not where it is: `len` bytes that may
    /// be written.
    fn place(&mut self, opcode: u8, len: usize) -> Option<*mut u8>;
    /// A payload, which is at the last `place` if there was one.
    fn take<V: Vector>(&mut self, opcode: u8, payload: &[u8], is_placed: bool);
}

/// The header of a frame. Where less of it is there than `size`, the rest of it is garbage.
struct Header {
    first: u8,
    key: u32,
    size: usize,
    payload: u64,
}

/// What is read at least, where more than one frame may follow.
const WINDOW: usize = 16 << 10;
/// Fragments that are longer are not worth a copy.
const SHORT: usize = 1 << 10;
/// Payloads that are longer are read to where they stay.
const MAX_IN_INPUT: usize = 24 << 10;
const LINE: usize = 64;
/// A frame that waits for its end, and a window.
const ROOM: usize = 2 * LINE + MAX_HEADER + MAX_IN_INPUT + MAX_HEADER + WINDOW;
const MAX_HEADER: usize = 14;
/// Bytes of long payloads that are unmasked at a time, while they are near.
const BLOCK: usize = 16 << 10;
const FIN: u8 = 0x80;
const OPCODE: u8 = 0x0F;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;

impl Reader {
    pub(super) fn new(role: Role, transport: Transport) -> Self {
        // Headers are loaded without a look at how much of them there is.
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

    /// Gives `count` messages to `receiver`.
    ///
    /// # Safety
    ///
    /// The processor has `V`.
    #[inline(always)]
    pub(super) unsafe fn receive<V: Vector>(&mut self, count: usize, receiver: &mut impl Receiver) {
        // SAFETY: the caller's.
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
            // Longer than `unread` too where the header is cut off, whatever its garbage says.
            let frame = (header.size as u64).saturating_add(header.payload);
            if frame <= unread as u64 {
                let payload = self.start + header.size;
                self.start += frame as usize;
                self.was_long = false;
                self.header = header.size;
                // SAFETY: the frame lies in the input.
                unsafe {
                    if header.is_whole() {
                        self.lend::<V, MASKED>(payload, &header, receiver);
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
                // SAFETY: the caller's.
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

    /// Reads until `needed` bytes are there, and a header after them where there is one. What moves
    /// to the front moves to where its payload is likely to begin a line, which all that follows is
    /// faster for.
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

    /// Gives a message that lies in the input.
    ///
    /// # Safety
    ///
    /// Its payload begins at `payload` and lies in the input, and the processor has `V`.
    #[inline(always)]
    unsafe fn lend<V: Vector, const MASKED: bool>(
        &mut self,
        payload: usize,
        header: &Header,
        receiver: &mut impl Receiver,
    ) {
        let (opcode, len) = (header.first & OPCODE, header.payload as usize);
        let place = receiver.place(opcode, len);
        // SAFETY: the caller's and the receiver's.
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
    /// As [`lend`](Self::lend).
    #[inline(always)]
    unsafe fn append<V: Vector, const MASKED: bool>(&mut self, payload: usize, header: &Header) {
        self.begin(header);
        let (len, filled) = (header.payload as usize, self.message.len());
        self.message.reserve(len);
        // SAFETY: the payload lies in the input, and the message has room for it.
        unsafe {
            let from = self.input.as_ptr().add(payload);
            let to = self.message.as_mut_ptr().add(filled);
            self.has_high_bit |= vectors::mask::<V, true>(from, to, len, header.key);
            self.message.set_len(filled + len);
        }
    }

    /// Reads what is left of a frame to the end of the message.
    ///
    /// # Safety
    ///
    /// The processor has `V`.
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
                // SAFETY: the bytes are within the capacity, and are counted when they are written.
                unsafe {
                    let free = self.message.as_mut_ptr().add(filled);
                    let free = std::slice::from_raw_parts_mut(free, next - filled);
                    let read = self.transport.receive(free);
                    self.message.set_len(filled + read);
                }
            }
            // SAFETY: `block < next <= message.len()`; blocks begin where the key does.
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

/// ASCII has been seen to be valid; anything else is left to others.
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
    /// # Safety
    ///
    /// `from` is [`MAX_HEADER`] bytes that may be read.
    #[inline(always)]
    unsafe fn load<const MASKED: bool>(from: *const u8) -> Header {
        // SAFETY: each is within `MAX_HEADER`.
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
                // What is masked with nothing is copied.
                (0, start)
            };
            Header { first, key, size, payload }
        }
    }

    /// The longest payload that is waited for in the input.
    #[inline(always)]
    fn most_in_input(&self) -> u64 {
        if self.is_whole() { MAX_IN_INPUT as u64 } else { SHORT as u64 }
    }

    /// Whether it is a message of its own.
    #[inline(always)]
    fn is_whole(&self) -> bool {
        self.first & FIN != 0 && self.first & OPCODE != CONTINUATION
    }
}
