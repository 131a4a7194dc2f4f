//! A message that does not lie whole in one input: collected in one buffer, or passed on.

use super::spill::Spill;
use super::text::{TextBuffer, TextStream};
use crate::mask::Key;
use crate::opcode::Opcode;
use crate::utf8::Invalid;

/// What is kept of a message from one piece to the next.
pub(crate) enum Incoming {
    /// A text, whose pieces are put together.
    Text(TextBuffer),
    /// A binary message, whose pieces are put together.
    Binary(Spill),
    /// A text, whose pieces are passed on.
    TextStream(TextStream),
    /// A binary message, whose pieces are passed on.
    BinaryStream,
}

impl Incoming {
    /// For a message that a frame with this opcode begins, to be put together.
    pub(crate) fn collected(opcode: Opcode) -> Self {
        match opcode {
            Opcode::Text => Incoming::Text(TextBuffer::default()),
            _ => Incoming::Binary(Spill::default()),
        }
    }

    /// For a message that a frame with this opcode begins, to be passed on.
    pub(crate) fn streamed(opcode: Opcode) -> Self {
        match opcode {
            Opcode::Text => Incoming::TextStream(TextStream::default()),
            _ => Incoming::BinaryStream,
        }
    }

    /// Bytes held on the heap.
    pub(crate) fn memory_usage(&self) -> usize {
        match self {
            Incoming::Text(text) => text.memory_usage(),
            Incoming::Binary(data) => data.memory_usage(),
            Incoming::TextStream(_) | Incoming::BinaryStream => 0,
        }
    }

    /// How many of the next `available` bytes of payload can be taken at once.
    pub(crate) fn piece_len(&self, available: usize) -> usize {
        match self {
            Incoming::TextStream(text) => text.piece_len(available),
            _ => available,
        }
    }

    /// Appends `piece` of a message that is put together, unmasking it where there is a key, after which at most `to_come` bytes of
    /// the message are yet to come.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where it breaks a text.
    #[inline(always)]
    pub(crate) fn append(
        &mut self,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> Result<(), Invalid> {
        match (self, key) {
            (Incoming::Text(text), _) => text.append(piece, key, to_come)?,
            (Incoming::Binary(data), None) => data.append(piece, to_come),
            (Incoming::Binary(data), Some(key)) => {
                data.append_masked(piece, key, to_come);
            }
            (Incoming::TextStream(_) | Incoming::BinaryStream, _) => {}
        }
        Ok(())
    }

    /// Whether a piece of `len` bytes can be appended without growing.
    #[inline(always)]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        match self {
            Incoming::Text(text) => text.has_room(len),
            Incoming::Binary(data) => data.has_room(len),
            Incoming::TextStream(_) | Incoming::BinaryStream => false,
        }
    }
}
