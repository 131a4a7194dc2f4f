//! Messages that do not lie whole in one input: reassembled in one buffer, or streamed in chunks.
//!
//! ```text
//! within a message   | payload so far | room         |   `bytes` is all of the buffer
//! after it           | the event's    | room         |   `bytes` is the room alone
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
/// room behind the event's part waits here, and all of the buffer serves the next message once the
/// event has been dropped. Until then nothing writes to the event's part, and the next message takes
/// other memory.
#[derive(Default)]
pub(crate) struct Assembler {
    /// The payload so far of a message that is reassembled; of a text that is streamed, the first bytes
    /// of a code point that a read has cut. Between messages it is empty: the room of a recycled buffer.
    bytes: BytesMut,
    /// The message that has begun and not ended.
    open: Option<Open>,
    /// The size of the recycled buffer; 0 if `bytes` is not recycled.
    recycled: usize,
    /// Counts the messages in a row that used little of the recycled buffer.
    retain: Retain,
}

/// A message that has begun and not ended.
enum Open {
    /// A text that is reassembled. The validator has seen all of `bytes`, which is valid so far.
    Text(Validator),
    /// A binary message that is reassembled.
    Binary,
    /// A text that is streamed. The validator has seen all that was taken.
    TextStream(Validator),
    /// A binary message that is streamed.
    BinaryStream,
}

/// Reassembling.
impl Assembler {
    /// Appends `piece` to the open message, or to a new one that a frame with this opcode begins, and
    /// unmasks it if there is a key. At most `to_come` bytes of the message follow it.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if it breaks a text.
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

    /// Does the same for a piece that more of its message follows, if there is room for it. Returns
    /// whether it was appended.
    #[inline]
    pub(crate) fn append_in_room(&mut self, piece: &[u8], key: Option<Key>) -> bool {
        matches!(self.open, Some(Open::Text(_) | Open::Binary))
            && growth::has_room(&self.bytes, piece.len())
            && self.append_to_open(piece, key, 0).is_ok()
    }

    /// Ends the open message and returns it, or drops it and returns `None` if it is a text that ends
    /// within a code point.
    #[inline]
    pub(crate) fn finish(&mut self) -> Option<Received<'static>> {
        match self.open.take() {
            Some(Open::Text(validator)) if !validator.is_complete() => {
                *self = Assembler::default();
                None
            }
            // All of the bytes were validated, and a whole code point is the last.
            Some(Open::Text(_)) => Some(Received::Text(Text::from_valid(self.hand_out().into()))),
            _ => Some(Received::Binary(self.hand_out().into())),
        }
    }

    fn begin(&mut self, opcode: Opcode) {
        if self.recycled > 0 {
            self.reclaim();
        }
        self.open = Some(match opcode {
            Opcode::Text => Open::Text(Validator::new()),
            _ => Open::Binary,
        });
    }

    /// Has `bytes` be all of the recycled buffer. If an event still holds a part of it, has `bytes` be
    /// another buffer, of no more than earlier messages took.
    #[inline(never)]
    fn reclaim(&mut self) {
        if !self.bytes.try_reclaim(self.recycled) {
            self.bytes = BytesMut::with_capacity(self.recycled.min(MAX_AT_ONCE));
            // Makes it a buffer that may be shared, as the one before was.
            drop(self.bytes.split());
        }
    }

    #[inline(always)]
    fn append_to_open(
        &mut self,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> Result<(), InvalidUtf8> {
        // A full buffer would grow even for nothing.
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

    /// Returns the bytes of a whole message: the buffer itself, or a copy if they use little of it, as
    /// an event that is kept must not hold much more than its bytes.
    fn hand_out(&mut self) -> BytesMut {
        let capacity = self.bytes.capacity();
        if capacity < MIN_RECYCLED && !uses_little(self.bytes.len(), capacity) {
            return mem::take(&mut self.bytes);
        }
        self.copy_or_recycle()
    }

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
    /// Returns how many of the next `available` bytes are the next chunk of the open message, or of a
    /// new one that a frame with this opcode begins.
    pub(crate) fn chunk_len(&mut self, opcode: Opcode, available: usize) -> usize {
        let open = self.open.get_or_insert_with(|| match opcode {
            Opcode::Text => Open::TextStream(Validator::new()),
            _ => Open::BinaryStream,
        });
        match open {
            // The rest of a code point is a chunk of its own.
            Open::TextStream(validator) if !validator.is_complete() => {
                available.min(validator.missing())
            }
            _ => available,
        }
    }

    /// Unmasks `piece`, of as many bytes as [`chunk_len`](Self::chunk_len) said, if there is a key.
    /// Returns what can be delivered now.
    ///
    /// # Errors
    ///
    /// [`InvalidUtf8`] if it breaks a text; nothing more can be taken then.
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

    /// Ends the open message, all of which was taken. Returns `false` if it is a text that ends within a
    /// code point, whose bytes are dropped then.
    pub(crate) fn end_stream(&mut self) -> bool {
        let is_cut = match self.open.take() {
            Some(Open::TextStream(validator)) => !validator.is_complete(),
            _ => false,
        };
        if is_cut {
            *self = Assembler::default();
        }
        !is_cut
    }
}

/// Memory.
impl Assembler {
    /// Gives back the recycled buffer between two messages.
    pub(crate) fn release(&mut self) {
        if self.open.is_none() {
            *self = Assembler::default();
        }
    }

    /// Gives back the recycled buffer, also within a message, if few of its bytes have to be moved.
    pub(crate) fn shrink_to_fit(&mut self) {
        if self.recycled > 0 && self.bytes.len() <= MAX_RELEASE_MOVE {
            self.bytes = BytesMut::from(&self.bytes[..]);
            (self.recycled, self.retain) = (0, Retain::default());
        }
    }

    /// Returns how many bytes it holds on the heap, those of an event included that holds a part of the
    /// recycled buffer.
    pub(crate) fn memory_usage(&self) -> usize {
        match (self.recycled, &self.open) {
            (0, _) => self.bytes.capacity(),
            (recycled, None) => recycled + SHARING_OVERHEAD,
            (_, Some(_)) => self.bytes.capacity() + SHARING_OVERHEAD,
        }
    }
}

/// Appends `piece`, unmasked, unless it breaks the text that `bytes` is so far.
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
    // What breaks the text is dropped, and the validator stays where it was.
    let mut next = *validator;
    next.push(bytes.get(start..).unwrap_or_default()).inspect_err(|_| bytes.truncate(start))?;
    *validator = next;
    Ok(())
}

/// A smaller buffer, which was allocated once or twice, is given away with its event: to allocate
/// again costs less than to share.
const MIN_RECYCLED: usize = 1 << 10;

/// The most bytes that are allocated at once because of earlier messages, and not as they arrive.
const MAX_AT_ONCE: usize = 16 << 10;

/// What `bytes` allocates beside a buffer that may be shared: its place, its size, the count of its
/// owners.
const SHARING_OVERHEAD: usize = 5 * size_of::<usize>();

#[cfg(test)]
mod tests {
    use super::*;

    /// What follows would be taken for text otherwise.
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
