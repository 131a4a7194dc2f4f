//! A text that is delivered in chunks as it arrives.

use core::mem;

use bytes::BytesMut;

use super::{Text, unmask_and_validate};
use crate::mask::Key;
use crate::message::Payload;
use crate::utf8::{self, InvalidUtf8, Validator};

/// Unmasks the next piece of a text, if there is a key, and returns the whole code points that can
/// now be delivered. `validator` has seen all that was taken before.
///
/// The returned text borrows the piece. If the end of the piece cuts a code point, the first bytes
/// of that code point are moved to `cut`. The next piece must not be longer than the rest of that
/// code point, which is then returned as a text by itself.
///
/// # Errors
///
/// [`InvalidUtf8`] if the piece makes the text invalid.
pub(in crate::message) fn take_chunk<'a>(
    mut piece: Payload<'a>,
    key: Option<Key>,
    validator: &mut Validator,
    cut: &mut BytesMut,
) -> Result<Text<'a>, InvalidUtf8> {
    let begins_within_code_point = !validator.is_complete();
    let mut next = *validator;
    unmask_and_validate(&mut piece, key, &mut next)?;
    *validator = next;
    if begins_within_code_point {
        cut.extend_from_slice(&piece);
        if !validator.is_complete() {
            return Ok(Text::EMPTY);
        }
        // Validated again, so that it is UTF-8 even if the piece was too long.
        return Text::from_utf8(mem::take(cut).into());
    }
    let whole = piece.len() - utf8::unfinished_len(&piece);
    if let Some(front @ [_, ..]) = piece.get(whole..) {
        *cut = BytesMut::with_capacity(front.len() + validator.missing());
        cut.extend_from_slice(front);
    }
    piece.truncate(whole);
    Ok(Text::from_valid(piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text that is streamed.
    struct Stream {
        validator: Validator,
        cut: BytesMut,
    }

    impl Stream {
        fn new() -> Self {
            Stream { validator: Validator::new(), cut: BytesMut::new() }
        }

        fn take(&mut self, bytes: &[u8]) -> Result<Vec<u8>, InvalidUtf8> {
            let mut bytes = bytes.to_vec();
            let piece = Payload::from(&mut bytes[..]);
            let text = take_chunk(piece, None, &mut self.validator, &mut self.cut)?;
            Ok(text.as_bytes().to_vec())
        }
    }

    /// No caller passes such a piece. If one did, a `Text` must still be UTF-8.
    #[test]
    fn a_piece_that_is_too_long_is_text_once_its_last_code_point_is_whole() {
        let mut text = Stream::new();
        assert_eq!(text.take(b"\xC3"), Ok(vec![]));
        assert_eq!(text.take(b"\xA9a\xF0\x9F"), Ok(vec![]));
        assert_eq!(text.take(b"\x98\x80"), Ok("éa😀".into()));
    }

    #[test]
    fn what_is_kept_of_a_cut_code_point_has_the_room_of_it_alone() {
        for code_point in ["é", "€", "🦀"] {
            let mut text = Stream::new();
            assert_eq!(text.take(&code_point.as_bytes()[..1]), Ok(vec![]));
            assert_eq!(text.cut.capacity(), code_point.len());
        }
    }

    #[test]
    fn what_follows_an_error_is_text() {
        let mut text = Stream::new();
        let long = [vec![b'x'; 8191], b"\xC3y".to_vec()].concat();
        assert!(text.take(&long).is_err());
        assert!(text.take(b"\xA9abc").is_err());
        assert_eq!(text.take(b"abc"), Ok(b"abc".to_vec()));
    }
}
