//! Inflates one message at a time, RFC 7692 §7.2.2.

use alloc::boxed::Box;
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
    /// Whether the data is invalid after what was written.
    is_broken: bool,
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
    /// How many bytes an inflater holds on the heap.
    pub(crate) const MEMORY: usize = 47_552 + size_of::<Inflater>();

    /// Starts a message that may refer to `history`, with the inflater of this thread.
    pub(crate) fn start(history: &[&[u8]]) -> Box<Inflater> {
        let mut inflater = SPARE.take().unwrap_or_else(|| {
            Box::new(Inflater {
                inflate: Inflate::new(false, 15),
                taken: 0,
                ended: 0,
                is_at_end: false,
                is_broken: false,
            })
        });
        (inflater.taken, inflater.ended) = (0, 0);
        (inflater.is_at_end, inflater.is_broken) = (false, false);
        inflater.restart(history);
        inflater
    }

    /// Ends with the message: another one of this thread can be started with it.
    pub(crate) fn put_back(self: Box<Self>) {
        SPARE.set(Some(self));
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
        if self.is_broken {
            return Err(Fault::Invalid);
        }
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
        let (taken, written, status) = self.call(input, room, InflateFlush::NoFlush);
        if status.is_none() && written > 0 {
            // What was written may break another rule, and came first. With a byte left, there is
            // another call.
            self.is_broken = true;
            return Ok((taken.min(input.len().saturating_sub(1)), written));
        }
        let status = status.ok_or(Fault::Invalid)?;
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
    /// RFC 7692 §7.2.2: a message and `TAIL` are a series of whole blocks. The message has at least the
    /// header of the last one, an empty stored block, whose lengths are `TAIL`. Two messages are let
    /// through without it: one of no octet at all, which many senders have made of an empty message,
    /// and one whose last octet ends a final block, which many libraries make and which leaves nothing
    /// open. What other messages lack ends within a block:
    ///
    /// ```text
    /// the message ends within            TAIL, and what follows, is then
    /// stored data, also 4 or 9 bytes     data: something is written
    ///   before its end
    /// the lengths of a stored block      lengths that do not match; or they do, and data follows
    /// codes                              a literal or a copy: something is written; or the rest of the
    ///                                    code that ends the block (15 bits at most), and then lengths,
    ///                                    `ff 00` or `ff ff`, that do not match, or a bad block type
    /// a block, exactly at its end        a stored block with the lengths `00 ff` and `ff 01`
    /// ```
    ///
    /// So the backend stops at the end of a block, which has to be in the last octet of `TAIL`, with an
    /// octet left that it does not take. A message may also end within the code lengths of a dynamic
    /// block, and `TAIL` be the rest of that block. By the letter of RFC 7692 §7.2.2 it is valid.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        if self.is_at_end || self.taken == 0 {
            return Ok(());
        }
        if self.is_broken || !self.ends_block(&TAIL_AND_MORE) {
            return Err(Fault::Invalid);
        }
        Ok(())
    }

    /// Starts another message after one that has ended. It may refer to that one and to what that one
    /// could refer to. Returns `false` if the backend cannot do that: it has forgotten them after a
    /// final block, or bits are left of a block that did not end with an octet.
    pub(crate) fn go_on(&mut self) -> bool {
        (self.taken, self.ended) = (0, 0);
        // Odd bits before the empty block would be the header of a final block, or of one of the
        // reserved type, as all bits of the last octet of `TAIL` are set.
        !self.is_at_end && self.ends_block(&EMPTY_BLOCK_AND_MORE)
    }

    /// Returns `true` if a block ends before the last of these bytes, and writes nothing.
    fn ends_block(&mut self, bytes: &[u8]) -> bool {
        // If something is written, there is room for it.
        let outcome = self.call(bytes, &mut [0; 1], InflateFlush::Block);
        outcome == (bytes.len() - 1, 0, Some(Status::Ok))
    }

    /// Returns how many bytes were taken and written, and `None` instead of a status if what follows
    /// is invalid.
    fn call(
        &mut self,
        input: &[u8],
        room: &mut [u8],
        flush: InflateFlush,
    ) -> (usize, usize, Option<Status>) {
        let (taken, written) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, room, flush).ok();
        // Neither is more than the length of a slice.
        #[allow(clippy::cast_possible_truncation)]
        let since = |now: u64, before: u64| (now - before) as usize;
        let taken = since(self.inflate.total_in(), taken);
        (taken, since(self.inflate.total_out(), written), status)
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
    inflater: Box<Inflater>,
    _permit: Permit,
}

impl Held {
    /// Returns `None` if as many are held as the settings allow.
    pub(crate) fn new(inflater: Box<Inflater>, settings: &Deflate) -> Option<Held> {
        settings.permit().map(|permit| Held { inflater, _permit: permit })
    }

    /// Returns the inflater, which is not held any more.
    pub(crate) fn into_inner(self) -> Box<Inflater> {
        self.inflater
    }

    /// Returns the inflater.
    pub(crate) fn get_mut(&mut self) -> &mut Inflater {
        &mut self.inflater
    }
}

std::thread_local! {
    /// The inflater that this thread uses for whole messages.
    static SPARE: Cell<Option<Box<Inflater>>> = const { Cell::new(None) };
}

/// What is removed from the end of a message, RFC 7692 §7.2.1, and an octet that is left.
const TAIL_AND_MORE: [u8; 5] = *b"\x00\x00\xff\xff\x01";

/// An empty stored block, RFC 1951 §3.2.4, and an octet that is left.
const EMPTY_BLOCK_AND_MORE: [u8; 6] = *b"\x00\x00\x00\xff\xff\x00";

/// How many streams of a message may end for nothing. A stream costs as much as hundreds of bytes.
const FREE_STREAMS: u64 = 16;

/// For how many bytes of a message another stream may end.
const BYTES_PER_STREAM: u64 = 256;
