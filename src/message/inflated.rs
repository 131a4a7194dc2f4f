//! Messages that are inflated: reassembled in one buffer, or delivered in chunks.

use core::mem;

use bytes::BytesMut;

use super::Received;
use super::assembler::{Assembler, Open};
use super::text::Text;
use crate::error::Violation;
use crate::opcode::Opcode;
use crate::retain::uses_little;
use crate::utf8::{self, Validator};

/// Inflating.
impl Assembler {
    /// Opens a message to inflate.
    pub(crate) fn begin_inflated(&mut self, opcode: Opcode) {
        self.begin(opcode);
        self.open = Some(match opcode {
            Opcode::Text => Open::TextStream(Validator::new()),
            _ => Open::BinaryStream,
        });
    }

    /// Returns the bytes that were inflated and not delivered.
    pub(crate) fn inflated(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends what `write` writes to room for `most` bytes at most, of which `expected` are likely
    /// to be needed. It gets what was inflated so far and the room, and returns how many bytes it
    /// took and wrote.
    ///
    /// Returns how many bytes it took, and whether it filled the room.
    ///
    /// # Errors
    ///
    /// That of `write`, and [`Violation::InvalidUtf8`] if the bytes make the text invalid.
    pub(crate) fn inflate(
        &mut self,
        expected: usize,
        most: usize,
        write: impl FnOnce(&[u8], &mut [u8]) -> Result<(usize, usize), Violation>,
    ) -> Result<(usize, bool), Violation> {
        let len = self.bytes.len();
        if self.bytes.capacity() - len < MIN_ROOM {
            self.grow(expected, most);
        }
        // The room is zeroed, which has to follow what a piece inflates to: a peer may send many
        // short pieces of a long message.
        let room = (self.bytes.capacity() - len).min(most).min(expected + EXTRA).min(BLOCK);
        self.bytes.resize(len + room, 0);
        let (so_far, room) = self.bytes.split_at_mut(len);
        let room_len = room.len();
        let (taken, written) = write(so_far, room)?;
        self.bytes.truncate(len + written);
        self.validate_from(len)?;
        Ok((taken, written == room_len))
    }

    /// Appends the first bytes of a message, which were inflated elsewhere.
    ///
    /// # Errors
    ///
    /// [`Violation::InvalidUtf8`] if they make the text invalid.
    pub(crate) fn append_inflated(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        self.bytes.extend_from_slice(bytes);
        self.validate_from(0)
    }

    /// Validates the bytes of a text from this index on, which were just written.
    fn validate_from(&mut self, start: usize) -> Result<(), Violation> {
        if let Some(Open::TextStream(validator)) = &mut self.open {
            let fresh = self.bytes.get(start..).unwrap_or_default();
            validator.push(fresh).map_err(|_| Violation::InvalidUtf8)?;
        }
        Ok(())
    }

    /// Takes out what can be delivered of the open message: for a text, all whole code points.
    pub(crate) fn take_inflated(&mut self) -> Received<'static> {
        let Some(Open::TextStream(_)) = &self.open else {
            return Received::Binary(self.take_bytes().into());
        };
        let cut = utf8::unfinished_len(&self.bytes);
        let whole = self.bytes.len() - cut;
        let tail = BytesMut::from(self.bytes.get(whole..).unwrap_or_default());
        self.bytes.truncate(whole);
        let text = self.take_bytes();
        self.bytes = tail;
        Received::Text(Text::from_valid(text.into()))
    }

    /// Returns all bytes, in a buffer that is not much larger.
    fn take_bytes(&mut self) -> BytesMut {
        let bytes = mem::take(&mut self.bytes);
        if uses_little(bytes.len(), bytes.capacity()) { BytesMut::from(&bytes[..]) } else { bytes }
    }

    /// Makes room for more bytes: doubles the buffer, or allocates one for `expected` bytes.
    ///
    /// A buffer doubles to a multiple of itself. So that it is not much larger than `most` in the end,
    /// the first one is a fraction of that.
    fn grow(&mut self, expected: usize, most: usize) {
        let capacity = self.bytes.capacity();
        if capacity >= MIN_ROOM {
            return self.bytes.reserve(capacity);
        }
        let halvings = (most / (expected + EXTRA)).checked_ilog2().unwrap_or_default();
        let mut bytes = BytesMut::with_capacity((most.saturating_add(MIN_ROOM) >> halvings) + 1);
        bytes.extend_from_slice(&self.bytes);
        self.bytes = bytes;
    }
}

/// The least room to inflate to. It has a whole code point.
const MIN_ROOM: usize = 64;

/// The room beyond what is expected. The backend is slow within the last few hundred bytes of it.
const EXTRA: usize = 512;

/// The most that is inflated at once. It is zeroed before, which costs little within a cache.
const BLOCK: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_of_a_short_piece_does_not_grow_with_its_message() {
        let mut assembler = Assembler::default();
        assembler.begin_inflated(Opcode::Binary);
        let mut lens = Vec::new();
        for _ in 0..100_000 {
            let inflated = assembler.inflate(512, usize::MAX >> 1, |_, room| {
                lens.push(room.len());
                Ok((1, 1))
            });
            assert_eq!(inflated, Ok((1, false)));
        }
        assert_eq!(assembler.inflated().len(), 100_000);
        assert_eq!(lens.iter().max(), Some(&(512 + EXTRA)));
    }
}
