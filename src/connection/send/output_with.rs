//! Messages sent from where they lie.

use core::fmt;
#[cfg(feature = "std")]
use std::io::IoSlice;

use bytes::Buf;

#[cfg(feature = "std")]
use super::large_queue::add_chunk;
use super::output::AdvanceError;
use super::{Output, SendError};
use crate::connection::{Connection, State};
use crate::frame::Header;
use crate::mask::Key;
use crate::opcode::Opcode;
use crate::role::Role;

impl Connection {
    /// Sends a text message from where it lies: gives the output, of which `text` is the end.
    ///
    /// Write from it at once. When it is dropped, what the transport has not taken is queued, by
    /// copying it, and is in [`output`](Self::output) from then on: to lend a message and to drop it
    /// is to [send](Self::send_text) it, RFC 6455 §5.6. A server copies nothing of a message that the
    /// transport takes whole. A client has to mask it, RFC 6455 §5.3, and does so in blocks of 16
    /// KiB, the next one when the last one is taken, so that a message of any length goes through one
    /// block of memory, which stays in the nearest cache.
    ///
    /// Prefer it for messages of some KiB, where the transport is ready and each may be a write of
    /// its own. Small ones are better sent by [`send_text`](Self::send_text), many of which go out in
    /// one write; where nothing can be written yet, so are all. Who has a message to give away does
    /// as well with [`send`](Self::send).
    ///
    /// ```
    /// use std::io::{IoSlice, Write};
    /// use sansock::bytes::Buf;
    /// use sansock::{Config, Connection};
    ///
    /// let mut transport = Vec::new();
    /// let mut server = Connection::new(Config::server());
    /// let mut lent = server.output_with_text("Hello")?;
    /// assert_eq!(lent.remaining(), 2 + 5);
    /// while lent.has_remaining() {
    ///     let mut slices = [IoSlice::new(&[]); 8];
    ///     let filled = lent.chunks_vectored(&mut slices);
    /// #   #[cfg(feature = "std")] // without it, one slice at a time
    ///     assert_eq!(filled, 2); // the header, and the very bytes that were lent
    ///     let written = transport.write_vectored(&slices[..filled])?;
    ///     lent.advance(written); // or `break`, where the transport would block
    /// }
    /// drop(lent);
    /// assert_eq!(transport, b"\x81\x05Hello");
    /// assert!(!server.has_output());
    ///
    /// let mut lent = server.output_with_text("Hello")?;
    /// lent.advance(4); // the transport takes no more
    /// drop(lent);
    /// assert_eq!(server.output().chunk(), b"llo");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A message longer than [`Config::fragment_size`](crate::Config::fragment_size) is not lent: it
    /// is queued in fragments at once, by copying it, and what is given is the output.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    #[inline]
    pub fn output_with_text<'a>(&'a mut self, text: &'a str) -> Result<OutputWith<'a>, SendError> {
        self.output_with(Opcode::Text, text.as_bytes())
    }

    /// Sends a binary message from where it lies, as [`output_with_text`](Self::output_with_text) does a text.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    #[inline]
    pub fn output_with_binary<'a>(
        &'a mut self,
        data: &'a [u8],
    ) -> Result<OutputWith<'a>, SendError> {
        self.output_with(Opcode::Binary, data)
    }

    /// What a server does most, with all that was before written, is done in line.
    #[inline(always)]
    fn output_with<'a>(
        &'a mut self,
        opcode: Opcode,
        payload: &'a [u8],
    ) -> Result<OutputWith<'a>, SendError> {
        let config = &*self.config;
        let is_masked = config.role() == Role::Client;
        if is_masked || !config.is_one_frame(payload.len()) || !self.output.is_surely_empty() {
            self.admit_message(payload.len())?;
            let (queued, key) = self.queue_start(opcode, payload)?;
            let rest = payload.get(queued..).unwrap_or_default();
            let remaining = self.output.queued() + rest.len();
            let head = Head::default();
            self.state = State::Ended;
            return Ok(OutputWith {
                output: &mut self.output,
                state: &mut self.state,
                head,
                head_len: 0,
                rest,
                key,
                remaining,
            });
        }
        self.admit_message_after(0, payload.len())?;
        let (head, head_len) = Header::single(opcode, payload.len() as u64, None).encode();
        self.state = State::Ended;
        Ok(OutputWith {
            output: &mut self.output,
            state: &mut self.state,
            head: head.to_le_bytes(),
            head_len,
            rest: payload,
            key: None,
            remaining: head_len + payload.len(),
        })
    }

    /// Queues a header and what goes with it, and gives how much of the payload that was, and what
    /// masks the rest. A pong that waits goes first: the message is the end of the output.
    #[inline(never)]
    fn queue_start(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
    ) -> Result<(usize, Option<Key>), SendError> {
        self.output.queue_next_pong();
        if !self.config.is_one_frame(payload.len()) {
            self.send_copied(opcode, payload)?;
            return Ok((payload.len(), None));
        }
        let header = self.header(opcode, payload.len());
        let len = header.mask_key.map_or(0, |_| payload.len().min(BLOCK));
        self.output.push(header, payload.get(..len).unwrap_or_default());
        Ok((len, header.mask_key.map(|key| Key::new(key).turned(len))))
    }
}

/// The bytes of a header, and of nothing after it.
type Head = [u8; size_of::<u128>()];

/// A connection's output with a message at its end that is sent from where it lies: a [`Buf`], made by
/// [`Connection::output_with_text`] and [`Connection::output_with_binary`]; see the first of these.
///
/// Of a client's message only the block that is masked is shown by [`chunk`](Buf::chunk) and
/// `chunks_vectored`, but all is counted by [`remaining`](Buf::remaining).
///
/// # Dropping it
///
/// What is left is queued when this is dropped. If it is leaked instead (by
/// [`mem::forget`](core::mem::forget), say), the rest of the message is lost, and the connection has
/// ended: nothing can be sent after a part of a frame, and
/// [`transport_action`](Connection::transport_action) says to disconnect.
#[must_use = "a message that is not written from here is copied when this is dropped"]
pub struct OutputWith<'a> {
    output: &'a mut Output,
    /// The connection's, which is `Ended` while this is not dropped, and `Open` before and after.
    state: &'a mut State,
    /// The header, where it is the first of all: otherwise it is queued.
    head: Head,
    /// `head_len <= head.len()`
    head_len: usize,
    /// The end of the payload, which is not queued. Where it is to be masked, there are queued bytes
    /// before it, unless it is empty.
    rest: &'a [u8],
    /// What masks `rest`.
    key: Option<Key>,
    /// All bytes: `remaining == output.queued() + head_len + rest.len()`
    remaining: usize,
}

impl OutputWith<'_> {
    /// As [`Buf::advance`], for a transport whose count of bytes written is not to be trusted.
    ///
    /// # Errors
    ///
    /// [`AdvanceError`] where `count` is more than there is; nothing has changed then.
    #[inline]
    pub fn try_advance(&mut self, count: usize) -> Result<(), AdvanceError> {
        if self.head_len > 0 && count == self.remaining {
            self.output.count_taken(count);
            (self.head_len, self.rest, self.remaining) = (0, &[], 0);
            return Ok(());
        }
        self.take_part(count)
    }

    #[inline(never)]
    fn take_part(&mut self, count: usize) -> Result<(), AdvanceError> {
        if count > self.remaining {
            return Err(AdvanceError { remaining: self.remaining });
        }
        self.queue_head();
        self.output.take(count);
        self.remaining -= count;
        if let Some(taken) = self.rest.len().checked_sub(self.remaining) {
            self.rest = self.rest.get(taken..).unwrap_or_default();
            if let Some(key) = self.key {
                self.mask_block(key.turned(taken));
            }
        }
        Ok(())
    }

    /// As [`Buf::chunks_vectored`], where the header is queued.
    #[cfg(feature = "std")]
    #[inline(never)]
    fn queued_chunks<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = self.output.queued_chunks(slices);
        match self.key {
            None => add_chunk(slices, filled, self.rest),
            Some(_) => filled,
        }
    }

    /// The header and the payload, where nothing is queued before them.
    #[cfg(feature = "std")]
    #[inline]
    pub(super) fn both_chunks(&self) -> Option<[IoSlice<'_>; 2]> {
        (self.head_len > 0).then(|| [IoSlice::new(self.head()), IoSlice::new(self.rest)])
    }

    #[inline]
    fn head(&self) -> &[u8] {
        self.head.get(..self.head_len).unwrap_or_default()
    }

    fn queue_head(&mut self) {
        self.output.push_small(self.head.get(..self.head_len).unwrap_or_default());
        self.head_len = 0;
    }

    /// Queues the next block.
    fn mask_block(&mut self, key: Key) {
        let (block, rest) = self.rest.split_at(self.rest.len().min(BLOCK));
        self.output.append(block, Some(key));
        (self.rest, self.key) = (rest, Some(key.turned(block.len())));
    }

    #[cold]
    #[inline(never)]
    fn queue_rest(&mut self) {
        self.queue_head();
        self.output.append(self.rest, self.key);
    }
}

impl Drop for OutputWith<'_> {
    #[inline]
    fn drop(&mut self) {
        *self.state = State::Open;
        if self.remaining > 0 {
            self.queue_rest();
        }
    }
}

impl Buf for OutputWith<'_> {
    #[inline]
    fn remaining(&self) -> usize {
        self.remaining
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        if self.head_len > 0 {
            self.head()
        } else if self.remaining > self.rest.len() {
            self.output.chunk()
        } else {
            self.rest
        }
    }

    #[cfg(feature = "std")]
    #[inline]
    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        if self.head_len == 0 {
            return self.queued_chunks(slices);
        }
        let filled = add_chunk(slices, 0, self.head());
        add_chunk(slices, filled, self.rest)
    }

    /// # Panics
    ///
    /// Where `count` is more than [`remaining`](Buf::remaining), as the trait asks for; see
    /// [`try_advance`](OutputWith::try_advance).
    #[allow(clippy::panic, reason = "the contract of `Buf`")]
    #[inline]
    fn advance(&mut self, count: usize) {
        if let Err(error) = self.try_advance(count) {
            panic!("{error}");
        }
    }
}

/// Bytes that are masked at once: fewer are more writes, and more would leave the nearest cache.
const BLOCK: usize = 16 << 10;

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for OutputWith<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputWith")
            .field("remaining", &self.remaining)
            .field("borrowed", &self.rest.len())
            .finish_non_exhaustive()
    }
}
