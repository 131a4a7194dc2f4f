//! A text that is put together before it is told of.

use super::{Repr, Text};
use crate::mask::Key;
use crate::message::buffer::Buffer;
use crate::message::spare::{Quiet, Spare};
use crate::message::spill::Spill;
use crate::utf8::{Invalid, Validator};

/// A text that is collected from pieces, each validated before it is kept.
pub(crate) struct TextBuffer {
    /// Valid as far as `validator` has seen it, which is all of it.
    spill: Spill,
    validator: Validator,
}

impl TextBuffer {
    /// Collects in `spill`, which is empty.
    pub(in crate::message) fn within(spill: Spill) -> Self {
        TextBuffer { spill, validator: Validator::new() }
    }

    /// Appends a piece, unmasking it, unless it breaks the text; `to_come` is
    /// as for [`Spill::append`].
    #[inline(always)]
    pub(in crate::message) fn append(
        &mut self,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> Result<(), Invalid> {
        let start = self.spill.len();
        let is_ascii = self.spill.append_noting_ascii(piece, key, to_come);
        if is_ascii && self.validator.is_complete() {
            return Ok(());
        }
        // What breaks the text is not kept, and leaves the validator at what is.
        let mut validator = self.validator;
        validator.push(self.spill.since(start)).inspect_err(|_| self.spill.truncate(start))?;
        self.validator = validator;
        Ok(())
    }

    /// Bytes held on the heap.
    pub(in crate::message) fn memory_usage(&self) -> usize {
        self.spill.memory_usage()
    }

    /// Whether [`append`](Self::append) has room for `len` bytes without growing.
    #[inline(always)]
    pub(in crate::message) fn has_room(&self, len: usize) -> bool {
        self.spill.has_room(len)
    }

    /// What was collected, to be moved: the very same bytes.
    pub(in crate::message) fn spill_mut(&mut self) -> &mut Spill {
        &mut self.spill
    }

    /// The whole text, handed out as by [`Spare::hand_out`], or `None` where it ends within a code point.
    #[inline(always)]
    pub(in crate::message) fn finish(
        self,
        quiet: Option<Quiet>,
        kept: &mut Option<(Spare, Quiet)>,
    ) -> Option<Text<'static>> {
        if !self.validator.is_complete() {
            return None;
        }
        let bytes = Spare::hand_out(self.spill.into_bytes(), quiet, kept);
        Some(Text(Repr::Owned(Buffer::new(bytes))))
    }
}
