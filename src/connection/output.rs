//! The queue of bytes to be sent.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::fmt;

use bytes::{Buf, Bytes, BytesMut};

use crate::error::UsageError;
use crate::frame::{MAX_CONTROL_PAYLOAD, MAX_HEADER, ShortBytes};
use crate::mask;

/// The bytes that a connection has to send, in order: a [`Buf`].
///
/// Write from [`chunk`](Buf::chunk) or [`chunks_vectored`](Buf::chunks_vectored), and
/// [`advance`](Buf::advance) by what was written, however little that is. Small frames lie side by
/// side in one chunk; a large payload is a chunk of its own, the very buffer that was given to be
/// sent.
#[derive(Default)]
pub struct Output {
    /// Headers and small payloads.
    small: BytesMut,
    /// Payloads by reference, each with its place among the small bytes.
    large: VecDeque<Large>,
    /// The sum of `before` in `large`: `claimed <= small.len()`
    claimed: usize,
    /// All bytes queued: `small.len()` and the lengths in `large`.
    len: usize,
    /// Where the last automatic pong that is queued ends, counted from the front of the queue; 0
    /// where none is: `pong_end <= len`
    pong_end: usize,
    /// The automatic pong that waits until the queued ones are written.
    next_pong: Option<Box<ControlFrame>>,
}

/// A payload that is queued by reference, never empty.
struct Large {
    /// Small bytes that go out between the large payload before this one and this one.
    before: usize,
    payload: Bytes,
}

/// A control frame as it goes on the wire.
pub(super) type ControlFrame = ShortBytes<{ MAX_HEADER + MAX_CONTROL_PAYLOAD }>;

impl Output {
    /// As [`Buf::advance`], for a transport whose count of bytes written is not to be trusted.
    ///
    /// # Errors
    ///
    /// [`UsageError::AdvanceTooFar`] where `count` is more than there is; nothing has changed then.
    pub fn try_advance(&mut self, count: usize) -> Result<(), UsageError> {
        if count > self.len {
            return Err(UsageError::AdvanceTooFar { remaining: self.len });
        }
        self.len -= count;
        self.pong_end = self.pong_end.saturating_sub(count);
        self.drop_front(count);
        if self.pong_end == 0 {
            self.queue_next_pong();
        }
        Ok(())
    }

    /// Queues a frame, copying the payload and masking the copy where there is a key.
    pub(super) fn push(&mut self, header: &[u8], payload: &[u8], mask_key: Option<[u8; 4]>) {
        self.small.reserve(header.len() + payload.len());
        self.push_small(header);
        self.push_small(payload);
        let start = self.small.len() - payload.len();
        if let (Some(key), Some(copy)) = (mask_key, self.small.get_mut(start..)) {
            mask::apply(copy, key, 0);
        }
    }

    /// Queues a frame whose payload, masked already where it must be, stays where it is.
    pub(super) fn push_large(&mut self, header: &[u8], payload: Bytes) {
        self.push_small(header);
        if payload.is_empty() {
            return;
        }
        let before = self.small.len() - self.claimed;
        self.claimed += before;
        self.len += payload.len();
        self.large.push_back(Large { before, payload });
    }

    /// Queues an automatic pong. Where output waits, and a pong in it, it is kept apart until that
    /// is written, and a later one takes its place: RFC 6455 §5.5.3 says that answering the latest
    /// ping is enough, and so a flood of them does not fill the queue.
    pub(super) fn push_pong(&mut self, frame: ControlFrame) {
        if self.pong_end == 0 || self.len < PONG_BACKLOG && self.next_pong.is_none() {
            self.push_small(&frame);
            self.pong_end = self.len;
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

    /// Gives back what memory it can in constant time: all where nothing is queued, and else that
    /// of small bytes that were consumed, if few enough to be copied are left.
    pub(super) fn release(&mut self) {
        if self.len == 0 {
            *self = Output::default();
        } else if self.small.len() <= MAX_RELEASE_COPY {
            self.small = BytesMut::from(&*self.small);
        }
    }

    fn push_small(&mut self, bytes: &[u8]) {
        self.small.extend_from_slice(bytes);
        self.len += bytes.len();
    }

    fn queue_next_pong(&mut self) {
        if let Some(frame) = self.next_pong.take() {
            self.push_small(&frame);
            self.pong_end = self.len;
        }
    }

    /// Drops `count` bytes, of which there are as many, off the front of both queues.
    fn drop_front(&mut self, mut count: usize) {
        while count > 0 {
            match self.large.front_mut() {
                Some(front) if front.before == 0 => {
                    let dropped = count.min(front.payload.len());
                    front.payload.advance(dropped);
                    if front.payload.is_empty() {
                        self.large.pop_front();
                    }
                    count -= dropped;
                }
                Some(front) => {
                    let dropped = count.min(front.before);
                    front.before -= dropped;
                    self.claimed -= dropped;
                    self.small.advance(dropped);
                    count -= dropped;
                }
                None => {
                    self.small.advance(count);
                    count = 0;
                }
            }
        }
    }
}

impl Buf for Output {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        match self.large.front() {
            Some(Large { before: 0, payload }) => payload,
            Some(Large { before, .. }) => self.small.get(..*before).unwrap_or_default(),
            None => &self.small,
        }
    }

    #[cfg(feature = "std")]
    fn chunks_vectored<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        let mut small = &*self.small;
        let between = self.large.iter().flat_map(|Large { before, payload }| {
            let (front, rest) = small.split_at_checked(*before).unwrap_or_default();
            small = rest;
            [front, payload]
        });
        let tail = self.small.get(self.claimed..).unwrap_or_default();
        let chunks = between.chain([tail]).filter(|chunk| !chunk.is_empty());
        let mut filled = 0;
        for (slice, chunk) in slices.iter_mut().zip(chunks) {
            *slice = std::io::IoSlice::new(chunk);
            filled += 1;
        }
        filled
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

/// Bytes that are copied at most to give back the memory around them.
const MAX_RELEASE_COPY: usize = 4096;

/// Bytes of output below which every ping is answered.
const PONG_BACKLOG: usize = 1024;

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("len", &self.len)
            .field("by_reference", &self.large.len())
            .finish_non_exhaustive()
    }
}
