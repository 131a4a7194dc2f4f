//! Bytes that were read, and the frame at their front of which more is to come.
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
//! All that describes the frame is counted from `start` or from the header's end, so that moving the
//! bytes leaves no index behind.
//!
//! # Why a text that is scanned here is UTF-8
//!
//! `scanned` bytes of the payload are unmasked, and `validator` has seen these and no others, in
//! their order. That stays true because both are set in [`PartialFrame::scan`] alone, together,
//! and because every field is private to this file, in which
//!
//! * [`spare_mut`](Unread::spare_mut) borrows bytes from `end` on, and the scanned ones end before it;
//! * [`move_to_front`](Unread::move_to_front), [`grow`](Unread::grow) and
//!   [`replace`](Unread::replace) move the bytes from `start` to `end` as they are;
//! * [`take_with`](Unread::take_with) and [`restore`](Unread::restore), which change these bytes or
//!   lend them, drop the frame, and [`take`](Unread::take) does nothing where there is one.
//!
//! [`scan`](Unread::scan) makes a `Text` of the payload where `scanned` is all of it and the validator
//! says that it ends with a whole code point.

use alloc::vec::Vec;

use crate::frame::SingleFrame;
use crate::input::Input;
use crate::mask::{self, Key};
use crate::message::text::unmask_and_validate;
use crate::message::{Received, Text};
use crate::opcode::Opcode;
use crate::utf8::{InvalidUtf8, Validator};

/// Bytes that were read and not taken, and what is known of them.
pub(super) struct Unread {
    /// Where bytes are read to: empty before the first read.
    bytes: Vec<u8>,
    /// The bytes that were read and not taken: `start <= end`
    start: usize,
    end: usize,
    /// Where the room ends that bytes are read to: `end <= room_end <= bytes.len()`
    room_end: usize,
    front: Front,
}

/// What is known of the bytes from `start` on.
enum Front {
    /// Nothing: all are as they were received.
    Unknown,
    /// They are a part of a header that has this many bytes, as far as is known.
    Header(usize),
    /// A message in one frame.
    Frame(PartialFrame),
}

/// A message in one frame that is unmasked and validated in place, as it comes.
struct PartialFrame {
    header_len: usize,
    payload_len: usize,
    /// The key of the payload, turned to the first byte that was not scanned. Zeros, which change
    /// nothing, where the payload is not masked.
    key: Key,
    /// Bytes at the front of the payload that are unmasked, and validated in a text.
    scanned: usize,
    /// Bytes of the frame that have to be there for the next scan to do the most at once.
    wanted: usize,
    /// `Some` for a text.
    validator: Option<Validator>,
}

impl Unread {
    pub(super) const fn new() -> Self {
        Unread { bytes: Vec::new(), start: 0, end: 0, room_end: 0, front: Front::Unknown }
    }

    /// Bytes that were read and not taken.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Bytes before those, which were taken.
    pub(super) const fn taken(&self) -> usize {
        self.start
    }

    /// The index at which the next bytes are read.
    pub(super) const fn end(&self) -> usize {
        self.end
    }

    /// Bytes that can be held without more memory, from index 0 on.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn memory_usage(&self) -> usize {
        self.bytes.capacity()
    }

    /// Returns `true` where there is room to read to.
    #[inline]
    pub(super) const fn has_room(&self) -> bool {
        self.end < self.room_end
    }

    /// Has the room end at the index `end`, or where the memory does.
    #[inline]
    pub(super) fn set_room_end(&mut self, end: usize) {
        self.room_end = end.min(self.bytes.len()).max(self.end);
    }

    /// Borrows the room.
    #[inline]
    pub(super) fn spare_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.end..self.room_end).unwrap_or_default()
    }

    /// Adds the first `len` bytes of the room, as far as it goes, to those that were read.
    #[inline]
    pub(super) fn fill(&mut self, len: usize) {
        self.end += len.min(self.room_end - self.end);
    }

    /// Has the next bytes be read to the front, where nothing is left.
    #[inline]
    pub(super) fn rewind(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Moves what is left to the front.
    pub(super) fn move_to_front(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.len());
    }

    /// Provides memory for `size` bytes from index 0 on, or more where there is more.
    pub(super) fn grow(&mut self, size: usize) {
        let more = size.saturating_sub(self.bytes.len());
        self.bytes.reserve_exact(more);
        self.bytes.resize(self.bytes.len() + more, 0);
    }

    /// Moves what is left to memory of `size` bytes, or of its own length where that is more, all of
    /// the rest of which is room.
    pub(super) fn replace(&mut self, size: usize) {
        let len = self.len();
        let mut bytes = Vec::with_capacity(size.max(len));
        bytes.extend_from_slice(self.as_slice());
        bytes.resize(size.max(len), 0);
        (self.bytes, self.start, self.end) = (bytes, 0, len);
        self.room_end = self.bytes.len();
    }

    /// Returns what is left, or `None` where anything is known of it.
    #[inline]
    pub(super) fn as_received(&self) -> Option<&[u8]> {
        matches!(self.front, Front::Unknown).then(|| self.as_slice())
    }

    /// Takes `header_len` bytes off the front and then `payload_len`, which it lends; nothing where
    /// anything is known of them.
    #[inline]
    pub(super) fn take(&mut self, header_len: usize, payload_len: usize) -> &mut [u8] {
        if !matches!(self.front, Front::Unknown) {
            return &mut [];
        }
        let start = self.start + header_len;
        self.start = start + payload_len;
        self.bytes.get_mut(start..self.start).unwrap_or_default()
    }

    /// Lends all that is left, as it was received, to `receive`, which takes bytes off its front.
    pub(super) fn take_with<'a, R>(&'a mut self, receive: impl FnOnce(&mut Input<'a>) -> R) -> R {
        self.restore();
        let unread = self.bytes.get_mut(self.start..self.end).unwrap_or_default();
        let mut input = Input::new(unread);
        let received = receive(&mut input);
        self.start = self.end - input.len();
        received
    }

    /// Notes that all that is left is a part of a header of `len` bytes, as far as is known.
    pub(super) fn begin_header(&mut self, len: usize) {
        self.front = Front::Header(len);
    }

    /// Notes what frame the bytes that are left begin with.
    pub(super) fn begin_frame(&mut self, frame: SingleFrame) {
        self.front = Front::Frame(PartialFrame::new(frame));
    }

    /// Returns the length of the frame at the front, where it is known.
    pub(super) fn frame_len(&self) -> Option<usize> {
        self.frame().map(PartialFrame::len)
    }

    /// Returns `true` where the frame at the front is known to have no byte that must be scanned.
    pub(super) fn is_never_scanned(&self) -> bool {
        self.frame().is_some_and(PartialFrame::is_as_received)
    }

    /// Returns how many more bytes should be there before the front is looked at again.
    #[inline]
    pub(super) const fn wanted(&self) -> usize {
        let wanted = match &self.front {
            Front::Unknown => return 0,
            Front::Header(len) => *len,
            Front::Frame(frame) => frame.wanted,
        };
        wanted.saturating_sub(self.len())
    }

    /// Returns `true` where the next scan would do nothing.
    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        // Any byte may break a text.
        self.frame().is_some_and(|frame| frame.validator.is_none() && self.len() < frame.wanted)
    }

    /// Scans what has come of the frame at the front, and takes it where that is all of it. `None`
    /// says that more is to come.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the index in the frame of the byte that breaks a text, or of its last byte
    /// where it ends within a code point. What has come of the frame is taken.
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

    /// Makes all that is left what it was when it was received.
    pub(super) fn restore(&mut self) {
        if let Front::Frame(frame) = &self.front {
            let start = self.start + frame.header_len;
            let scanned = self.bytes.get_mut(start..start + frame.scanned).unwrap_or_default();
            // The key is turned as many bytes on: to a multiple of four it is turned back.
            mask::unmask(scanned, Some(frame.key.turned(4 - frame.scanned % 4)));
        }
        self.front = Front::Unknown;
    }

    /// Returns what is left, as it was received.
    pub(super) fn into_vec(mut self) -> Vec<u8> {
        self.restore();
        self.bytes.truncate(self.end);
        self.bytes.drain(..self.start);
        self.bytes
    }

    /// Returns what is left, as it was received where nothing of it was scanned.
    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

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

    fn len(&self) -> usize {
        self.header_len.saturating_add(self.payload_len)
    }

    /// Returns `true` where the payload is neither masked nor text.
    fn is_as_received(&self) -> bool {
        self.validator.is_none() && self.key == Key::ZERO
    }

    /// Unmasks the part of `payload` that has come since the last scan, and validates it in a text:
    /// a text to its last byte, as any may break it; binary when there is much of it, while the
    /// nearest cache holds it, or all.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the index in the frame of the byte that breaks a text.
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

    /// Returns the message, `payload` being all of it and scanned to its end.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] with the index in the frame of the last byte of a text that ends within a code
    /// point.
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

/// Unmasks and validates what follows the text that `validator` has seen.
#[inline]
fn scan_text(piece: &mut [u8], key: Key, validator: &mut Validator) -> Result<(), InvalidUtf8> {
    if piece.len() > SHORT {
        return unmask_and_validate(piece, (key != Key::ZERO).then_some(key), validator);
    }
    // To unmask with zeros is to see whether it is ASCII.
    let is_ascii = mask::unmask_noting_ascii(piece, Some(key));
    if is_ascii && validator.is_complete() { Ok(()) } else { validator.push(piece) }
}

/// Up to this length a piece is not worth a call that goes by blocks.
const SHORT: usize = 128;

/// Bytes of a payload that are scanned together.
const BATCH: usize = 8 << 10;

/// The same where nothing is to be done for them: a thread that serves other connections too has its
/// turn between.
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
        // Three bytes that are taken, and a header of four.
        unread.fill(7);
        unread.take(0, 3);
        unread.begin_frame(SingleFrame { opcode, key, header_len: 4, payload_len });
        (unread, payload)
    }

    /// Adds `piece`, and moves all that is there, in one of several ways.
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
