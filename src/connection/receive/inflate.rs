//! Receiving compressed messages, RFC 7692 §7.2.2.
//!
//! ```text
//! whole in one read       inflated by the thread's inflater
//! cut, up to 4 KiB        kept compressed until it is whole
//! cut, longer             inflated as it comes, by an inflater of its own
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::input::{Source, chunk_event};
use crate::connection::compression::{Compression, violation};
use crate::connection::{Connection, Event};
use crate::deflate::{Deflate, Held, Inflater};
use crate::error::{ProtocolError, Violation};
use crate::frame::{CurrentFrame, Rsv};
use crate::mask;
use crate::message::{Assembler, Payload, Text};
use crate::opcode::Opcode;

/// A compressed message that is partially received.
#[derive(Default)]
pub(in crate::connection) struct CompressedMessage {
    /// Its bytes so far, unmasked, if there are few.
    kept: Vec<u8>,
    /// What inflates it, if there are more.
    held: Option<Held>,
    /// How many bytes it has inflated to, if it is streamed.
    inflated: u64,
    /// If it is streamed: the first byte of the rest of its payload was inflated, but left in the
    /// input because more is to be delivered.
    is_ahead: bool,
}

impl CompressedMessage {
    /// Returns how many bytes it holds on the heap.
    pub(in crate::connection) fn memory_usage(&self) -> usize {
        size_of::<Self>()
            + self.kept.capacity()
            + self.held.as_ref().map_or(0, |_| Inflater::MEMORY)
    }
}

impl Connection {
    /// Returns `true` if this frame of data is of a compressed message, RFC 7692 §6: RSV1 is set on
    /// the first frame.
    pub(super) fn is_compressed(&self, frame: CurrentFrame) -> bool {
        frame.rsv.contains(Rsv::RSV1)
            || self.compression.as_ref().is_some_and(|compression| compression.incoming.is_some())
    }

    /// Takes the next piece of a compressed message. `input` holds `len` bytes of its payload.
    #[inline(never)]
    pub(super) fn take_compressed<'a>(
        &mut self,
        frame: CurrentFrame,
        len: usize,
        input: &mut impl Source<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let start = self.decoder.unfinished().unwrap_or_default();
        let taken = if self.is_streaming {
            self.stream_compressed(frame, len, input)
        } else if frame.is_whole_message(len) {
            self.take_whole_compressed(frame, len, input).map(Some)
        } else {
            self.reassemble_compressed(frame, len, input)
        };
        taken.map_err(|violation| ProtocolError::new(violation, start))
    }

    /// Takes a compressed message that is whole in `input`.
    fn take_whole_compressed<'a>(
        &mut self,
        frame: CurrentFrame,
        len: usize,
        input: &mut impl Source<'a>,
    ) -> Result<Event<'a>, Violation> {
        let mut piece = input.take(len);
        mask::unmask(&mut piece, frame.key);
        self.decoder.advance(len);
        let spare = input.take_spare();
        let mut inflating = self.inflating().ok_or(Violation::InvalidDeflate)?;
        let len = inflating.inflate_to(spare, frame.opcode, &piece)?;
        let Some(len) = len else {
            input.put_back_spare(spare);
            return self.finish_compressed();
        };
        // If too little were left, the next message would be inflated to a buffer of the assembler, and
        // copied out of that.
        if len <= MAX_COPIED && spare.len() - len < 2 * expected_len(piece.len()) {
            let copy = spare.get(..len).unwrap_or_default().into();
            input.put_back_spare(spare);
            return whole_message(frame.opcode, copy);
        }
        let (message, rest) = spare.split_at_mut(len);
        input.put_back_spare(rest);
        whole_message(frame.opcode, message.into())
    }

    /// Takes a piece of a compressed message that is delivered whole, and cut.
    fn reassemble_compressed<'a>(
        &mut self,
        frame: CurrentFrame,
        len: usize,
        input: &mut impl Source<'a>,
    ) -> Result<Option<Event<'a>>, Violation> {
        let last = frame.is_end_of_message(len);
        let mut message = self.compressed_message(frame.opcode);
        let mut piece = input.take(len);
        mask::unmask(&mut piece, frame.key);
        self.decoder.advance(len);
        let mut inflating = self.inflating().ok_or(Violation::InvalidDeflate)?;
        inflating.reassemble(&mut message, &piece, last)?;
        if last {
            return self.finish_compressed().map(Some);
        }
        self.keep(message);
        Ok(None)
    }

    /// Takes the next chunk of a compressed message that is streamed.
    fn stream_compressed<'a>(
        &mut self,
        frame: CurrentFrame,
        len: usize,
        input: &mut impl Source<'a>,
    ) -> Result<Option<Event<'a>>, Violation> {
        let mut message = self.compressed_message(frame.opcode);
        let piece = input.bytes().get(..len).unwrap_or_default();
        let mut inflating = self.inflating().ok_or(Violation::InvalidDeflate)?;
        let taken = inflating.stream(&mut message, frame, piece)?;
        let chunk = self.assembler.take_inflated();
        self.decoder.advance(taken);
        input.skip(taken);
        let last = frame.is_end_of_message(taken) && !message.is_ahead;
        if !last {
            self.keep(message);
        } else if !self.assembler.end_stream() {
            return Err(Violation::InvalidUtf8);
        }
        Ok(chunk_event(chunk, last))
    }

    /// Returns the compressed message that was inflated to the assembler.
    fn finish_compressed(&mut self) -> Result<Event<'static>, Violation> {
        self.assembler.finish().map(Event::from).ok_or(Violation::InvalidUtf8)
    }

    /// Returns the compressed message that is partially received, or a new one.
    fn compressed_message(&mut self, opcode: Opcode) -> Box<CompressedMessage> {
        let kept = self.compression.as_mut().and_then(|state| state.incoming.take());
        kept.unwrap_or_else(|| {
            self.assembler.begin_inflated(opcode);
            Box::default()
        })
    }

    fn inflating(&mut self) -> Option<Inflating<'_>> {
        Some(Inflating {
            compression: self.compression.as_mut()?,
            settings: self.config.deflate.as_ref()?,
            assembler: &mut self.assembler,
            limit: self.config.message_limits().message,
        })
    }

    /// Keeps a message until its next piece arrives.
    fn keep(&mut self, message: Box<CompressedMessage>) {
        if let Some(compression) = &mut self.compression {
            compression.incoming = Some(message);
        }
    }
}

/// Inflates pieces of a message.
struct Inflating<'c> {
    compression: &'c mut Compression,
    settings: &'c Deflate,
    assembler: &'c mut Assembler,
    /// The most bytes that a message may inflate to.
    limit: u64,
}

impl Inflating<'_> {
    /// Takes the next piece of a message that is delivered whole.
    fn reassemble(
        &mut self,
        message: &mut CompressedMessage,
        piece: &[u8],
        last: bool,
    ) -> Result<(), Violation> {
        if message.held.is_none() {
            if last && message.kept.is_empty() {
                return self.inflate_whole(piece);
            }
            if message.kept.len() + piece.len() <= MAX_KEPT {
                message.kept.extend_from_slice(piece);
                return if last { self.inflate_whole(&message.kept) } else { Ok(()) };
            }
            let inflater = self.compression.take_inflater();
            let mut held = self.held(inflater)?;
            self.inflate(held.get_mut(), &message.kept)?;
            message.held = Some(held);
            message.kept = Vec::new();
        }
        let Some(mut held) = message.held.take() else { return Ok(()) };
        self.inflate(held.get_mut(), piece)?;
        if last {
            let inflated = self.assembler.inflated();
            return self.compression.finish_inflating(held.into_inner(), inflated);
        }
        message.held = Some(held);
        Ok(())
    }

    /// Inflates a message that is whole to the front of `spare`, and returns its length. If there is
    /// too little room, inflates it to the assembler, and returns `None`.
    fn inflate_to(
        &mut self,
        spare: &mut [u8],
        opcode: Opcode,
        mut bytes: &[u8],
    ) -> Result<Option<usize>, Violation> {
        let mut inflater = self.compression.take_inflater();
        let most = spare.len().min(self.most(0));
        let room = spare.get_mut(..most).unwrap_or_default();
        let mut len = 0;
        // The backend is slow within the last few hundred bytes of its room.
        while len < most && expected_len(bytes.len()) <= most {
            let (so_far, rest) = room.split_at_mut(len);
            let before = self.compression.known(so_far);
            let (taken, written) = inflater.step(bytes, rest, &before).map_err(violation)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            len += written;
            if bytes.is_empty() && written < rest.len() {
                let inflated = room.get(..len).unwrap_or_default();
                self.compression.finish_inflating(inflater, inflated)?;
                return Ok(Some(len));
            }
        }
        self.assembler.begin_inflated(opcode);
        self.assembler.append_inflated(room.get(..len).unwrap_or_default())?;
        self.inflate_rest(inflater, bytes)?;
        Ok(None)
    }

    /// Inflates a message that is whole to the assembler.
    fn inflate_whole(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        let inflater = self.compression.take_inflater();
        self.inflate_rest(inflater, bytes)
    }

    /// Inflates the rest of a message to the assembler.
    fn inflate_rest(&mut self, mut inflater: Box<Inflater>, bytes: &[u8]) -> Result<(), Violation> {
        self.inflate(&mut inflater, bytes)?;
        self.compression.finish_inflating(inflater, self.assembler.inflated())
    }

    /// Inflates all of `bytes`.
    fn inflate(&mut self, inflater: &mut Inflater, mut bytes: &[u8]) -> Result<(), Violation> {
        let start = self.assembler.inflated().len();
        loop {
            let len = self.assembler.inflated().len();
            let most = self.most(len as u64);
            let expected = expected_len(bytes.len()).max(len - start);
            let compression = &*self.compression;
            let (taken, is_full) = self.assembler.inflate(expected, most, |so_far, room| {
                inflater.step(bytes, room, &compression.known(so_far)).map_err(violation)
            })?;
            self.check_len(self.assembler.inflated().len() as u64)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            if bytes.is_empty() && !is_full {
                return Ok(());
            }
        }
    }

    /// Takes from the next piece of a message that is streamed, which is masked, until a chunk is
    /// full. Returns how many bytes it took.
    ///
    /// It does not take the last byte of a piece before all was delivered that the piece inflates to.
    /// So whoever calls has something to call with until then.
    fn stream(
        &mut self,
        message: &mut CompressedMessage,
        frame: CurrentFrame,
        piece: &[u8],
    ) -> Result<usize, Violation> {
        let mut unmasked = [0; MAX_UNMASKED];
        let len = piece.len().min(MAX_UNMASKED);
        let unmasked = unmasked.get_mut(..len).unwrap_or_default();
        unmasked.copy_from_slice(piece.get(..len).unwrap_or_default());
        mask::unmask(unmasked, frame.key);

        let ahead = usize::from(message.is_ahead);
        let fresh = unmasked.get(ahead..).unwrap_or_default();
        let mut held = message.held.take();
        let mut started =
            if held.is_some() { None } else { Some(self.compression.take_inflater()) };
        let Some(inflater) = held.as_mut().map(Held::get_mut).or(started.as_deref_mut()) else {
            return Ok(0);
        };

        let before = self.assembler.inflated().len();
        let [older, newer] = self.compression.history.parts();
        let most = self.most(message.inflated);
        let expected = expected_len(len).min(MAX_CHUNK);
        let (taken, is_full) = self.assembler.inflate(expected, most, |_, room| {
            inflater.step(fresh, room, &[older, newer]).map_err(violation)
        })?;
        let fresh = self.assembler.inflated().get(before..).unwrap_or_default();
        message.inflated += fresh.len() as u64;
        self.check_len(message.inflated)?;
        self.compression.history.append(fresh, self.compression.peer_window);

        let mut taken = ahead + taken;
        message.is_ahead = is_full && taken == piece.len() && taken > 0;
        if message.is_ahead {
            taken -= 1;
        }
        if frame.is_end_of_message(taken) && !message.is_ahead {
            let inflater = started.or(held.map(Held::into_inner));
            if let Some(inflater) = inflater {
                self.compression.finish_inflating(inflater, &[])?;
            }
            return Ok(taken);
        }
        message.held = match started {
            Some(inflater) => Some(self.held(inflater)?),
            None => held,
        };
        Ok(taken)
    }

    /// Returns how many bytes may be inflated at once if there are so many before. At the limit, that
    /// is one, to find out whether there are more.
    fn most(&self, before: u64) -> usize {
        usize::try_from(self.limit.saturating_sub(before)).unwrap_or(usize::MAX).max(1)
    }

    fn check_len(&self, inflated: u64) -> Result<(), Violation> {
        let limit = self.limit;
        if inflated > limit {
            return Err(Violation::MessageTooBig { len: limit.saturating_add(1), limit });
        }
        Ok(())
    }

    /// Returns an inflater to hold until the rest of a message arrives.
    fn held(&self, inflater: Box<Inflater>) -> Result<Held, Violation> {
        Held::new(inflater, self.settings).ok_or(Violation::TooManyInflaters)
    }
}

/// Returns the event of a whole message.
#[inline(always)]
fn whole_message(opcode: Opcode, message: Payload<'_>) -> Result<Event<'_>, Violation> {
    if opcode == Opcode::Text {
        let text = Text::from_utf8(message);
        return text.map(Event::Text).map_err(|_| Violation::InvalidUtf8);
    }
    Ok(Event::Binary(message))
}

/// Returns how many bytes so many compressed ones are likely to inflate to.
fn expected_len(compressed: usize) -> usize {
    compressed.saturating_mul(8).clamp(MIN_EXPECTED, MAX_EXPECTED)
}

const MIN_EXPECTED: usize = 512;
const MAX_EXPECTED: usize = 64 << 10;

/// The most bytes of a message that is copied out of the spare memory. A longer one, which uses more
/// than little of the assembler's buffer, takes no longer without that memory.
const MAX_COPIED: usize = 256;

/// The most bytes that are kept of a message before it takes an inflater of its own, which takes a
/// dozen times as much.
const MAX_KEPT: usize = 4 << 10;

/// The most bytes that are unmasked at once of a message that is streamed.
const MAX_UNMASKED: usize = 4 << 10;

/// The most bytes in one chunk of a message that is streamed.
const MAX_CHUNK: usize = 16 << 10;
