//! The queue of bytes to be written.

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

/// The bytes that a connection has to write, in order: a [`Buf`].
///
/// With a transport of the standard library, use `write_to` or `try_write_to`. With any other,
/// write from [`chunk`](Buf::chunk) or `chunks_vectored`, and [`advance`](Buf::advance) by the
/// number of bytes that were written, however few.
///
/// Small frames share one chunk. A large payload is a separate chunk: the buffer that was passed to
/// be sent, without a copy.
#[derive(Default)]
pub struct Output {
    /// Headers and small payloads.
    small: ByteQueue,
    /// Payloads by reference, or `None` if there were none since the last release.
    large: Option<Box<LargeQueue>>,
    /// The offset, from the front of the queue, at which the last automatic pong in the queue ends.
    /// It is 0 if no automatic pong is queued: `pong_end <= self.queued()`
    pong_end: usize,
    /// The deferred pong: an automatic pong that is not queued before the queued automatic pongs
    /// are written. Until then it is the end of the output. When they are written, it is queued
    /// before the next frame.
    next_pong: Option<Box<ControlFrame>>,
    /// How many bytes were taken so far.
    taken: u64,
}

impl Output {
    /// Drops `count` bytes from the front, as [`Buf::advance`] does, without a panic. Use it if you
    /// do not trust the count that the transport returns.
    ///
    /// # Errors
    ///
    /// [`AdvanceError`] if `count` is more than [`remaining`](Buf::remaining). Nothing changes
    /// then.
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

    /// Counts `count` bytes as taken that were never queued.
    #[inline]
    pub(super) fn count_taken(&mut self, count: usize) {
        self.taken += count as u64;
    }

    /// Counts `count` bytes as taken, and drops as many queued bytes from the front. If fewer are
    /// queued, drops all of them: the others were never queued.
    #[inline]
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count as u64;
        self.pong_end = self.pong_end.saturating_sub(count);
        match &mut self.large {
            None => self.small.take(count),
            Some(large) => large.drop_front(&mut self.small, count),
        }
    }

    /// Returns how many bytes are held on the heap. Payloads by reference count in full.
    pub(in crate::connection) fn memory_usage(&self) -> usize {
        let large = self.large.as_ref().map_or(0, |large| large.memory_usage());
        let pong = self.next_pong.as_ref().map_or(0, |_| size_of::<ControlFrame>());
        self.small.capacity() + large + pong
    }

    /// Returns how many bytes were taken so far.
    pub(in crate::connection) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Returns `true` if a frame with a payload of this length can be queued at once: without
    /// growing the buffer, and without queueing a deferred pong first.
    #[inline]
    pub(super) fn has_room_for(&self, payload_len: usize) -> bool {
        self.next_pong.is_none() && self.small.has_room_for(size_of::<u128>() + payload_len)
    }

    /// Returns `true` if the output is empty. It may return `false` for an empty output if payloads
    /// by reference were queued since the last release.
    #[inline]
    pub(super) fn is_surely_empty(&self) -> bool {
        self.small.is_empty() && self.large.is_none() && self.next_pong.is_none()
    }

    /// Queues a frame, copying the payload. Masks it if the header has a key.
    #[inline]
    pub(super) fn push(&mut self, header: Header, payload: &[u8]) {
        let small = self.push_header(header, payload.len());
        append(small, payload, header.mask_key.map(Key::new));
    }

    /// Appends to the payload of the frame that was queued last.
    pub(super) fn append(&mut self, payload: &[u8], key: Option<Key>) {
        append(self.small.room_for(payload.len()), payload, key);
    }

    /// Queues a frame with its payload by reference. If the header has a key, the payload is
    /// already masked.
    pub(super) fn push_large(&mut self, header: Header, payload: Bytes) {
        self.push_header(header, 0);
        if !payload.is_empty() {
            self.push_reference(payload);
        }
    }

    /// Queues an encoded frame that is shared between connections: by reference, or as a copy if it
    /// is short.
    pub(super) fn push_shared(&mut self, frame: &Bytes) {
        self.settle_pong();
        if frame.len() < MIN_SHARED {
            self.push_small(frame);
        } else {
            self.push_reference(frame.clone());
        }
    }

    /// Queues a payload by reference. It must not be empty.
    fn push_reference(&mut self, payload: Bytes) {
        self.large.get_or_insert_default().push(self.small.len(), payload);
    }

    /// Queues an automatic pong, or defers it if much output is queued with an automatic pong in
    /// it. If `only_latest` is set, defers it however little output is queued with an automatic
    /// pong in it.
    ///
    /// A deferred pong waits until the queued automatic pongs are written, and a later pong
    /// replaces it. RFC 6455 §5.5.3: it is enough to answer the latest ping. So a flood of pings
    /// does not fill the queue.
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

    /// Queues our Close frame. If a pong is deferred, queues the pong first.
    pub(super) fn push_close(&mut self, frame: &ControlFrame) {
        self.queue_next_pong();
        self.push_small(frame);
    }

    /// Frees the buffers that hold nothing.
    pub(in crate::connection) fn release(&mut self) {
        if self.large.as_ref().is_some_and(|large| large.is_empty()) {
            self.large = None;
        }
        self.small.release();
    }

    /// Frees the buffers that hold nothing. Also frees the free space around small bytes, if few
    /// enough bytes have to be moved.
    pub(in crate::connection) fn shrink_to_fit(&mut self) {
        self.release();
        self.small.shrink_to_fit();
    }

    /// Queues a header. Returns the buffer, which has room for `more` bytes.
    #[inline]
    fn push_header(&mut self, header: Header, more: usize) -> &mut Vec<u8> {
        self.settle_pong();
        let (bytes, len) = header.encode();
        let small = self.small.room_for(size_of_val(&bytes) + more);
        // Copying a fixed number of bytes and truncating is faster than copying `len` bytes.
        let end = small.len() + len;
        small.extend_from_slice(&bytes.to_le_bytes());
        small.truncate(end);
        small
    }

    /// Queues bytes by copying them.
    pub(in crate::connection) fn push_small(&mut self, bytes: &[u8]) {
        self.small.room_for(bytes.len()).extend_from_slice(bytes);
    }

    /// Returns how many bytes are queued, without a deferred pong.
    #[inline]
    pub(super) fn queued(&self) -> usize {
        self.small.len() + self.large.as_ref().map_or(0, |large| large.len())
    }

    /// Returns all of the output if it is one chunk of small bytes. May return `None` for one chunk
    /// if payloads by reference were queued since the last release.
    #[cfg(feature = "std")]
    #[inline]
    pub(super) fn only_chunk(&self) -> Option<&[u8]> {
        let is_only = self.large.is_none() && self.next_pong.is_none() && !self.small.is_empty();
        is_only.then_some(&*self.small)
    }

    /// Takes all of [`only_chunk`](Self::only_chunk), which is `len` bytes.
    #[cfg(feature = "std")]
    #[inline]
    pub(super) fn take_only_chunk(&mut self, len: usize) {
        self.count_taken(len);
        self.pong_end = 0;
        self.small.rewind();
    }

    /// Fills `slices` as [`Buf::chunks_vectored`] does, without a deferred pong.
    #[cfg(feature = "std")]
    pub(super) fn queued_chunks<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        match &self.large {
            None => add_chunk(slices, 0, &self.small),
            Some(large) => large.chunks(&self.small, slices),
        }
    }

    /// Queues the deferred pong if the automatic pongs before it are written. Call it before
    /// anything else is queued.
    fn settle_pong(&mut self) {
        if self.next_pong.is_some() && self.pong_end == 0 {
            self.queue_next_pong();
        }
    }

    /// Queues the deferred pong, if there is one, behind everything that is queued.
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

    /// Takes `len` bytes from the front. Does not copy them if they are a part of one payload that
    /// is queued by reference.
    ///
    /// # Panics
    ///
    /// If `len` is more than [`remaining`](Buf::remaining), as the trait requires.
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
                    // If `chunk` is empty, `len` was too long: advancing by 1 panics, as it should.
                    self.advance(taken.max(1));
                }
                return bytes.freeze();
            }
        };
        self.advance(len);
        bytes
    }

    /// Drops `count` bytes from the front. [`try_advance`](Output::try_advance) returns an error
    /// instead of a panic.
    ///
    /// # Panics
    ///
    /// If `count` is more than [`remaining`](Buf::remaining), as the trait requires.
    #[allow(clippy::panic, reason = "the contract of `Buf`")]
    fn advance(&mut self, count: usize) {
        if let Err(error) = self.try_advance(count) {
            panic!("{error}");
        }
    }
}

/// The error of [`Output::try_advance`] and
/// [`OutputWith::try_advance`](super::OutputWith::try_advance): the count was more than the output
/// holds. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AdvanceError {
    /// How many bytes the output holds.
    pub remaining: usize,
}

impl fmt::Display for AdvanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot advance beyond the {} bytes of output", self.remaining)
    }
}

impl core::error::Error for AdvanceError {}

/// Appends `payload`, masked if there is a key.
#[inline(always)]
fn append(to: &mut Vec<u8>, payload: &[u8], key: Option<Key>) {
    match key {
        // Masking with zeros is copying; for a short payload it is inlined.
        None if payload.len() <= MAX_COPIED_IN_LINE => mask::append(to, payload, Key::ZERO),
        None => to.extend_from_slice(payload),
        Some(key) => mask::append(to, payload, key),
    }
}

/// The length from which on shared frames are queued by reference. A reference takes more time than
/// a copy of some hundred bytes, but less memory.
const MIN_SHARED: usize = 256;

/// The longest payload that is copied inline. Beyond it, calling `memcpy` costs less than it saves.
const MAX_COPIED_IN_LINE: usize = 64;

/// If fewer bytes than this are queued, every ping is answered.
const PONG_BACKLOG: usize = 1024;

/// Shows only lengths, so that logs contain no user data.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("len", &self.remaining())
            .field("by_reference", &self.large.as_ref().map_or(0, |large| large.len()))
            .finish_non_exhaustive()
    }
}
