//! A message in one frame that is looked at where it lies, while the rest of it is yet to come.

use super::Payload;
use super::text::{Text, TextAhead};
use crate::frame::SingleFrame;
use crate::mask::{self, Key};
use crate::opcode::Opcode;
use crate::utf8::Invalid;

/// How far such a message has been unmasked, and a text validated: the rest of it is as it came.
pub(crate) struct Ahead {
    header_len: usize,
    payload_len: usize,
    kind: Kind,
}

enum Kind {
    Text(TextAhead),
    Binary {
        /// The key of a masked payload, turned to the first byte that is not unmasked.
        key: Option<Key>,
        /// Bytes at the front that are unmasked.
        seen: usize,
    },
}

/// A message that was looked at to its end.
pub(crate) enum Whole<'a> {
    Text(Text<'a>),
    Binary(Payload<'a>),
}

impl Ahead {
    pub(crate) fn new(frame: SingleFrame) -> Self {
        let kind = match frame.opcode {
            Opcode::Text => Kind::Text(TextAhead::new(frame.key)),
            _ => Kind::Binary { key: frame.key, seen: 0 },
        };
        Ahead { header_len: frame.header_len, payload_len: frame.payload_len, kind }
    }

    /// Bytes of the header.
    pub(crate) fn header_len(&self) -> usize {
        self.header_len
    }

    /// Bytes of the payload.
    pub(crate) fn payload_len(&self) -> usize {
        self.payload_len
    }

    /// Bytes of the frame.
    pub(crate) fn frame_len(&self) -> usize {
        self.header_len.saturating_add(self.payload_len)
    }

    /// Looks at the payload as far as it has come, which begins with what was looked at before: at
    /// text to the last byte, as any may break it, and at binary that is masked when there is much of
    /// it, while the nearest cache holds it.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with the index in the payload of the byte that breaks a text.
    #[inline]
    pub(crate) fn look(&mut self, payload: &mut [u8]) -> Result<(), Invalid> {
        match &mut self.kind {
            Kind::Text(text) => text.look(payload)?,
            Kind::Binary { key, seen } if payload.len() - *seen >= BATCH => {
                unmask_rest(payload, key, seen);
            }
            Kind::Binary { .. } => {}
        }
        Ok(())
    }

    /// How much of the frame is there when the next look does the most at once.
    pub(crate) fn batch(&self) -> usize {
        let (seen, batch) = match &self.kind {
            Kind::Text(text) => (text.seen(), BATCH),
            Kind::Binary { key: Some(_), seen } => (*seen, BATCH),
            Kind::Binary { key: None, seen } => (*seen, BATCH_AS_RECEIVED),
        };
        self.header_len + self.payload_len.min(seen + batch)
    }

    /// Whether nothing of the payload has to be looked at.
    pub(crate) fn is_as_received(&self) -> bool {
        matches!(self.kind, Kind::Binary { key: None, .. })
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_))
    }

    /// The message, `payload` being all of it.
    ///
    /// # Errors
    ///
    /// [`Invalid`] as for [`look`](Self::look), and at the last byte of a text that ends within a
    /// code point.
    #[inline]
    pub(crate) fn finish(self, payload: &mut [u8]) -> Result<Whole<'_>, Invalid> {
        match self.kind {
            Kind::Text(text) => text.finish(payload).map(Whole::Text),
            Kind::Binary { mut key, mut seen } => {
                unmask_rest(payload, &mut key, &mut seen);
                Ok(Whole::Binary(payload.into()))
            }
        }
    }

    /// Makes a payload again what it was before it was looked at.
    pub(crate) fn undo(&self, payload: &mut [u8]) {
        let (key, seen) = match &self.kind {
            Kind::Text(text) => (Some(text.key()), text.seen()),
            Kind::Binary { key, seen } => (*key, *seen),
        };
        // The key is turned `seen` bytes on: as many more as make a multiple of four turn it back.
        let key = key.map(|key| key.turned(4 - seen % 4));
        mask::unmask(payload.get_mut(..seen).unwrap_or_default(), key);
    }
}

/// Unmasks what follows the first `seen` bytes.
#[inline]
fn unmask_rest(payload: &mut [u8], key: &mut Option<Key>, seen: &mut usize) {
    let piece = payload.get_mut(*seen..).unwrap_or_default();
    mask::unmask(piece, *key);
    *key = key.map(|key| key.turned(piece.len()));
    *seen += piece.len();
}

/// Bytes of a payload that are best looked at together.
const BATCH: usize = 8 << 10;

/// The same where there is nothing to be done for them: a thread that serves other connections too
/// has its turn between.
const BATCH_AS_RECEIVED: usize = 256 << 10;
