//! A text that is told of as it arrives.

use bytes::BytesMut;

use super::{Text, unmask_and_validate};
use crate::frame::ShortBytes;
use crate::mask::Key;
use crate::message::Payload;
use crate::utf8::{self, Invalid, Validator};

/// A text that is passed on in pieces, each of them whole code points.
///
/// A piece is lent from where it lies. Of the code point that its end cuts, the first bytes are kept
/// here; when the rest of it comes, it is a piece of its own.
#[derive(Default)]
pub(crate) struct TextStream {
    /// Has seen all that was taken.
    validator: Validator,
    /// The bytes that begin a code point which the validator awaits the rest of.
    cut: ShortBytes<4>,
}

impl TextStream {
    /// How many of the next `available` bytes can be taken at once.
    pub(crate) fn piece_len(&self, available: usize) -> usize {
        if self.cut.is_empty() { available } else { available.min(self.validator.missing()) }
    }

    /// Takes the next bytes, as many as [`piece_len`](Self::piece_len) says, unmasking them where
    /// there is a key. Gives what they complete of the text.
    ///
    /// # Errors
    ///
    /// [`Invalid`] where they break the text; nothing more can be taken then.
    pub(crate) fn take<'a>(
        &mut self,
        mut piece: Payload<'a>,
        key: Option<Key>,
    ) -> Result<Text<'a>, Invalid> {
        let mut validator = self.validator;
        unmask_and_validate(&mut piece, key, &mut validator)?;
        self.validator = validator;
        if !self.cut.is_empty() {
            self.cut.append(&piece);
            if !self.validator.is_complete() {
                return Ok(Text::EMPTY);
            }
            let code_point = BytesMut::from(&self.cut[..]);
            self.cut = ShortBytes::EMPTY;
            // Looked at again, so that it is text also where more was taken than fits.
            return Text::from_utf8(code_point.into());
        }
        let whole = piece.len() - utf8::unfinished_len(&piece);
        self.cut.append(piece.get(whole..).unwrap_or_default());
        piece.truncate(whole);
        Ok(Text::from_valid(piece))
    }

    /// Whether the text so far ends with a whole code point.
    pub(crate) fn is_complete(&self) -> bool {
        self.validator.is_complete()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(text: &mut TextStream, bytes: &[u8]) -> Result<Vec<u8>, Invalid> {
        let mut bytes = bytes.to_vec();
        text.take(Payload::from(&mut bytes[..]), None).map(|text| text.as_bytes().to_vec())
    }

    /// What nobody does, as it would break the promise that a `Text` is UTF-8.
    #[test]
    fn a_piece_that_is_too_long_is_no_text() {
        let mut text = TextStream::default();
        assert_eq!(take(&mut text, b"\xC3"), Ok(vec![]));
        assert_eq!(text.piece_len(100), 1);
        assert!(take(&mut text, b"\xA9a\xF0\x9F\x98\x80").is_err());
    }

    #[test]
    fn what_follows_an_error_is_text() {
        let mut text = TextStream::default();
        let long = [vec![b'x'; 8191], b"\xC3y".to_vec()].concat();
        assert!(take(&mut text, &long).is_err());
        assert!(take(&mut text, b"\xA9abc").is_err());
        assert_eq!(take(&mut text, b"abc"), Ok(b"abc".to_vec()));
    }
}
