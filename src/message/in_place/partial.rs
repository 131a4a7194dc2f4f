//! Unread bytes, and the incomplete frame at their front.
//!
//! ```text
//!           start                                          end         room_end
//!             |                                             |              |
//!  bytes [....|  header  |     scanned     |  as received   |    room      |....]
//!             |----------|                                                   header_len
//!                        |-----------------|                                 scanned
//!             |--------------------------------------------------->|         wanted
//!                        |--------------------------------------------->|    payload_len
//! ```
//!
//! Every number that describes the frame is counted from `start` or from the end of the header. So
//! it stays right when the bytes are moved.
//!
//! # Why a text that is scanned here is UTF-8
//!
//! The first `scanned` bytes of the payload are unmasked. `validator` has seen these bytes and no
//! others, in their order. Every field is private to this file, in which only
//! [`PartialFrame::scan`] changes `scanned` and `validator`, and changes both together. Nothing
//! else changes the scanned bytes of a frame:
//!
//! * [`spare_mut`](Unread::spare_mut) borrows bytes from `end` on, and the scanned bytes are before
//!   `end`;
//! * [`move_to_front`](Unread::move_to_front), [`grow`](Unread::grow) and
//!   [`replace`](Unread::replace) move the bytes from `start` to `end` unchanged;
//! * [`take_with`](Unread::take_with) and [`restore`](Unread::restore) change these bytes or borrow
//!   them mutably, but they drop the frame;
//! * [`take`](Unread::take) does nothing if there is a frame.
//!
//! [`scan`](Unread::scan) makes a `Text` of the payload only if `scanned` is all of the payload,
//! and if the validator reports that it ends with a whole code point.

use alloc::vec::Vec;

use crate::frame::SingleFrame;
use crate::input::Input;
use crate::mask::{self, Key};
use crate::message::text::unmask_and_validate;
use crate::message::{Received, Text};
use crate::opcode::Opcode;
use crate::utf8::{InvalidUtf8, Validator};

/// The unread bytes, which were read and not taken, and what was noted about them.
pub(super) struct Unread {
    /// The memory that bytes are read into. Empty before the first read.
    bytes: Vec<u8>,
    /// The index of the first unread byte: `start <= end`
    start: usize,
    /// The index after the last unread byte, at which the room begins.
    end: usize,
    /// The index at which the room for the next read ends: `end <= room_end <= bytes.len()`
    room_end: usize,
    front: Front,
}

/// What was noted about the bytes from `start` on.
enum Front {
    /// Nothing. All bytes are as they were received.
    Unknown,
    /// They are a part of a header of this length, as far as the part determines it.
    Header(usize),
    /// They begin with a message in one frame.
    Frame(PartialFrame),
}

/// A message in one frame that is unmasked and validated in place, as it arrives.
struct PartialFrame {
    header_len: usize,
    payload_len: usize,
    /// The key of the payload, turned to the first byte that was not scanned. If the payload is not
    /// masked, the key is zeros, which change nothing.
    key: Key,
    /// The number of bytes at the front of the payload that are unmasked and, in a text, validated.
    scanned: usize,
    /// How many bytes of the frame must have arrived for the next scan to process a whole batch, or
    /// all of the rest. The header counts.
    wanted: usize,
    /// `Some` for a text.
    validator: Option<Validator>,
}

impl Unread {
    pub(super) const fn new() -> Self {
        Unread { bytes: Vec::new(), start: 0, end: 0, room_end: 0, front: Front::Unknown }
    }

    /// Returns the number of unread bytes.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Returns the number of bytes before the unread ones, which were taken.
    pub(super) const fn taken(&self) -> usize {
        self.start
    }

    /// Returns the index at which the next read stores its first byte.
    pub(super) const fn end(&self) -> usize {
        self.end
    }

    /// Returns how many bytes fit without more memory, counted from index 0.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn memory_usage(&self) -> usize {
        self.bytes.capacity()
    }

    /// Returns `true` if there is room to read into.
    #[inline]
    pub(super) const fn has_room(&self) -> bool {
        self.end < self.room_end
    }

    /// Sets the end of the room to the index `end`, or to the end of the memory if that is earlier.
    #[inline]
    pub(super) fn set_room_end(&mut self, end: usize) {
        self.room_end = end.min(self.bytes.len()).max(self.end);
    }

    /// Borrows the room for the next read.
    #[inline]
    pub(super) fn spare_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.end..self.room_end).unwrap_or_default()
    }

    /// Adds the first `len` bytes of the room, or all of it if it is shorter, to the unread bytes.
    #[inline]
    pub(super) fn fill(&mut self, len: usize) {
        self.end += len.min(self.room_end - self.end);
    }

    /// If there are no unread bytes, lets the next read begin at the front of the memory.
    #[inline]
    pub(super) fn rewind(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Moves the unread bytes to the front of the memory.
    pub(super) fn move_to_front(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
    }

    /// Extends the memory to `size` bytes, counted from index 0. Does nothing if it is larger.
    pub(super) fn grow(&mut self, size: usize) {
        let more = size.saturating_sub(self.bytes.len());
        self.bytes.reserve_exact(more);
        self.bytes.resize(self.bytes.len() + more, 0);
    }

    /// Moves the unread bytes to new memory of `size` bytes, or of their length if that is more.
    /// All of the rest of that memory is room.
    pub(super) fn replace(&mut self, size: usize) {
        let len = self.len();
        let mut bytes = Vec::with_capacity(size.max(len));
        bytes.extend_from_slice(self.as_slice());
        bytes.resize(size.max(len), 0);
        (self.bytes, self.start, self.end) = (bytes, 0, len);
        self.room_end = self.bytes.len();
    }

    /// Returns the unread bytes, or `None` if anything was noted about them.
    #[inline]
    pub(super) fn as_received(&self) -> Option<&[u8]> {
        matches!(self.front, Front::Unknown).then(|| self.as_slice())
    }

    /// Takes a header and its payload from the front, and borrows the payload. If anything was
    /// noted about the unread bytes, takes nothing and returns an empty slice.
    #[inline]
    pub(super) fn take(&mut self, header_len: usize, payload_len: usize) -> &mut [u8] {
        if !matches!(self.front, Front::Unknown) {
            return &mut [];
        }
        let start = self.start + header_len;
        self.start = start + payload_len;
        self.bytes.get_mut(start..self.start).unwrap_or_default()
    }

    /// Passes all unread bytes, as they were received, to `receive`, which takes bytes from their
    /// front.
    pub(super) fn take_with<'a, R>(&'a mut self, receive: impl FnOnce(&mut Input<'a>) -> R) -> R {
        self.restore();
        let (bytes, room) = self.bytes.split_at_mut(self.end);
        let unread = bytes.get_mut(self.start..).unwrap_or_default();
        #[cfg(feature = "deflate")]
        let mut input = Input::with_spare(unread, room);
        #[cfg(not(feature = "deflate"))]
        let (mut input, _) = (Input::new(unread), room);
        let received = receive(&mut input);
        self.start = self.end - input.len();
        received
    }

    /// Notes that the unread bytes are a part of a header. `len` is the length of the header, as
    /// far as the part determines it.
    pub(super) fn begin_header(&mut self, len: usize) {
        self.front = Front::Header(len);
    }

    /// Notes that the unread bytes begin with this frame.
    pub(super) fn begin_frame(&mut self, frame: SingleFrame) {
        self.front = Front::Frame(PartialFrame::new(frame));
    }

    /// Returns the length of the noted frame, with its header, or `None` if no frame was noted.
    pub(super) fn frame_len(&self) -> Option<usize> {
        self.frame().map(PartialFrame::len)
    }

    /// Returns `true` if a frame was noted that needs no scan.
    pub(super) fn is_never_scanned(&self) -> bool {
        self.frame().is_some_and(PartialFrame::is_as_received)
    }

    /// Returns how many more bytes should arrive before the front is processed again.
    #[inline]
    pub(super) const fn wanted(&self) -> usize {
        let wanted = match &self.front {
            Front::Unknown => return 0,
            Front::Header(len) => *len,
            Front::Frame(frame) => frame.wanted,
        };
        wanted.saturating_sub(self.len())
    }

    /// Returns `true` if the next scan would do nothing.
    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        // A text is always scanned: its next byte may be invalid.
        self.frame().is_some_and(|frame| frame.validator.is_none() && self.len() < frame.wanted)
    }

    /// Scans what has arrived of the noted frame. If that is all of the frame, takes it and returns
    /// its message; otherwise returns `None`.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the index, in the frame, of the byte that makes a text invalid. If the
    /// text ends within a code point, that is the index of its last byte. The bytes of the frame
    /// that have arrived are taken.
    #[inline]
    pub(super) fn scan(&mut self) -> Result<Option<Received<'_>>, InvalidUtf8> {
        let Front::Frame(frame) = &mut self.front else { return Ok(None) };
        let payload_start = self.start + frame.header_len;
        let frame_end = self.end.min(payload_start.saturating_add(frame.payload_len));
        let payload = self.bytes.get_mut(payload_start..frame_end).unwrap_or_default();
        let scanned = match frame.scan(payload) {
            Ok(()) if payload.len() < frame.payload_len => return Ok(None),
            Ok(()) => frame.finish(payload).map(Some),
            Err(invalid) => Err(invalid),
        };
        (self.start, self.front) = (frame_end, Front::Unknown);
        scanned
    }

    /// Restores the unread bytes to what was received, and drops what was noted about them.
    pub(super) fn restore(&mut self) {
        if let Front::Frame(frame) = &self.front {
            let start = self.start + frame.header_len;
            let scanned = self.bytes.get_mut(start..start + frame.scanned).unwrap_or_default();
            // `key` was turned by `scanned` bytes. Turning it further, to a multiple of four,
            // undoes that.
            mask::unmask(scanned, Some(frame.key.turned(4 - frame.scanned % 4)));
        }
        self.front = Front::Unknown;
    }

    /// Returns the unread bytes as they were received.
    pub(super) fn into_vec(mut self) -> Vec<u8> {
        self.restore();
        self.bytes.truncate(self.end);
        self.bytes.drain(..self.start);
        self.bytes
    }

    /// Returns the unread bytes. They are as they were received if none of them was scanned.
    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Returns the noted frame, if any.
    const fn frame(&self) -> Option<&PartialFrame> {
        match &self.front {
            Front::Frame(frame) => Some(frame),
            Front::Unknown | Front::Header(_) => None,
        }
    }
}

impl PartialFrame {
    fn new(frame: SingleFrame) -> Self {
        PartialFrame {
            header_len: frame.header_len,
            payload_len: frame.payload_len,
            key: frame.key.unwrap_or(Key::ZERO),
            scanned: 0,
            wanted: frame.header_len + frame.payload_len.min(BATCH),
            validator: (frame.opcode == Opcode::Text).then(Validator::new),
        }
    }

    /// Returns the length of the frame, with its header.
    fn len(&self) -> usize {
        self.header_len.saturating_add(self.payload_len)
    }

    /// Returns `true` if the payload is neither masked nor text, so that it needs no scan.
    fn is_as_received(&self) -> bool {
        self.validator.is_none() && self.key == Key::ZERO
    }

    /// Unmasks what has arrived of `payload` since the last scan, and validates it if it is text.
    ///
    /// A text is scanned to the last byte that has arrived, because any byte may be invalid. Binary
    /// is scanned when [`BATCH`] bytes have arrived, while the L1 cache still holds them, or when
    /// the payload is whole.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the index, in the frame, of the byte that makes a text invalid.
    #[inline]
    fn scan(&mut self, payload: &mut [u8]) -> Result<(), InvalidUtf8> {
        let is_whole = payload.len() == self.payload_len;
        let piece = payload.get_mut(self.scanned..).unwrap_or_default();
        let mut batch = BATCH;
        match &mut self.validator {
            Some(validator) => scan_text(piece, self.key, validator).map_err(|invalid| {
                InvalidUtf8 { offset: self.header_len + self.scanned + invalid.offset }
            })?,
            None if self.key == Key::ZERO => batch = BATCH_AS_RECEIVED,
            None if is_whole || piece.len() >= BATCH => mask::unmask(piece, Some(self.key)),
            None => return Ok(()),
        }
        self.key = self.key.turned(piece.len());
        self.scanned += piece.len();
        self.wanted = self.header_len + self.payload_len.min(self.scanned + batch);
        Ok(())
    }

    /// Returns the message. `payload` must be all of its payload, and scanned to the end.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if a text ends within a code point, with the index, in the frame, of its
    /// last byte.
    fn finish<'a>(&self, payload: &'a mut [u8]) -> Result<Received<'a>, InvalidUtf8> {
        match &self.validator {
            None => Ok(Received::Binary(payload.into())),
            Some(validator) if validator.is_complete() => {
                debug_assert!(core::str::from_utf8(payload).is_ok(), "scanned bytes have changed");
                Ok(Received::Text(Text::from_valid(payload.into())))
            }
            Some(_) => Err(InvalidUtf8 { offset: self.header_len + payload.len() - 1 }),
        }
    }
}

/// Unmasks `piece` and validates it as the continuation of the text that `validator` has seen.
#[inline]
fn scan_text(piece: &mut [u8], key: Key, validator: &mut Validator) -> Result<(), InvalidUtf8> {
    if piece.len() > SHORT {
        return unmask_and_validate(piece, (key != Key::ZERO).then_some(key), validator);
    }
    // Unmasking with zeros only checks whether the piece is ASCII.
    let is_ascii = mask::unmask_noting_ascii(piece, Some(key));
    if is_ascii && validator.is_complete() { Ok(()) } else { validator.push(piece) }
}

/// The longest piece that is scanned at once. For it, a call that works block by block costs more.
const SHORT: usize = 128;

/// The number of payload bytes to scan together.
const BATCH: usize = 8 << 10;

/// The same for a payload that needs no scan. It is limited so that a thread that serves several
/// connections can serve the others in between.
const BATCH_AS_RECEIVED: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Größe, 長さ und 🦀: all of it is scanned in pieces, and some of it at once";

    fn begun(opcode: Opcode, key: Option<[u8; 4]>) -> (Unread, Vec<u8>) {
        let mut payload = TEXT.repeat(3).into_bytes();
        let payload_len = payload.len();
        let key = key.map(Key::new);
        mask::unmask(&mut payload, key);
        let mut unread = Unread::new();
        unread.grow(7);
        unread.set_room_end(7);
        // Three bytes that are taken, and a header of four bytes.
        unread.fill(7);
        unread.take(0, 3);
        unread.begin_frame(SingleFrame { opcode, key, header_len: 4, payload_len });
        (unread, payload)
    }

    /// Moves the unread bytes in one of several ways, and then adds `piece`.
    fn read(unread: &mut Unread, piece: &[u8], way: usize) {
        match way % 4 {
            0 => unread.move_to_front(),
            1 => unread.replace(0),
            2 => unread.replace(unread.end() + 500),
            _ => {}
        }
        unread.grow(unread.end() + piece.len());
        unread.set_room_end(usize::MAX);
        unread.spare_mut()[..piece.len()].copy_from_slice(piece);
        unread.fill(piece.len());
    }

    #[test]
    fn a_text_is_what_was_read_wherever_its_bytes_are_moved() {
        for key in [None, Some([0; 4]), Some([0x37, 0xFA, 0x21, 0x3D])] {
            for at_once in 1..200 {
                let (mut unread, payload) = begun(Opcode::Text, key);
                for (way, piece) in payload.chunks(at_once).enumerate() {
                    assert!(!unread.is_waiting() && unread.wanted() > 0);
                    read(&mut unread, piece, way + at_once);
                    let is_whole = unread.len() == 4 + payload.len();
                    match unread.scan().unwrap() {
                        Some(Received::Text(text)) => assert!(is_whole && text == *TEXT.repeat(3)),
                        Some(Received::Binary(_)) => panic!("it is a text"),
                        None => assert!(!is_whole),
                    }
                }
                assert_eq!((unread.len(), unread.wanted()), (0, 0));
            }
        }
    }

    #[test]
    fn what_was_scanned_is_restored_as_it_was_received() {
        for opcode in [Opcode::Text, Opcode::Binary] {
            for key in [None, Some([0x37, 0xFA, 0x21, 0x3D])] {
                for at in 0..200 {
                    let (mut unread, payload) = begun(opcode, key);
                    read(&mut unread, &payload[..at], at);
                    assert!(unread.scan().unwrap().is_none());
                    assert!(unread.as_received().is_none() && unread.take(0, 4).is_empty());
                    let restored = unread.into_vec();
                    assert!(restored == [&[0; 4], &payload[..at]].concat());
                }
            }
        }
    }
}
