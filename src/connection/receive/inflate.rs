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
use crate::connection::compression::Compression;
use crate::connection::{Connection, Event};
use crate::deflate::{Deflate, Fault, Held, Inflater};
use crate::error::{ProtocolError, Violation};
use crate::frame::{CurrentFrame, Rsv};
use crate::mask;
use crate::message::Assembler;
use crate::opcode::Opcode;

/// A compressed message that is partially received.
pub(in crate::connection) struct CompressedMessage {
    /// The offset of its first byte in the bytes received.
    start: u64,
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
    fn new(start: u64) -> Self {
        CompressedMessage { start, kept: Vec::new(), held: None, inflated: 0, is_ahead: false }
    }

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
        let offset = self.decoder.unfinished().unwrap_or_default();
        let Some((mut message, mut work)) = self.inflating(frame.opcode, offset) else {
            return Ok(None);
        };
        let start = message.start;
        let fail = |violation| ProtocolError::new(violation, start);
        if work.is_streaming {
            let piece = input.bytes().get(..len).unwrap_or_default();
            let taken = work.stream(&mut message, frame, piece).map_err(fail)?;
            let last = frame.is_end_of_message(taken) && !message.is_ahead;
            let chunk = work.assembler.take_inflated();
            self.decoder.advance(taken);
            input.skip(taken);
            if !last {
                self.keep(message);
            } else if !self.assembler.end_stream() {
                return Err(fail(Violation::InvalidUtf8));
            }
            return Ok(chunk_event(chunk, last));
        }
        let last = frame.is_end_of_message(len);
        let mut piece = input.take(len);
        mask::unmask(&mut piece, frame.key);
        let outcome = work.reassemble(&mut message, &piece, last);
        self.decoder.advance(len);
        outcome.map_err(fail)?;
        if !last {
            self.keep(message);
            return Ok(None);
        }
        let message = self.assembler.finish().ok_or_else(|| fail(Violation::InvalidUtf8))?;
        Ok(Some(message.into()))
    }

    /// Returns the compressed message that is partially received, or a new one that begins at
    /// `offset`, and what inflates it.
    fn inflating(
        &mut self,
        opcode: Opcode,
        offset: u64,
    ) -> Option<(CompressedMessage, Inflating<'_>)> {
        let (compression, settings) = (self.compression.as_mut()?, self.config.deflate.as_ref()?);
        let message = match compression.incoming.take() {
            Some(message) => *message,
            None => {
                self.assembler.begin_inflated(opcode);
                CompressedMessage::new(offset)
            }
        };
        let inflating = Inflating {
            compression,
            settings,
            assembler: &mut self.assembler,
            is_streaming: self.is_streaming,
            limit: self.config.message_limits().message,
        };
        Some((message, inflating))
    }

    /// Keeps a message until its next piece arrives.
    fn keep(&mut self, message: CompressedMessage) {
        if let Some(compression) = &mut self.compression {
            compression.incoming = Some(Box::new(message));
        }
    }
}

/// Inflates pieces of a message.
struct Inflating<'c> {
    compression: &'c mut Compression,
    settings: &'c Deflate,
    assembler: &'c mut Assembler,
    is_streaming: bool,
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
            let mut held = self.held(self.start())?;
            self.inflate(held.get_mut(), &message.kept)?;
            message.held = Some(held);
            message.kept = Vec::new();
        }
        let Some(held) = &mut message.held else { return Ok(()) };
        self.inflate(held.get_mut(), piece)?;
        if last { self.finish(held.get_mut()) } else { Ok(()) }
    }

    /// Inflates a message that is whole.
    fn inflate_whole(&mut self, bytes: &[u8]) -> Result<(), Violation> {
        let mut inflater = self.compression.inflater.take().unwrap_or_else(|| self.start());
        self.inflate(&mut inflater, bytes)?;
        self.finish(&mut inflater)?;
        // With the largest window, it knows as much as the history, and no more.
        let is_same = self.compression.peer_window == MAX_PEER_WINDOW;
        if self.compression.peer_takes_over && is_same && inflater.go_on() {
            self.compression.inflater = Some(inflater);
        } else {
            inflater.put_back();
        }
        Ok(())
    }

    /// Inflates all of `bytes`.
    fn inflate(&mut self, inflater: &mut Inflater, mut bytes: &[u8]) -> Result<(), Violation> {
        let [older, newer] = self.compression.history.parts();
        let window = self.compression.peer_window;
        loop {
            let most = self.most(self.assembler.inflated().len() as u64);
            let expected = expected_len(bytes.len());
            let (taken, is_full) = self.assembler.inflate(expected, most, |so_far, room| {
                let before = last_of([older, newer, so_far], window);
                inflater.step(bytes, room, &before).map_err(violation)
            })?;
            self.check_len(self.assembler.inflated().len() as u64)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            if bytes.is_empty() && !is_full {
                return Ok(());
            }
        }
    }

    /// Ends a message that is delivered whole.
    fn finish(&mut self, inflater: &mut Inflater) -> Result<(), Violation> {
        inflater.finish().map_err(violation)?;
        if self.compression.peer_takes_over {
            let window = self.compression.peer_window;
            self.compression.history.append(self.assembler.inflated(), window);
        }
        Ok(())
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
        let mut started = if held.is_some() { None } else { Some(self.start()) };
        let Some(inflater) = held.as_mut().map(Held::get_mut).or(started.as_mut()) else {
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
            inflater.finish().map_err(violation)?;
            if !self.compression.peer_takes_over {
                self.compression.history.clear();
            }
            started.map(Inflater::put_back);
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

    /// Returns the inflater of this thread, for a message that may refer to earlier ones.
    fn start(&self) -> Inflater {
        Inflater::start(&self.compression.history.parts())
    }

    /// Returns an inflater to hold until the rest of a message arrives.
    fn held(&self, inflater: Inflater) -> Result<Held, Violation> {
        Held::new(inflater, self.settings).ok_or(Violation::TooManyInflaters)
    }
}

fn violation(fault: Fault) -> Violation {
    match fault {
        Fault::Invalid => Violation::InvalidDeflate,
        Fault::TooManyStreams => Violation::TooManyDeflateStreams,
    }
}

/// Returns the last `window` bytes of `parts`, which follow each other.
fn last_of(parts: [&[u8]; 3], window: usize) -> [&[u8]; 3] {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let mut surplus = len.saturating_sub(window);
    parts.map(|part| {
        let (dropped, kept) = part.split_at(surplus.min(part.len()));
        surplus -= dropped.len();
        kept
    })
}

/// Returns how many bytes so many compressed ones are likely to inflate to.
fn expected_len(compressed: usize) -> usize {
    compressed.saturating_mul(4).clamp(MIN_EXPECTED, MAX_EXPECTED)
}

/// The largest window, which is that of every inflater.
const MAX_PEER_WINDOW: usize = 1 << 15;

const MIN_EXPECTED: usize = 256;
const MAX_EXPECTED: usize = 64 << 10;

/// The most bytes that are kept of a message before it takes an inflater of its own, which takes a
/// dozen times as much.
const MAX_KEPT: usize = 4 << 10;

/// The most bytes that are unmasked at once of a message that is streamed.
const MAX_UNMASKED: usize = 4 << 10;

/// The most bytes in one chunk of a message that is streamed.
const MAX_CHUNK: usize = 16 << 10;
