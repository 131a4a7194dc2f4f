//! A message that does not lie whole in one input: collected here, in one buffer.

use super::spill::Spill;
use super::text::TextBuffer;
use crate::mask::Key;
use crate::opcode::Opcode;
use crate::utf8::Invalid;

/// Collects the pieces of one message.
pub(crate) enum Assembler {
    Text(TextBuffer),
    Binary(Spill),
}

impl Assembler {
    /// For a message that a frame with this opcode begins.
    pub(crate) fn new(opcode: Opcode) -> Self {
        match opcode {
            Opcode::Text => Assembler::Text(TextBuffer::default()),
            _ => Assembler::Binary(Spill::default()),
        }
    }

    /// Appends `piece`, unmasking it where there is a key, after which at most `to_come` bytes of
    /// the message are yet to come.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where it breaks a text.
    #[inline]
    pub(crate) fn append(
        &mut self,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> Result<(), Invalid> {
        match (self, key) {
            (Assembler::Text(text), _) => text.append(piece, key, to_come)?,
            (Assembler::Binary(data), None) => data.append(piece, to_come),
            (Assembler::Binary(data), Some(key)) => {
                data.append_masked(piece, key, to_come);
            }
        }
        Ok(())
    }

    /// As [`append`](Self::append), if there is room and the piece is valid; else nothing changes.
    #[inline(always)]
    pub(crate) fn append_inner(&mut self, piece: &[u8], key: Option<Key>) -> bool {
        match (self, key) {
            (Assembler::Text(text), _) => {
                text.has_room(piece.len()) && text.append(piece, key, 0).is_ok()
            }
            (Assembler::Binary(data), _) if !data.has_room(piece.len()) => false,
            (Assembler::Binary(data), None) => {
                data.append(piece, 0);
                true
            }
            (Assembler::Binary(data), Some(key)) => {
                data.append_masked(piece, key, 0);
                true
            }
        }
    }
}
