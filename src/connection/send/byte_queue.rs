//! A queue of contiguous bytes, appended at the end and taken from the front.
//!
//! ```text
//! buffer  | taken | the queue          | room     |
//! ```

use alloc::vec::Vec;
use core::ops::Deref;

use crate::retain::{MAX_RELEASE_MOVE, Retain};

/// A queue of contiguous bytes. [`Deref`] returns them as one slice.
///
/// The buffer is reused, and its size follows what is queued: bytes that were taken are overwritten
/// before the buffer grows, and the buffer shrinks after a number of rounds without a burst
/// ([`Retain`]).
#[derive(Default)]
pub(super) struct ByteQueue {
    buffer: Vec<u8>,
    /// How many bytes at the front were taken: `taken <= buffer.len()`
    taken: usize,
    /// Counts rounds. A round ends each time the queue becomes empty.
    retain: Retain,
}

impl ByteQueue {
    /// Returns the buffer, with room for `len` more bytes. Only append to it.
    #[inline]
    pub(super) fn room_for(&mut self, len: usize) -> &mut Vec<u8> {
        if !self.has_room_for(len) {
            self.make_room(len);
        }
        &mut self.buffer
    }

    #[inline]
    pub(super) fn has_room_for(&self, len: usize) -> bool {
        len <= self.buffer.capacity() - self.buffer.len()
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.buffer.len() - self.taken
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.taken == self.buffer.len()
    }

    /// Returns how many bytes the buffer holds on the heap.
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Takes `len` bytes from the front, or all if there are fewer.
    #[inline]
    pub(super) fn take(&mut self, len: usize) {
        self.taken += len.min(self.len());
        if self.is_empty() && self.taken > 0 {
            self.rewind();
        }
    }

    /// Frees the buffer if the queue is empty.
    pub(super) fn release(&mut self) {
        if self.is_empty() {
            *self = ByteQueue::default();
        }
    }

    /// Frees the free space around the queued bytes, if few enough bytes have to be moved.
    pub(super) fn shrink_to_fit(&mut self) {
        if self.len() <= MAX_RELEASE_MOVE && self.buffer.capacity() > self.len() {
            *self = ByteQueue { buffer: self.to_vec(), ..ByteQueue::default() };
        }
    }

    /// Makes room for `len` more bytes. If at least half of the buffer's bytes were taken, moves
    /// the queue over them. So a queue that never becomes empty does not grow, and each byte is
    /// moved at most twice.
    #[cold]
    fn make_room(&mut self, len: usize) {
        if self.taken >= self.len() {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.reserve(len);
    }

    /// Takes all bytes. The next ones are stored at the front of the buffer again.
    #[inline]
    pub(super) fn rewind(&mut self) {
        if self.buffer.capacity() > ALWAYS_KEPT {
            self.end_round();
        }
        self.buffer.clear();
        self.taken = 0;
    }

    /// Ends a round. Shrinks the buffer if the last rounds used little of it.
    fn end_round(&mut self) {
        let capacity = self.buffer.capacity();
        if self.retain.should_shrink(self.buffer.len(), capacity) {
            self.buffer = Vec::with_capacity(capacity / 4);
        }
    }
}

impl Deref for ByteQueue {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }
}

/// The largest buffer that never shrinks by itself. It is kept until it is released.
const ALWAYS_KEPT: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &mut ByteQueue, bytes: &[u8]) {
        queue.room_for(bytes.len()).extend_from_slice(bytes);
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let mut queue = ByteQueue::default();
        let (mut next_in, mut next_out) = (0u32, 0u32);
        for step in 0..5_000u32 {
            for _ in 0..step * 7 % 13 {
                push(&mut queue, &next_in.to_le_bytes());
                next_in += 1;
            }
            for _ in 0..(step * 5 % 14).min(next_in - next_out) {
                assert_eq!(queue[..4], next_out.to_le_bytes());
                queue.take(4);
                next_out += 1;
            }
            assert_eq!(queue.len(), 4 * (next_in - next_out) as usize);
        }
        queue.take(usize::MAX);
        assert_eq!((queue.len(), &*queue), (0, &[][..]));
    }

    #[test]
    fn a_queue_that_never_empties_does_not_grow() {
        let mut queue = ByteQueue::default();
        push(&mut queue, &[0; 1000]);
        for _ in 0..10_000 {
            push(&mut queue, &[0; 100]);
            queue.take(100);
        }
        assert!(queue.buffer.capacity() <= 4000, "{}", queue.buffer.capacity());
    }

    #[test]
    fn a_burst_is_forgotten() {
        let mut queue = ByteQueue::default();
        push(&mut queue, &[0; 1 << 20]);
        queue.take(1 << 20);
        assert!(queue.buffer.capacity() >= 1 << 20, "another burst may follow");
        for _ in 0..100 {
            push(&mut queue, &[0; 100]);
            queue.take(100);
        }
        assert!(queue.buffer.capacity() <= ALWAYS_KEPT, "{}", queue.buffer.capacity());
    }

    #[test]
    fn bursts_that_go_on_keep_their_buffer() {
        let mut queue = ByteQueue::default();
        for _ in 0..100 {
            push(&mut queue, &[0; 1 << 20]);
            queue.take(1 << 20);
            for _ in 0..15 {
                push(&mut queue, &[0; 100]);
                queue.take(100);
            }
            assert!(queue.buffer.capacity() >= 1 << 20);
        }
    }
}
