//! A message that has not come whole, and stays where the caller keeps it until it has.
//!
//! The decoder takes none of it before that, but knows how much there is.

use super::decoder::{Decoder, State};
use super::header::expected_len;
use super::whole::SingleFrame;

/// What stays with the caller.
pub(crate) enum Kept {
    /// A part of a header, with nothing wrong so far, and how long that is as far as it tells.
    Header(usize),
    /// A message in one frame, of whose payload something is yet to come.
    Message(SingleFrame),
}

impl Decoder {
    /// What `bytes` begin with, which are no [`whole_message`](Self::whole_message), where that may
    /// stay with the caller. `None` where it is to be taken in pieces: fragments, control frames,
    /// what an extension has changed, what breaks a rule.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> Option<Kept> {
        if !matches!(self.state, State::Idle | State::Kept(_)) {
            return None;
        }
        let kept = match self.rules.single_frame(bytes) {
            Some(frame) => Kept::Message(frame),
            None if matches!(self.rules.read(None, bytes), Ok(None)) => {
                Kept::Header(expected_len(bytes))
            }
            None => return None,
        };
        self.start = self.offset;
        self.note_kept(bytes.len());
        Some(kept)
    }

    /// Whether something stays with the caller.
    #[inline]
    pub(crate) fn is_keeping(&self) -> bool {
        matches!(self.state, State::Kept(_))
    }

    /// Notes how many bytes stay with the caller now.
    #[inline]
    pub(crate) fn note_kept(&mut self, len: usize) {
        self.state = State::Kept(len as u64);
    }

    /// Takes the message of `len` bytes that stayed with the caller, and is whole now.
    #[inline]
    pub(crate) fn take_kept(&mut self, len: usize) {
        self.offset += len as u64;
        self.state = State::Idle;
    }
}
