//! The queue of bytes to be sent.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
#[cfg(feature = "std")]
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

use super::byte_queue::ByteQueue;
#[cfg(feature = "std")]
use super::large_queue::add_chunk;
use super::large_queue::{Large, LargeQueue};
use crate::frame::{ControlFrame, Header};
use crate::mask::{self, Key};

/// The bytes that a connection has to send, in order: a [`Buf`].
///
/// Write from [`chunk`](Buf::chunk) or `chunks_vectored`, and
/// [`advance`](Buf::advance) by what was written, however little that is. Small frames lie side by
/// side in one chunk; a large payload is a chunk of its own, the very buffer that was given to be
/// sent.
#[derive(Default)]
pub struct Output {
    /// Headers and small payloads.
    small: ByteQueue,
    /// Payloads by reference, where there were any since the last release.
    large: Option<Box<LargeQueue>>,
    /// Where the last automatic pong that is queued ends, counted from the front of the queue; 0
    /// where none is: `pong_end <= self.queued()`
    pong_end: usize,
    /// The automatic pong that waits until the queued ones are written: the last of the output,
    /// until something is queued after those are.
    next_pong: Option<Box<ControlFrame>>,
    /// Bytes taken so far.
    taken: u64,
}

impl Output {
    /// As [`Buf::advance`], for a transport whose count of bytes written is not to be trusted.
    ///
    /// # Errors
    ///
    /// [`AdvanceError`] where `count` is more than there is; nothing has changed then.
    pub fn try_advance(&mut self, count: usize) -> Result<(), AdvanceError> {
        if count > self.queued() {
            let remaining = self.remaining();
            if count > remaining {
                return Err(AdvanceError { remaining });
            }
            self.queue_next_pong();
        }
        self.take(count);
        Ok(())
    }

    /// Counts bytes as taken that were not queued.
    #[inline]
    pub(super) fn count_taken(&mut self, count: usize) {
        self.taken += count as u64;
    }

    /// Counts bytes as taken, and drops as many off the front, or all where there are fewer: others
    /// were never queued.
    #[inline]
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count as u64;
        self.pong_end = self.pong_end.saturating_sub(count);
        match &mut self.large {
            None => self.small.take(count),
            Some(large) => large.drop_front(&mut self.small, count),
        }
    }

    /// Bytes held on the heap; payloads by reference are counted in full.
    pub(in crate::connection) fn memory_usage(&self) -> usize {
        let large = self.large.as_ref().map_or(0, |large| large.memory_usage());
        let pong = self.next_pong.as_ref().map_or(0, |_| size_of::<ControlFrame>());
        self.small.capacity() + large + pong
    }

    /// How many bytes were taken so far.
    pub(in crate::connection) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether a frame of this length can be queued without anything else being done before.
    #[inline]
    pub(super) fn has_room_for(&self, payload_len: usize) -> bool {
        self.next_pong.is_none() && self.small.has_room_for(size_of::<u128>() + payload_len)
    }

    /// Whether nothing is queued. It may say no where payloads by reference were queued before.
    #[inline]
    pub(super) fn is_surely_empty(&self) -> bool {
        self.small.is_empty() && self.large.is_none() && self.next_pong.is_none()
    }

    /// Queues a frame, copying the payload, and masking it as the header says.
    #[inline]
    pub(super) fn push(&mut self, header: Header, payload: &[u8]) {
        let small = self.push_header(header, payload.len());
        append(small, payload, header.mask_key.map(Key::new));
    }

    /// Goes on with the payload of the frame that was queued last.
    pub(super) fn append(&mut self, payload: &[u8], key: Option<Key>) {
        append(self.small.room_for(payload.len()), payload, key);
    }

    /// Queues a frame whose payload, masked already where it must be, stays where it is.
    pub(super) fn push_large(&mut self, header: Header, payload: Bytes) {
        self.push_header(header, 0);
        if !payload.is_empty() {
            self.push_reference(payload);
        }
    }

    /// Queues a whole frame that others share: by reference, unless it is shorter than what that
    /// takes.
    pub(super) fn push_shared(&mut self, frame: &Bytes) {
        self.settle_pong();
        if frame.len() < MIN_SHARED {
            self.push_small(frame);
        } else {
            self.push_reference(frame.clone());
        }
    }

    fn push_reference(&mut self, payload: Bytes) {
        self.large.get_or_insert_default().push(self.small.len(), payload);
    }

    /// Queues an automatic pong. Where output waits, and a pong in it, it is kept apart until that
    /// is written, and a later one takes its place: RFC 6455 §5.5.3 says that answering the latest
    /// ping is enough, and so a flood of them does not fill the queue.
    /// `only_latest` has them do so however little output waits.
    pub(in crate::connection) fn push_pong(&mut self, frame: ControlFrame, only_latest: bool) {
        self.settle_pong();
        let is_calm = !only_latest && self.queued() < PONG_BACKLOG && self.next_pong.is_none();
        if self.pong_end == 0 || is_calm {
            self.push_small(&frame);
            self.pong_end = self.queued();
        } else {
            match &mut self.next_pong {
                Some(pong) => **pong = frame,
                None => self.next_pong = Some(Box::new(frame)),
            }
        }
    }

    /// Queues our Close frame, and before it a pong that is still owed.
    pub(super) fn push_close(&mut self, frame: &ControlFrame) {
        self.queue_next_pong();
        self.push_small(frame);
    }

    /// Gives back the buffers that hold nothing.
    pub(in crate::connection) fn release(&mut self) {
        if self.large.as_ref().is_some_and(|large| large.is_empty()) {
            self.large = None;
        }
        self.small.release();
    }

    /// Gives back the room around small bytes too, if few enough have to be moved.
    pub(in crate::connection) fn shrink_to_fit(&mut self) {
        self.release();
        self.small.shrink_to_fit();
    }

    /// Queues a header; gives the buffer, with room for `more` bytes.
    #[inline]
    fn push_header(&mut self, header: Header, more: usize) -> &mut Vec<u8> {
        self.settle_pong();
        let (bytes, len) = header.encode();
        let small = self.small.room_for(size_of_val(&bytes) + more);
        // To copy a fixed number of bytes, and to drop those that are too many, takes less than to
        // copy only those that are not.
        let end = small.len() + len;
        small.extend_from_slice(&bytes.to_le_bytes());
        small.truncate(end);
        small
    }

    pub(in crate::connection) fn push_small(&mut self, bytes: &[u8]) {
        self.small.room_for(bytes.len()).extend_from_slice(bytes);
    }

    /// Bytes queued, without the pong that waits.
    #[inline]
    pub(super) fn queued(&self) -> usize {
        self.small.len() + self.large.as_ref().map_or(0, |large| large.len())
    }

    /// All that there is, where it is one chunk and surely no more.
    #[cfg(feature = "std")]
    #[inline]
    pub(super) fn only_chunk(&self) -> Option<&[u8]> {
        let is_only = self.large.is_none() && self.next_pong.is_none() && !self.small.is_empty();
        is_only.then_some(&*self.small)
    }

    /// Takes that chunk, which is `len` bytes.
    #[cfg(feature = "std")]
    #[inline]
    pub(super) fn take_only_chunk(&mut self, len: usize) {
        self.count_taken(len);
        self.pong_end = 0;
        self.small.rewind();
    }

    /// As [`Buf::chunks_vectored`], without the pong that waits.
    #[cfg(feature = "std")]
    pub(super) fn queued_chunks<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match &self.large {
            None => add_chunk(slices, 0, &self.small),
            Some(large) => large.chunks(&self.small, slices),
        }
    }

    /// Gives the pong that waits its place, where those before it are written, before something else
    /// is queued.
    fn settle_pong(&mut self) {
        if self.next_pong.is_some() && self.pong_end == 0 {
            self.queue_next_pong();
        }
    }

    /// Gives the pong that waits, if there is one, its place behind all that is queued.
    #[cold]
    pub(super) fn queue_next_pong(&mut self) {
        if let Some(frame) = self.next_pong.take() {
            self.push_small(&frame);
            self.pong_end = self.queued();
        }
    }
}

impl Buf for Output {
    #[inline]
    fn remaining(&self) -> usize {
        self.queued() + self.next_pong.as_ref().map_or(0, |pong| pong.len())
    }

    #[inline]
    fn chunk(&self) -> &[u8] {
        match self.large.as_ref().and_then(|large| large.front()) {
            Some(Large { before: 0, payload }) => payload,
            Some(Large { before, .. }) => self.small.get(..*before).unwrap_or_default(),
            None if self.small.is_empty() => self.next_pong.as_ref().map_or(&[], |pong| pong),
            None => &self.small,
        }
    }

    #[cfg(feature = "std")]
    #[inline]
    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let filled = self.queued_chunks(slices);
        match &self.next_pong {
            None => filled,
            Some(pong) => add_chunk(slices, filled, pong),
        }
    }

    /// Without a copy where the bytes are a part of a payload that is queued by reference.
    ///
    /// # Panics
    ///
    /// If `len` is more than [`remaining`](Buf::remaining), as the trait asks for.
    fn copy_to_bytes(&mut self, len: usize) -> Bytes {
        let front = self.large.as_ref().and_then(|large| large.front());
        let bytes = match front {
            Some(Large { before: 0, payload }) if len <= payload.len() => payload.slice(..len),
            _ => {
                let mut bytes = BytesMut::with_capacity(len);
                while bytes.len() < len {
                    let chunk = self.chunk();
                    let piece = chunk.get(..len - bytes.len()).unwrap_or(chunk);
                    bytes.extend_from_slice(piece);
                    let taken = piece.len();
                    // Beyond the end there is nothing to take, and `advance` says so.
                    self.advance(taken.max(1));
                }
                return bytes.freeze();
            }
        };
        self.advance(len);
        bytes
    }

    /// # Panics
    ///
    /// Where `count` is more than [`remaining`](Buf::remaining), as the trait asks for; see
    /// [`try_advance`](Output::try_advance).
    #[allow(clippy::panic, reason = "the contract of `Buf`")]
    fn advance(&mut self, count: usize) {
        if let Err(error) = self.try_advance(count) {
            panic!("{error}");
        }
    }
}

/// More bytes were taken from the output than it held, by [`Output::try_advance`]. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AdvanceError {
    /// The bytes that it holds.
    pub remaining: usize,
}

impl fmt::Display for AdvanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot advance beyond the {} bytes of output", self.remaining)
    }
}

impl core::error::Error for AdvanceError {}

/// Appends `payload`, masked where there is a key.
#[inline(always)]
fn append(to: &mut Vec<u8>, payload: &[u8], key: Option<Key>) {
    match key {
        // To mask with zeros is to copy, in line where the payload is short.
        None if payload.len() <= MAX_COPIED_IN_LINE => mask::append(to, payload, Key::ZERO),
        None => to.extend_from_slice(payload),
        Some(key) => mask::append(to, payload, key),
    }
}

/// Frames that others share are referred to from this length on. A reference takes more time than to
/// copy some hundred bytes, and less memory.
const MIN_SHARED: usize = 256;

/// Beyond this length a call to copy costs less than it saves.
const MAX_COPIED_IN_LINE: usize = 64;

/// Bytes of output below which every ping is answered.
const PONG_BACKLOG: usize = 1024;

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("len", &self.remaining())
            .field("by_reference", &self.large.as_ref().map_or(0, |large| large.len()))
            .finish_non_exhaustive()
    }
}
