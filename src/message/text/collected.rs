//! A text that is put together before it is told of.

use super::{Repr, Text};
use crate::mask::Key;
use crate::message::buffer::Buffer;
use crate::message::spill::Spill;
use crate::utf8::{Invalid, Validator};

/// A text that is collected from pieces, each validated before it is kept.
#[derive(Default)]
pub(crate) struct TextBuffer {
    /// Valid as far as `validator` has seen it, which is all of it.
    spill: Spill,
    validator: Validator,
}

impl TextBuffer {
    /// Appends a piece, unmasking it where there is a key, unless it breaks the text; `to_come` is
    /// as for [`Spill::append`].
    #[inline(always)]
    pub(in crate::message) fn append(
        &mut self,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> Result<(), Invalid> {
        let start = self.spill.len();
        // To unmask with zeros is to copy, and to see on the way whether it is ASCII.
        let is_ascii = self.spill.append_masked(piece, key.unwrap_or(Key::ZERO), to_come);
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

    /// The whole text, or `None` where it ends within a code point.
    pub(crate) fn finish(self) -> Option<Text<'static>> {
        self.validator
            .is_complete()
            .then(|| Text(Repr::Owned(Buffer::new(self.spill.into_bytes()))))
    }
}
