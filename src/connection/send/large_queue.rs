//! Payloads that are queued by reference, each with its position among the small bytes.
//!
//! ```text
//! small bytes   | header, frame, header | header | frame, frame |
//!               |------- before --------|-before-|
//!               |----------- claimed ------------|
//! payloads                              ^ first  ^ second
//! written       header, frame, header, first, header, second, frame, frame
//! ```

use alloc::collections::VecDeque;
#[cfg(feature = "std")]
use std::io::IoSlice;

use bytes::{Buf, Bytes};

use super::byte_queue::ByteQueue;

/// A queue of payloads by reference, each with its position among the small bytes.
#[derive(Default)]
pub(super) struct LargeQueue {
    payloads: VecDeque<Large>,
    /// The sum of `before` over all `payloads`. It is at most the number of small bytes.
    claimed: usize,
    /// The sum of the lengths of `payloads`.
    len: usize,
}

/// A payload that is queued by reference, never empty.
pub(super) struct Large {
    /// How many small bytes are written between the previous payload and this one.
    pub(super) before: usize,
    pub(super) payload: Bytes,
}

impl LargeQueue {
    /// Queues a payload behind all small bytes, of which there are `small_len`.
    pub(super) fn push(&mut self, small_len: usize, payload: Bytes) {
        let before = small_len - self.claimed;
        self.claimed += before;
        self.len += payload.len();
        self.payloads.push_back(Large { before, payload });
    }

    /// Returns the first payload.
    #[inline]
    pub(super) fn front(&self) -> Option<&Large> {
        self.payloads.front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.payloads.is_empty()
    }

    /// Returns the sum of the lengths of the payloads.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Returns how many bytes it holds on the heap, including itself.
    pub(super) fn memory_usage(&self) -> usize {
        size_of::<LargeQueue>() + self.payloads.capacity() * size_of::<Large>() + self.len
    }

    /// Fills `slices` with the chunks of both queues, in the order in which they are written.
    /// Returns how many slices are filled.
    #[cfg(feature = "std")]
    pub(super) fn chunks<'a>(&'a self, mut small: &'a [u8], slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for Large { before, payload } in &self.payloads {
            if filled == slices.len() {
                return filled;
            }
            let (front, rest) = small.split_at_checked(*before).unwrap_or_default();
            filled = add_chunk(slices, filled, front);
            filled = add_chunk(slices, filled, payload);
            small = rest;
        }
        add_chunk(slices, filled, small)
    }

    /// Drops `count` bytes from the front of both queues, or all if there are fewer.
    pub(super) fn drop_front(&mut self, small: &mut ByteQueue, mut count: usize) {
        while count > 0 {
            let Some(front) = self.payloads.front_mut() else { return small.take(count) };
            let small_count = count.min(front.before);
            front.before -= small_count;
            self.claimed -= small_count;
            small.take(small_count);

            let large_count = (count - small_count).min(front.payload.len());
            front.payload.advance(large_count);
            self.len -= large_count;
            if front.payload.is_empty() {
                self.payloads.pop_front();
            }
            count -= small_count + large_count;
        }
    }
}

/// Writes `chunk` to the slice after the first `filled` ones, unless `chunk` is empty or no slice
/// is left. Returns how many slices are filled now.
#[cfg(feature = "std")]
#[inline]
pub(super) fn add_chunk<'a>(slices: &mut [IoSlice<'a>], filled: usize, chunk: &'a [u8]) -> usize {
    match slices.get_mut(filled) {
        Some(slice) if !chunk.is_empty() => {
            *slice = IoSlice::new(chunk);
            filled + 1
        }
        _ => filled,
    }
}
