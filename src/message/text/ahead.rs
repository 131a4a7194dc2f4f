//! A text in one frame that is looked at where it lies, while the rest of it is yet to come.

use super::{Text, unmask_and_validate};
use crate::mask::{self, Key};
use crate::utf8::{Invalid, Validator};

/// How far such a text has been unmasked and validated.
pub(crate) struct TextAhead {
    /// The key of the payload, turned to the first byte that was not looked at; of one that is not
    /// masked, zeros.
    key: Key,
    /// Bytes at the front of the payload that are unmasked, and valid as far as `validator` has seen
    /// them, which is all of them.
    seen: usize,
    validator: Validator,
}

impl TextAhead {
    pub(in crate::message) fn new(key: Option<Key>) -> Self {
        TextAhead { key: key.unwrap_or(Key::ZERO), seen: 0, validator: Validator::new() }
    }

    /// Unmasks and validates what has come since the last look. `payload` is all that is there of it,
    /// and begins with what was looked at before.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with the index in `payload` of the byte that breaks the text.
    #[inline(always)]
    pub(in crate::message) fn look(&mut self, payload: &mut [u8]) -> Result<(), Invalid> {
        let piece = payload.get_mut(self.seen..).unwrap_or_default();
        if piece.len() <= SHORT {
            // To unmask with zeros is to see whether it is ASCII.
            let is_ascii = mask::unmask_noting_ascii(piece, Some(self.key));
            if !(is_ascii && self.validator.is_complete()) {
                self.validate(piece)?;
            }
        } else {
            self.look_by_blocks(piece)?;
        }
        self.key = self.key.turned(piece.len());
        self.seen += piece.len();
        Ok(())
    }

    #[inline(never)]
    fn look_by_blocks(&mut self, piece: &mut [u8]) -> Result<(), Invalid> {
        let key = (self.key != Key::ZERO).then_some(self.key);
        unmask_and_validate(piece, key, &mut self.validator)
            .map_err(|invalid| self.in_payload(invalid))
    }

    #[inline(never)]
    fn validate(&mut self, piece: &[u8]) -> Result<(), Invalid> {
        self.validator.push(piece).map_err(|invalid| self.in_payload(invalid))
    }

    /// The same place, counted from the first byte of the payload.
    fn in_payload(&self, Invalid { at }: Invalid) -> Invalid {
        Invalid { at: self.seen + at }
    }

    /// The text, `payload` being all of it.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where it breaks, or at its last byte where it ends within a code point.
    pub(in crate::message) fn finish(mut self, payload: &mut [u8]) -> Result<Text<'_>, Invalid> {
        self.look(payload)?;
        if !self.validator.is_complete() {
            return Err(Invalid { at: payload.len() - 1 });
        }
        debug_assert!(core::str::from_utf8(payload).is_ok(), "what was looked at has changed");
        Ok(Text::from_valid(payload.into()))
    }

    /// How many bytes are unmasked.
    pub(in crate::message) const fn seen(&self) -> usize {
        self.seen
    }

    /// The key, turned to the first byte that was not looked at.
    pub(in crate::message) const fn key(&self) -> Key {
        self.key
    }
}

/// Up to this length a piece is not worth a call that goes by blocks.
const SHORT: usize = 128;
