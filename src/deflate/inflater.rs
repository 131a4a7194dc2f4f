//! Inflates one message at a time, RFC 7692 §7.2.2.

use core::cell::Cell;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::settings::{Deflate, Permit};

/// Inflates a message.
///
/// It has no memory of earlier messages: what a message may refer to is passed to it.
pub(crate) struct Inflater {
    inflate: Inflate,
    /// How many bytes of the message were taken.
    taken: u64,
    /// How many streams of the message have ended, each by a final block.
    ended: u64,
    /// Whether a final block was the last thing that was taken.
    is_at_end: bool,
}

/// Why a message cannot be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The data is not valid, or the message ends within a block.
    Invalid,
    /// More streams have ended than the length of the message allows.
    TooManyStreams,
}

impl Inflater {
    /// Starts a message that may refer to `history`, with the inflater of this thread.
    pub(crate) fn start(history: &[&[u8]]) -> Inflater {
        let inflate = SPARE.take().unwrap_or_else(|| Inflate::new(false, 15));
        let mut inflater = Inflater { inflate, taken: 0, ended: 0, is_at_end: false };
        inflater.restart(history);
        inflater
    }

    /// Ends with the message: another one of this thread can be started with it.
    pub(crate) fn put_back(self) {
        SPARE.set(Some(self.inflate));
    }

    /// Inflates from the front of `input` to `room`. Returns how many bytes it took and how many it
    /// wrote. If it filled `room`, there may be more to write: call it again, also with no input.
    ///
    /// `history` is what the message may refer to, its own bytes included.
    pub(crate) fn step(
        &mut self,
        input: &[u8],
        room: &mut [u8],
        history: &[&[u8]],
    ) -> Result<(usize, usize), Fault> {
        if self.is_at_end {
            if input.is_empty() {
                return Ok((0, 0));
            }
            // A final block does not end the message, RFC 7692 §7.2.3.4.
            self.ended += 1;
            if self.ended > FREE_STREAMS + self.taken / BYTES_PER_STREAM {
                return Err(Fault::TooManyStreams);
            }
            self.restart(history);
        }
        let (taken, written, status) = self.call(input, room)?;
        self.taken += taken as u64;
        self.is_at_end = status == Status::StreamEnd;
        let is_stuck = taken == 0 && written == 0 && !self.is_at_end;
        if is_stuck && !input.is_empty() && !room.is_empty() {
            return Err(Fault::Invalid);
        }
        Ok((taken, written))
    }

    /// Checks that the message ends here, after all of it was taken and written.
    ///
    /// RFC 7692 §7.2.2: the four bytes that end its last block were removed, unless that block was a
    /// final one. A final block follows them here, which is refused within another block.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        // Some peers send an empty message as no octet at all, which every other peer reads as one.
        if self.is_at_end || self.taken == 0 {
            return Ok(());
        }
        let tail = b"\x00\x00\xff\xff\x01\x00\x00\xff\xff";
        match self.call(tail, &mut [0; 8])? {
            (taken, 0, Status::StreamEnd) if taken == tail.len() => Ok(()),
            _ => Err(Fault::Invalid),
        }
    }

    fn call(&mut self, input: &[u8], room: &mut [u8]) -> Result<(usize, usize, Status), Fault> {
        let (taken, written) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, room, InflateFlush::NoFlush);
        let status = status.map_err(|_| Fault::Invalid)?;
        // Neither is more than the length of a slice.
        #[allow(clippy::cast_possible_truncation)]
        let since = |now: u64, before: u64| (now - before) as usize;
        let taken = since(self.inflate.total_in(), taken);
        Ok((taken, since(self.inflate.total_out(), written), status))
    }

    /// Starts a stream that may refer to `history`.
    fn restart(&mut self, history: &[&[u8]]) {
        self.inflate.reset(false);
        for part in history {
            if !part.is_empty() {
                // A raw stream takes a dictionary at any time.
                let _ = self.inflate.set_dictionary(part);
            }
        }
    }
}

/// An inflater that a connection holds between two reads.
pub(crate) struct Held {
    inflater: Inflater,
    _permit: Permit,
}

impl Held {
    /// Returns `None` if as many are held as the settings allow.
    pub(crate) fn new(inflater: Inflater, settings: &Deflate) -> Option<Held> {
        settings.permit().map(|permit| Held { inflater, _permit: permit })
    }

    /// Returns the inflater, which is not held any more.
    pub(crate) fn into_inner(self) -> Inflater {
        self.inflater
    }

    /// Returns the inflater.
    pub(crate) fn get_mut(&mut self) -> &mut Inflater {
        &mut self.inflater
    }

    /// How many bytes an inflater holds on the heap.
    pub(crate) const MEMORY: usize = 47_552;
}

std::thread_local! {
    /// The inflater that this thread uses for whole messages.
    static SPARE: Cell<Option<Inflate>> = const { Cell::new(None) };
}

/// How many streams of a message may end for nothing. A stream costs as much as hundreds of bytes.
const FREE_STREAMS: u64 = 16;

/// For how many bytes of a message another stream may end.
const BYTES_PER_STREAM: u64 = 256;
