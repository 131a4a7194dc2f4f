//! Messages that are not whole in one input: reassembled in one buffer, or streamed in chunks.
//!
//! ```text
//! within a message   | payload so far | room         |   `bytes` is the whole buffer
//! after it           | the event's    | room         |   `bytes` is only the room
//! event dropped      | room                          |   reclaimed for the next message
//! ```

use core::mem;

use bytes::BytesMut;

use super::growth;
use super::text::{self, Text};
use super::{Payload, Received};
use crate::mask::{self, Key};
use crate::opcode::Opcode;
use crate::retain::{MAX_RELEASE_MOVE, Retain, uses_little};
use crate::utf8::{InvalidUtf8, Validator};

/// Reassembles or streams the messages of a connection, one after the other.
///
/// The event of a reassembled message owns the front of the buffer. A large buffer is recycled: the
/// room behind the event's part stays here. Once the event has been dropped, the next message uses
/// the whole buffer. Until then nothing writes to the event's part, and the next message uses other
/// memory.
#[derive(Default)]
pub(crate) struct Assembler {
    /// While a message is reassembled: its payload so far. While a text is streamed: the first
    /// bytes of a code point that a read has cut. Between messages: empty, with the room of a
    /// recycled buffer.
    pub(super) bytes: BytesMut,
    /// The message that has begun and not ended, if any.
    pub(super) open: Option<Open>,
    /// The size of the recycled buffer, or 0 if `bytes` is not recycled.
    recycled: usize,
    /// The count of messages in a row that used little of the recycled buffer.
    retain: Retain,
}

/// A message that has begun and not ended.
pub(super) enum Open {
    /// A text that is reassembled. The validator has seen all of `bytes`, which is valid so far.
    Text(Validator),
    /// A binary message that is reassembled.
    Binary,
    /// A text that is streamed or inflated. The validator has seen all bytes that were taken, or all
    /// that was inflated.
    TextStream(Validator),
    /// A binary message that is streamed or inflated.
    BinaryStream,
}

impl Open {
    /// Returns the validator of a text.
    fn validator(&self) -> Option<Validator> {
        match self {
            Open::Text(validator) | Open::TextStream(validator) => Some(*validator),
            Open::Binary | Open::BinaryStream => None,
        }
    }
}

/// Reassembling.
impl Assembler {
    /// Appends `piece` to the open message, or to a new one that a frame with this opcode begins.
    ///
    /// If there is a key, the piece is unmasked. At most `to_come` bytes of the message follow it.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if the piece makes the text invalid. It is not appended then.
    #[inline(always)]
    pub(crate) fn append(
        &mut self,
        opcode: Opcode,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> Result<(), InvalidUtf8> {
        if self.open.is_none() {
            self.begin(opcode);
        }
        self.append_to_open(piece, key, to_come)
    }

    /// Appends a piece that does not end its message, if the buffer has room for it. Returns `true`
    /// if the piece was appended.
    #[inline]
    pub(crate) fn append_in_room(&mut self, piece: &[u8], key: Option<Key>) -> bool {
        matches!(self.open, Some(Open::Text(_) | Open::Binary))
            && growth::has_room(&self.bytes, piece.len())
            && self.append_to_open(piece, key, 0).is_ok()
    }

    /// Ends the open message and returns it. If it is a text that ends within a code point, drops
    /// it and returns `None`.
    #[inline]
    pub(crate) fn finish(&mut self) -> Option<Received<'static>> {
        match self.open.take().and_then(|open| open.validator()) {
            Some(validator) if !validator.is_complete() => {
                *self = Assembler::default();
                None
            }
            // All bytes were validated, and they end with a whole code point.
            Some(_) => Some(Received::Text(Text::from_valid(self.hand_out().into()))),
            None => Some(Received::Binary(self.hand_out().into())),
        }
    }

    /// Opens a new message to reassemble.
    pub(super) fn begin(&mut self, opcode: Opcode) {
        if self.recycled > 0 {
            self.reclaim();
        }
        self.open = Some(match opcode {
            Opcode::Text => Open::Text(Validator::new()),
            _ => Open::Binary,
        });
    }

    /// Makes `bytes` the whole recycled buffer again. If an event still holds a part of it,
    /// allocates another buffer instead, not larger than the one before.
    #[inline(never)]
    fn reclaim(&mut self) {
        if !self.bytes.try_reclaim(self.recycled) {
            self.bytes = BytesMut::with_capacity(self.recycled.min(MAX_AT_ONCE));
            // Makes `bytes` a buffer that can be shared, as the one before was.
            drop(self.bytes.split());
        }
    }

    /// Appends `piece` to the open message.
    #[inline(always)]
    fn append_to_open(
        &mut self,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> Result<(), InvalidUtf8> {
        // A full buffer would grow even for an empty piece.
        if piece.is_empty() {
            return Ok(());
        }
        match &mut self.open {
            Some(Open::Text(validator)) => {
                append_text(&mut self.bytes, validator, piece, key, to_come)
            }
            Some(Open::Binary) => {
                growth::append(&mut self.bytes, piece, key, to_come);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Returns the bytes of a whole message: the buffer itself, or a copy if they use little of it.
    ///
    /// An event that is kept must not hold much more memory than its bytes need.
    fn hand_out(&mut self) -> BytesMut {
        let capacity = self.bytes.capacity();
        if capacity < MIN_RECYCLED && !uses_little(self.bytes.len(), capacity) {
            return mem::take(&mut self.bytes);
        }
        self.copy_or_recycle()
    }

    /// Returns the front of a buffer that is recycled from then on, or a copy if the bytes use
    /// little of it.
    #[inline(never)]
    fn copy_or_recycle(&mut self) -> BytesMut {
        let (len, capacity) = (self.bytes.len(), self.bytes.capacity());
        let should_shrink = self.retain.should_shrink(len, capacity);
        if !uses_little(len, capacity) {
            self.recycled = capacity;
            return self.bytes.split();
        }
        let bytes = BytesMut::from(&self.bytes[..]);
        // A buffer that was not recycled before is small.
        if self.recycled == 0 || should_shrink {
            *self = Assembler::default();
        } else {
            self.recycled = capacity;
            self.bytes.clear();
        }
        bytes
    }
}

/// Streaming.
impl Assembler {
    /// Returns how many of the next `available` bytes form the next chunk of the open message, or
    /// of a new one that a frame with this opcode begins.
    pub(crate) fn chunk_len(&mut self, opcode: Opcode, available: usize) -> usize {
        let open = self.open.get_or_insert_with(|| match opcode {
            Opcode::Text => Open::TextStream(Validator::new()),
            _ => Open::BinaryStream,
        });
        match open {
            // The rest of a cut code point is a chunk by itself.
            Open::TextStream(validator) if !validator.is_complete() => {
                available.min(validator.missing())
            }
            _ => available,
        }
    }

    /// Takes the next piece, whose length is what [`chunk_len`](Self::chunk_len) returned, and
    /// unmasks it if there is a key. Returns what can be delivered now.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if the piece makes the text invalid. Nothing more can be taken then.
    pub(crate) fn take_chunk<'a>(
        &mut self,
        mut piece: Payload<'a>,
        key: Option<Key>,
    ) -> Result<Received<'a>, InvalidUtf8> {
        if let Some(Open::TextStream(validator)) = &mut self.open {
            let text = text::take_chunk(piece, key, validator, &mut self.bytes)?;
            return Ok(Received::Text(text));
        }
        mask::unmask(&mut piece, key);
        Ok(Received::Binary(piece))
    }

    /// Ends the open message, all of which was taken. If it is a text that ends within a code
    /// point, drops the bytes of that code point and returns `false`.
    pub(crate) fn end_stream(&mut self) -> bool {
        let validator = self.open.take().and_then(|open| open.validator());
        let is_cut = validator.is_some_and(|validator| !validator.is_complete());
        if is_cut {
            *self = Assembler::default();
        }
        !is_cut
    }
}

/// Memory.
impl Assembler {
    /// Frees the recycled buffer, unless a message is open.
    pub(crate) fn release(&mut self) {
        if self.open.is_none() {
            *self = Assembler::default();
        }
    }

    /// Frees the recycled buffer, also within a message, if only a few KiB must be copied out of
    /// it.
    pub(crate) fn shrink_to_fit(&mut self) {
        if self.recycled > 0 && self.bytes.len() <= MAX_RELEASE_MOVE {
            self.bytes = BytesMut::from(&self.bytes[..]);
            (self.recycled, self.retain) = (0, Retain::default());
        }
    }

    /// Returns how many bytes the assembler holds on the heap. If an event holds a part of the
    /// recycled buffer, that part is included.
    pub(crate) fn memory_usage(&self) -> usize {
        match (self.recycled, &self.open) {
            (0, _) => self.bytes.capacity(),
            (recycled, None) => recycled + SHARING_OVERHEAD,
            (_, Some(_)) => self.bytes.capacity() + SHARING_OVERHEAD,
        }
    }
}

/// Appends `piece`, unmasked. If it makes the text in `bytes` invalid, drops it again and fails.
#[inline(always)]
fn append_text(
    bytes: &mut BytesMut,
    validator: &mut Validator,
    piece: &[u8],
    key: Option<Key>,
    to_come: u64,
) -> Result<(), InvalidUtf8> {
    let start = bytes.len();
    let is_ascii = growth::append_noting_ascii(bytes, piece, key, to_come);
    if is_ascii && validator.is_complete() {
        return Ok(());
    }
    // If the piece is invalid, it is dropped and the validator keeps its state.
    let mut next = *validator;
    next.push(bytes.get(start..).unwrap_or_default()).inspect_err(|_| bytes.truncate(start))?;
    *validator = next;
    Ok(())
}

/// The smallest buffer that is recycled. A smaller one, which was allocated once or twice, is moved
/// into its event: allocating again costs less than sharing.
const MIN_RECYCLED: usize = 1 << 10;

/// The most bytes to allocate at once because earlier messages needed them. More than that is
/// allocated as it arrives.
const MAX_AT_ONCE: usize = 16 << 10;

/// The bytes that the crate `bytes` allocates besides a buffer that can be shared: for its address,
/// its size and the count of its owners.
const SHARING_OVERHEAD: usize = 5 * size_of::<usize>();

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the bytes of the next message would be treated as the rest of that text.
    #[test]
    fn nothing_is_left_of_a_text_that_ends_within_a_code_point() {
        let mut assembler = Assembler::default();
        assembler.append(Opcode::Text, b"a\xF0\x9F", None, 0).unwrap();
        assert!(assembler.finish().is_none());
        assert_eq!(assembler.memory_usage(), 0);

        assert_eq!(assembler.chunk_len(Opcode::Text, 100), 100);
        let mut piece = *b"a\xF0\x9F";
        assembler.take_chunk(Payload::from(&mut piece[..]), None).unwrap();
        assert_eq!(assembler.chunk_len(Opcode::Continuation, 100), 2);
        assert!(!assembler.end_stream());
        assert_eq!(assembler.memory_usage(), 0);
    }

    #[test]
    fn an_empty_piece_takes_no_room() {
        for opcode in [Opcode::Text, Opcode::Binary] {
            for (key, to_come) in [(None, 0), (None, u64::MAX), (Some(Key::ZERO), u64::MAX)] {
                let mut assembler = Assembler::default();
                assembler.append(opcode, b"", key, to_come).unwrap();
                assert_eq!(assembler.memory_usage(), 0);
                let len = 2000;
                assembler.append(opcode, &vec![0; len], key, 0).unwrap();
                assert_eq!(assembler.memory_usage(), len);
                assembler.append(opcode, b"", key, to_come).unwrap();
                assert_eq!(assembler.memory_usage(), len);
            }
        }
    }
}
