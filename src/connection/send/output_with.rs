//! Messages that are written from the caller's memory.

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

/// Sending messages from the caller's memory.
impl Connection {
    /// Sends a text message without copying it to the queue. Returns a view of the output that ends
    /// with `text`.
    ///
    /// Use it for messages of several KiB, if the transport is ready and each message may be a
    /// write of its own. For small messages, or if nothing can be written yet, use
    /// [`send_text`](Self::send_text): many of its messages go out in one write. If you own the
    /// message, [`send`](Self::send) is just as good.
    ///
    /// Write from the view at once. When you drop it, what the transport has not taken is copied to
    /// [`output`](Self::output). So if you drop the view without writing, the message is sent as by
    /// `send_text`.
    ///
    /// A server copies nothing of a message that the transport takes whole. A client has to mask
    /// it, RFC 6455 §5.3: it masks one block of 16 KiB at a time, the next one after the last one
    /// is taken. So a message of any length needs one block of memory, which stays in the L1 cache.
    ///
    /// ```
    /// use std::io::{IoSlice, Write};
    /// use sansock::bytes::Buf;
    /// use sansock::{Config, Connection};
    ///
    /// let mut transport = Vec::new();
    /// let mut server = Connection::new(Config::server());
    /// let mut output = server.output_with_text("Hello")?;
    /// assert_eq!(output.remaining(), 2 + 5);
    /// while output.has_remaining() {
    ///     let mut slices = [IoSlice::new(&[]); 8];
    ///     let filled = output.chunks_vectored(&mut slices);
    /// #   #[cfg(feature = "std")] // without it, one slice at a time
    ///     assert_eq!(filled, 2); // the header, and "Hello" in the caller's memory
    ///     let written = transport.write_vectored(&slices[..filled])?;
    ///     output.advance(written); // or `break` if the transport would block
    /// }
    /// drop(output);
    /// assert_eq!(transport, b"\x81\x05Hello");
    /// assert!(!server.has_output());
    ///
    /// let mut output = server.output_with_text("Hello")?;
    /// output.advance(4); // the transport takes no more
    /// drop(output);
    /// assert_eq!(server.output().chunk(), b"llo");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A message longer than [`Config::fragment_size`](crate::Config::fragment_size) is copied to
    /// the queue in fragments at once. The view then shows the queued output.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    #[inline]
    pub fn output_with_text<'a>(&'a mut self, text: &'a str) -> Result<OutputWith<'a>, SendError> {
        self.output_with(Opcode::Text, text.as_bytes())
    }

    /// Sends a binary message without copying it to the queue, as
    /// [`output_with_text`](Self::output_with_text) does for a text.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    #[inline]
    pub fn output_with_binary<'a>(
        &'a mut self,
        data: &'a [u8],
    ) -> Result<OutputWith<'a>, SendError> {
        self.output_with(Opcode::Binary, data)
    }

    /// Starts a message of either type. The most frequent case, a server without queued output, is
    /// inlined.
    #[inline(always)]
    fn output_with<'a>(
        &'a mut self,
        opcode: Opcode,
        payload: &'a [u8],
    ) -> Result<OutputWith<'a>, SendError> {
        let is_masked = self.config.role() == Role::Client;
        if is_masked || !self.is_one_frame(payload.len()) || !self.output.is_surely_empty() {
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

    /// Queues the header and, for a client, the first block of the payload. If the message is to be
    /// fragmented, queues all of it. Returns how many bytes of the payload were queued, and the key
    /// that masks the rest.
    ///
    /// A deferred pong is queued first, because the message has to be the end of the output.
    #[inline(never)]
    fn queue_start(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
    ) -> Result<(usize, Option<Key>), SendError> {
        self.output.queue_next_pong();
        if !self.is_one_frame(payload.len()) {
            self.send_copied(opcode, payload)?;
            return Ok((payload.len(), None));
        }
        let header = self.header(opcode, payload.len());
        let len = header.mask_key.map_or(0, |_| payload.len().min(BLOCK));
        self.output.push(header, payload.get(..len).unwrap_or_default());
        Ok((len, header.mask_key.map(|key| Key::new(key).turned(len))))
    }
}

/// The bytes of a header.
type Head = [u8; size_of::<u128>()];

/// A view of a connection's output that ends with a message in the caller's memory: a [`Buf`].
///
/// [`Connection::output_with_text`], which has an example, and [`Connection::output_with_binary`]
/// return it.
///
/// [`remaining`](Buf::remaining) counts the whole message. For a client, [`chunk`](Buf::chunk) and
/// `chunks_vectored` only show it up to the end of the block that is masked.
///
/// # Dropping it
///
/// When the view is dropped, the bytes that are left are queued. If it is leaked instead, for
/// example by [`mem::forget`](core::mem::forget), the rest of the message is lost and the
/// connection has ended: nothing can be sent after a part of a frame.
/// [`transport_action`](Connection::transport_action) then asks you to disconnect.
#[must_use = "if the message is not written from this view, dropping the view copies it"]
pub struct OutputWith<'a> {
    output: &'a mut Output,
    /// The connection's state: `Ended` while this view exists, `Open` before and after.
    state: &'a mut State,
    /// The header, if nothing is before it. Otherwise the header is queued, and this is empty.
    head: Head,
    /// `head_len <= head.len()`
    head_len: usize,
    /// The end of the payload, which is not queued. If it has to be masked and is not empty, there
    /// are queued bytes before it.
    rest: &'a [u8],
    /// The key that masks `rest`.
    key: Option<Key>,
    /// The count of all bytes: `remaining == output.queued() + head_len + rest.len()`
    remaining: usize,
}

impl OutputWith<'_> {
    /// Drops `count` bytes from the front, as [`Buf::advance`] does, without a panic. Use it if you
    /// do not trust the count that the transport returns.
    ///
    /// # Errors
    ///
    /// [`AdvanceError`] if `count` is more than [`remaining`](Buf::remaining). Nothing changes
    /// then.
    #[inline]
    pub fn try_advance(&mut self, count: usize) -> Result<(), AdvanceError> {
        if self.head_len > 0 && count == self.remaining {
            self.output.count_taken(count);
            (self.head_len, self.rest, self.remaining) = (0, &[], 0);
            return Ok(());
        }
        self.take_part(count)
    }

    /// Drops `count` bytes from the front, and masks the next block if the last one is taken.
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

    /// Fills `slices` as [`Buf::chunks_vectored`] does. Call it only if the header is queued.
    #[cfg(feature = "std")]
    #[inline(never)]
    fn queued_chunks<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = self.output.queued_chunks(slices);
        match self.key {
            None => add_chunk(slices, filled, self.rest),
            Some(_) => filled,
        }
    }

    /// Returns the header and the payload, or `None` if something is queued before the payload.
    #[cfg(feature = "std")]
    #[inline]
    pub(super) fn both_chunks(&self) -> Option<[IoSlice<'_>; 2]> {
        (self.head_len > 0).then(|| [IoSlice::new(self.head()), IoSlice::new(self.rest)])
    }

    #[inline]
    fn head(&self) -> &[u8] {
        self.head.get(..self.head_len).unwrap_or_default()
    }

    /// Queues the header if it is not queued yet.
    fn queue_head(&mut self) {
        self.output.push_small(self.head.get(..self.head_len).unwrap_or_default());
        self.head_len = 0;
    }

    /// Masks and queues the next block of `rest`.
    fn mask_block(&mut self, key: Key) {
        let (block, rest) = self.rest.split_at(self.rest.len().min(BLOCK));
        self.output.append(block, Some(key));
        (self.rest, self.key) = (rest, Some(key.turned(block.len())));
    }

    /// Queues all that is not queued yet.
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

    /// Drops `count` bytes from the front. [`try_advance`](OutputWith::try_advance) returns an
    /// error instead of a panic.
    ///
    /// # Panics
    ///
    /// If `count` is more than [`remaining`](Buf::remaining), as the trait requires.
    #[allow(clippy::panic, reason = "the contract of `Buf`")]
    #[inline]
    fn advance(&mut self, count: usize) {
        if let Err(error) = self.try_advance(count) {
            panic!("{error}");
        }
    }
}

/// How many bytes are masked at once. Fewer would need more writes; more would not stay in the L1
/// cache.
const BLOCK: usize = 16 << 10;

/// Shows only lengths, so that logs contain no user data.
impl fmt::Debug for OutputWith<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputWith")
            .field("remaining", &self.remaining)
            .field("borrowed", &self.rest.len())
            .finish_non_exhaustive()
    }
}
