//! A message that does not lie whole in one input: collected in one buffer, or passed on.

use bytes::BytesMut;

use super::spare::{HOLDERS, Quiet, Spare};
use super::spill::Spill;
use super::text::{Text, TextBuffer, TextStream};
use crate::mask::Key;
use crate::opcode::Opcode;
use crate::utf8::Invalid;

/// What is kept of a message from one piece to the next, and of a large one for the next message.
pub(crate) enum Incoming {
    /// No message: memory for the next one.
    Spare(Spare, Quiet),
    /// A text, whose pieces are put together, in memory that waited for it where the other is `Some`.
    Text(TextBuffer, Option<Quiet>),
    /// A binary message, whose pieces are put together; likewise.
    Binary(Spill, Option<Quiet>),
    /// A text, whose pieces are passed on.
    TextStream(TextStream),
    /// A binary message, whose pieces are passed on.
    BinaryStream,
}

/// A message that was put together.
pub(crate) enum Collected {
    Binary(BytesMut),
    Text(Text<'static>),
    /// A text that ends within a code point.
    CutOff,
}

impl Incoming {
    /// The message that is open in `slot`, or one that a frame with this opcode begins, to be put
    /// together.
    #[inline(always)]
    pub(crate) fn collecting(slot: &mut Option<Incoming>, opcode: Opcode) -> &mut Incoming {
        if let Some(Incoming::Spare(..)) = slot {
            Incoming::reclaim(slot, opcode);
        }
        slot.get_or_insert_with(|| Incoming::within(Spill::default(), opcode, None))
    }

    /// Begins a message in the memory that waits for it, or in as much where an event holds a part of
    /// that.
    #[inline(never)]
    fn reclaim(slot: &mut Option<Incoming>, opcode: Opcode) {
        if let Some(Incoming::Spare(spare, quiet)) = slot.take() {
            let spill = Spill::within(spare.into_buffer());
            *slot = Some(Incoming::within(spill, opcode, Some(quiet)));
        }
    }

    #[inline(always)]
    fn within(spill: Spill, opcode: Opcode, quiet: Option<Quiet>) -> Self {
        match opcode {
            Opcode::Text => Incoming::Text(TextBuffer::within(spill), quiet),
            _ => Incoming::Binary(spill, quiet),
        }
    }

    /// For a message that a frame with this opcode begins, to be passed on.
    pub(crate) fn streamed(opcode: Opcode) -> Self {
        match opcode {
            Opcode::Text => Incoming::TextStream(TextStream::default()),
            _ => Incoming::BinaryStream,
        }
    }

    /// The message in `slot` that was put together, whose memory may wait there for the next; `None`
    /// where there is none.
    #[inline(always)]
    pub(crate) fn finish(slot: &mut Option<Incoming>) -> Option<Collected> {
        let mut kept = None;
        let collected = match slot.take()? {
            Incoming::Binary(data, quiet) => {
                Collected::Binary(Spare::hand_out(data.into_bytes(), quiet, &mut kept))
            }
            Incoming::Text(text, quiet) => {
                text.finish(quiet, &mut kept).map_or(Collected::CutOff, Collected::Text)
            }
            Incoming::Spare(..) | Incoming::TextStream(_) | Incoming::BinaryStream => return None,
        };
        if let Some((spare, quiet)) = kept {
            *slot = Some(Incoming::Spare(spare, quiet));
        }
        Some(collected)
    }

    /// Gives back memory that waits, also where little of a message has been put into it.
    pub(crate) fn release(slot: &mut Option<Incoming>) {
        let (spill, quiet) = match slot {
            Some(Incoming::Spare(..)) => {
                *slot = None;
                return;
            }
            Some(Incoming::Text(text, quiet)) => (text.spill_mut(), quiet),
            Some(Incoming::Binary(data, quiet)) => (data, quiet),
            None | Some(Incoming::TextStream(_) | Incoming::BinaryStream) => return,
        };
        if quiet.is_some() && spill.len() <= MAX_RELEASE_MOVE {
            *quiet = None;
            *spill = Spill::within(BytesMut::from(spill.since(0)));
        }
    }

    /// Bytes held on the heap.
    pub(crate) fn memory_usage(&self) -> usize {
        let (buffer, quiet) = match self {
            Incoming::Spare(spare, _) => return spare.memory_usage(),
            Incoming::Text(text, quiet) => (text.memory_usage(), quiet),
            Incoming::Binary(data, quiet) => (data.memory_usage(), quiet),
            Incoming::TextStream(_) | Incoming::BinaryStream => return 0,
        };
        buffer + if quiet.is_some() { HOLDERS } else { 0 }
    }

    /// How many of the next `available` bytes of payload can be taken at once.
    pub(crate) fn piece_len(&self, available: usize) -> usize {
        match self {
            Incoming::TextStream(text) => text.piece_len(available),
            _ => available,
        }
    }

    /// Appends `piece` of a message that is put together, unmasking it where there is a key, after
    /// which at most `to_come` bytes of the message are yet to come.
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
        // To ask a full buffer for room, though it be none, has it grow.
        if piece.is_empty() {
            return Ok(());
        }
        match self {
            Incoming::Text(text, _) => text.append(piece, key, to_come)?,
            Incoming::Binary(data, _) => data.append(piece, key, to_come),
            Incoming::Spare(..) | Incoming::TextStream(_) | Incoming::BinaryStream => {}
        }
        Ok(())
    }

    /// Whether a piece of `len` bytes can be appended without growing.
    #[inline(always)]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        match self {
            Incoming::Text(text, _) => text.has_room(len),
            Incoming::Binary(data, _) => data.has_room(len),
            Incoming::Spare(..) | Incoming::TextStream(_) | Incoming::BinaryStream => false,
        }
    }
}

/// Bytes of a message that are moved at most to give back the memory around them.
const MAX_RELEASE_MOVE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_piece_takes_no_room() {
        for opcode in [Opcode::Text, Opcode::Binary] {
            for (key, to_come) in [(None, 0), (None, u64::MAX), (Some(Key::ZERO), u64::MAX)] {
                let mut message = Incoming::within(Spill::default(), opcode, None);
                message.append(b"", key, to_come).unwrap();
                assert_eq!(message.memory_usage(), 0);
                let len = 2000;
                message.append(&vec![0; len], key, 0).unwrap();
                assert_eq!(message.memory_usage(), len);
                message.append(b"", key, to_come).unwrap();
                assert_eq!(message.memory_usage(), len);
            }
        }
    }
}
