//! The kernel: vectors of words, and no loop where two vectors will do.
//!
//! ```text
//! up to 128 bytes:   a vector at each end, of the largest size that fits; in the middle they overlap
//! more than that:    head  the first vector, wherever it lies
//!                    body  vectors at aligned addresses, four at a time, then one at a time
//!                    tail  the last vector, wherever it lies
//! ```
//!
//! 1. Ends that overlap take the place of a tail that is done byte by byte, which costs more than
//!    everything else in a short payload. What is masked twice would be masked not at all, so each
//!    vector is loaded before any store that could overlap it, and stores it whole: the bytes that
//!    two vectors have in common are the same in both.
//! 2. A store that crosses a cache line costs two, so the body's stores are aligned. Its loads are
//!    too where a payload is masked in place; when it is copied they fall as they may.
//! 3. The key turns with the place of a vector, and with nothing else, as vectors are a multiple of
//!    its length: head, body and tail have one pattern each.
//! 4. A vector is an array of words, which the compiler keeps in registers as wide as the processor
//!    it compiles for, or where it cannot be trusted to, the processor's own ([`Vector`]). All that
//!    has to do with vectors is always inlined, so that a function with `#[target_feature]` that
//!    calls [`mask`] is a kernel for that feature, and there is one text for all of them: a function
//!    of its own would not have the feature, and would be passed its vectors in memory.
//! 5. One kernel reads from here and writes to there. In place, both are the same.
//! 6. A copy goes from the end to the start (`BACK`) where its loads would wait for its stores
//!    otherwise ([`waits_for_stores`]), at up to twice the time.
//! 7. Whether all of what is written is ASCII falls out of it, and spares text a second look: an OR
//!    a vector where it is asked for (`NOTE`), and nothing where it is not. Of text that is not masked
//!    the same vectors are looked at, and nothing else ([`look`]).
//!
//! The price is the raw pointers: safe code cannot hold a payload to read from and the same payload
//! to write to. Their bounds are few, and stand at each function.

use super::Key;
use super::vector::{Vector, Words};

/// Masks `len` bytes from `from` to `to`. With `NOTE` it gives the OR of all that it wrote, folded to
/// a word, and without it a number that means nothing. A vector is a `V`. With `BACK` the body
/// goes from its end to its start.
///
/// # Safety
///
/// `from` is valid for reading `len` bytes and `to` for writing them, and they are the same or do
/// not overlap.
#[inline(always)]
pub(super) unsafe fn mask<V: Vector, const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise; each length is as the function that it chooses asks.
    unsafe {
        if len <= MAX_SHORT {
            short::<NOTE>(from, to, len, key)
        } else {
            long::<V, NOTE, BACK>(from, to, len, key)
        }
    }
}

/// As [`mask`], for up to [`MAX_SHORT`] bytes, where wider vectors than every processor has gain
/// nothing. Those up to 16 come first, as they have the least else to do.
///
/// # Safety
///
/// As for [`mask`], and `len <= MAX_SHORT`.
#[inline(always)]
pub(super) unsafe fn short<const NOTE: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise, and each length is in the range that its function asks for.
    unsafe {
        if len <= 16 {
            match len {
                8.. => ends::<Words<1>, NOTE>(from, to, len, key),
                4..=7 => half_words(from, to, len, key),
                1..=3 => bytes(from, to, len, key),
                0 => 0,
            }
        } else {
            match len {
                65.. => ends::<Words<8>, NOTE>(from, to, len, key),
                33..=64 => ends::<Words<4>, NOTE>(from, to, len, key),
                _ => ends::<Words<2>, NOTE>(from, to, len, key),
            }
        }
    }
}

/// The longest payload that has no body.
pub(super) const MAX_SHORT: usize = 128;

/// Masks a vector or more: head, body and tail.
///
/// # Safety
///
/// As for [`mask`], and `len >= size_of::<V>()`.
#[inline(always)]
unsafe fn long<V: Vector, const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    let size = size_of::<V>();
    let last = len - size;
    // How far it is to the next aligned address: `1 <= start <= size`.
    let start = size - to.addr() % size;
    let aligned = pattern(key, start);
    let mut at = start;
    // SAFETY: every vector lies in the `len` bytes that the caller vouches for: the head and the
    // tail as `len >= size`, the body's as the last of those that a round takes begins at or before
    // `last`. Head and tail are loaded before anything is stored; between two vectors of the body
    // there is no overlap. Where there is no body, `last <= start <= size`: head and tail meet.
    unsafe {
        let head = load::<V>(from, 0) ^ pattern(key, 0);
        let tail = load::<V>(from, last) ^ pattern(key, last);
        let mut seen = head | tail;
        let mut mask_at = |at: usize| {
            let vector = load::<V>(from, at) ^ aligned;
            store(to, at, vector);
            if NOTE {
                seen = seen | vector;
            }
        };
        if BACK {
            at += last.saturating_sub(start).next_multiple_of(size);
            while at >= start + 4 * size {
                at -= 4 * size;
                (0..4).rev().for_each(|i| mask_at(at + i * size));
            }
            while at > start {
                at -= size;
                mask_at(at);
            }
        } else {
            while at + 3 * size <= last {
                (0..4).for_each(|i| mask_at(at + i * size));
                at += 4 * size;
            }
            while at < last {
                mask_at(at);
                at += size;
            }
        }
        store(to, 0, head);
        store(to, last, tail);
        if NOTE { seen.fold() } else { 0 }
    }
}

/// The OR of `len` bytes, folded to a word.
///
/// # Safety
///
/// `from` is valid for reading `len` bytes, and `len >= size_of::<V>()`.
#[cfg(feature = "alloc")]
#[inline(always)]
pub(super) unsafe fn look<V: Vector>(from: *const u8, len: usize) -> u64 {
    let size = size_of::<V>();
    let last = len - size;
    let mut at = size - from.addr() % size;
    // SAFETY: every vector lies in the `len` bytes, as in `long`.
    unsafe {
        let load = |at| load::<V>(from, at);
        // Two, so that one does not wait for the other.
        let (mut even, mut odd) = (load(0), load(last));
        while at + 3 * size <= last {
            even = even | load(at) | load(at + 2 * size);
            odd = odd | load(at + size) | load(at + 3 * size);
            at += 4 * size;
        }
        while at < last {
            even = even | load(at);
            at += size;
        }
        (even | odd).fold()
    }
}

/// Whether the loads of a copy that goes forward would wait for the stores before them: a processor
/// takes a load for one of what was just stored where the lowest bits of the two addresses are the
/// same, which are those within a page.
#[inline]
pub(super) fn waits_for_stores(from: *const u8, to: *const u8) -> bool {
    let ahead = to.addr().wrapping_sub(from.addr()) % PAGE;
    ahead > 0 && ahead < PAGE / 2
}

const PAGE: usize = 4096;

/// Masks one to two vectors: the first and the last, which overlap.
///
/// # Safety
///
/// As for [`mask`], and `size_of::<V>() <= len <= 2 * size_of::<V>()`.
#[inline(always)]
unsafe fn ends<V: Vector, const NOTE: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    let last = len - size_of::<V>();
    // SAFETY: a vector at 0 and one at `last` lie in the `len` bytes that the caller vouches for;
    // both are loaded before the first is stored.
    unsafe {
        let head = load::<V>(from, 0) ^ pattern(key, 0);
        let tail = load::<V>(from, last) ^ pattern(key, last);
        store(to, 0, head);
        store(to, last, tail);
        if NOTE { (head | tail).fold() } else { 0 }
    }
}

/// Masks 4 to 8 bytes.
///
/// # Safety
///
/// As for [`mask`], and `4 <= len <= 8`.
#[inline]
unsafe fn half_words(from: *const u8, to: *mut u8, len: usize, key: Key) -> u64 {
    let last = len - size_of::<u32>();
    // SAFETY: four bytes at 0 and four at `last` lie in the `len` bytes that the caller vouches
    // for; both are loaded before the first is stored.
    unsafe {
        let head = from.cast::<u32>().read_unaligned() ^ key.in_memory();
        let tail = from.add(last).cast::<u32>().read_unaligned() ^ key.turned(last).in_memory();
        to.cast::<u32>().write_unaligned(head);
        to.add(last).cast::<u32>().write_unaligned(tail);
        u64::from(head | tail)
    }
}

/// Masks 1 to 3 bytes: the first, the middle and the last, of which some may be the same.
///
/// # Safety
///
/// As for [`mask`], and `1 <= len <= 3`.
#[inline]
unsafe fn bytes(from: *const u8, to: *mut u8, len: usize, key: Key) -> u64 {
    let [first, middle, last] = [0, len / 2, len - 1];
    // SAFETY: each place is below `len`; all are loaded before the first is stored.
    unsafe {
        let masked = |at| *from.add(at) ^ key.turned(at).first();
        let (a, b, c) = (masked(first), masked(middle), masked(last));
        *to.add(first) = a;
        *to.add(middle) = b;
        *to.add(last) = c;
        u64::from(a | b | c)
    }
}

/// The key as it meets the vector at `at`, repeated.
#[inline(always)]
fn pattern<V: Vector>(key: Key, at: usize) -> V {
    let key = u64::from(key.turned(at).in_memory());
    V::splat(key << 32 | key)
}

/// # Safety
///
/// `from` is valid for reading a vector at `at`.
#[inline(always)]
unsafe fn load<V: Vector>(from: *const u8, at: usize) -> V {
    // SAFETY: the caller's promise, and every value of the bytes is valid.
    unsafe { from.add(at).cast::<V>().read_unaligned() }
}

/// # Safety
///
/// `to` is valid for writing a vector at `at`.
#[inline(always)]
unsafe fn store<V: Vector>(to: *mut u8, at: usize, vector: V) {
    // SAFETY: the caller's promise.
    unsafe { to.add(at).cast::<V>().write_unaligned(vector) }
}
