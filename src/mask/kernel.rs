//! The kernel: masks with vectors of words, and without a loop if two vectors are enough.
//!
//! ```text
//! up to 128 bytes:   a vector at each end, as large as fits; they overlap in the middle
//! more than that:    head  the first vector, at any address
//!                    body  vectors at aligned addresses, four at a time, then one at a time
//!                    tail  the last vector, at any address
//! ```
//!
//! 1. Two ends that overlap replace a tail that is masked byte by byte. In a short payload, such a
//!    tail would cost more than everything else. A byte that is masked twice would not be masked at
//!    all. Therefore each vector is loaded before any store that could overlap it, and is stored
//!    whole. The bytes that two vectors have in common are then the same in both.
//! 2. A store that crosses a cache line costs two, so the body's stores are aligned. If a payload
//!    is masked in place, the body's loads are aligned too. If it is copied, the loads may be at
//!    any address.
//! 3. How far the key is turned depends only on the place of a vector. The size of a vector is a
//!    multiple of the key's length, so all vectors of the body have the same pattern: head, body
//!    and tail need one pattern each.
//! 4. A vector is an array of words. The compiler keeps it in registers as wide as the processor
//!    that it compiles for has. Where the compiler cannot be trusted to do so, the vector is the
//!    processor's own type ([`Vector`]). Every function that deals with vectors is always inlined.
//!    Thus a function with `#[target_feature]` that calls [`mask`] is a kernel for that feature,
//!    and all kernels share one source text. A function that is not inlined would not have the
//!    feature, and its vectors would be passed in memory.
//! 5. One kernel reads from one address and writes to another. In place, both are the same.
//! 6. If the loads of a copy would wait for its stores ([`waits_for_stores`]), the copy goes from
//!    the end to the start (`BACK`). Forward, it would take up to twice the time.
//! 7. The kernel also finds out whether all bytes that it writes are ASCII, so that text needs no
//!    second pass. It costs one OR for each vector if it is asked for (`NOTE`), and nothing
//!    otherwise. If text is not masked, [`look`] reads the same vectors and does nothing else.
//!
//! The price is raw pointers: safe code cannot hold a payload to read from and the same payload to
//! write to. The bounds are few, and each function states its own.

use super::Key;
use super::vector::{Vector, Words};

/// Masks `len` bytes from `from` to `to`, with vectors of type `V`.
///
/// With `NOTE`, it returns the OR of all bytes that it wrote, folded to a word. Without `NOTE`, the
/// result has no meaning. With `BACK`, the body is masked from its end to its start.
///
/// # Safety
///
/// `from` is valid for reading `len` bytes, and `to` is valid for writing `len` bytes. `from` and
/// `to` are the same address, or their bytes do not overlap.
#[inline(always)]
pub(super) unsafe fn mask<V: Vector, const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise, and each function is called with a length that it accepts.
    unsafe {
        if len <= MAX_SHORT {
            short::<NOTE>(from, to, len, key)
        } else {
            long::<V, NOTE, BACK>(from, to, len, key)
        }
    }
}

/// Masks as [`mask`] does, up to [`MAX_SHORT`] bytes.
///
/// At these lengths, vectors wider than those that every processor has gain nothing. Lengths up to
/// 16 are tested first, because they have the least other work.
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
    // SAFETY: the caller's promise, and each function is called with a length that it accepts.
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

/// The length of the longest payload that has no body.
pub(super) const MAX_SHORT: usize = 128;

/// Masks at least one vector: head, body and tail.
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
    // The distance to the next aligned address: `1 <= start <= size`.
    let start = size - to.addr() % size;
    let aligned = pattern(key, start);
    let mut at = start;
    // SAFETY: every vector is within the `len` bytes that the caller promises. For head and tail,
    // this follows from `len >= size`. For the body, the last vector of each round begins at or
    // before `last`. Head and tail are loaded before anything is stored. No two vectors of the body
    // overlap. If there is no body, `last <= start <= size`: head and tail meet.
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

/// Returns the OR of `len` bytes, folded to a word.
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
    // SAFETY: every vector is within the `len` bytes, as in `long`.
    unsafe {
        let load = |at| load::<V>(from, at);
        // Two results, so that neither has to wait for the other.
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

/// Returns `true` if the loads of a copy that goes forward would wait for the stores before them.
///
/// If the lowest bits of two addresses are the same, a processor treats a load from one as a load
/// of what was just stored to the other. These are the bits of an address within a page.
#[inline]
pub(super) fn waits_for_stores(from: *const u8, to: *const u8) -> bool {
    let ahead = to.addr().wrapping_sub(from.addr()) % PAGE;
    ahead > 0 && ahead < PAGE / 2
}

const PAGE: usize = 4096;

/// Masks one to two vectors: the first and the last, which overlap or meet.
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
    // SAFETY: a vector at 0 and one at `last` are within the `len` bytes that the caller promises.
    // Both are loaded before the first is stored.
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
    // SAFETY: four bytes at 0 and four at `last` are within the `len` bytes that the caller
    // promises. Both are loaded before the first is stored.
    unsafe {
        let head = from.cast::<u32>().read_unaligned() ^ key.in_memory();
        let tail = from.add(last).cast::<u32>().read_unaligned() ^ key.turned(last).in_memory();
        to.cast::<u32>().write_unaligned(head);
        to.add(last).cast::<u32>().write_unaligned(tail);
        u64::from(head | tail)
    }
}

/// Masks 1 to 3 bytes: the first, the middle and the last, some of which may be the same.
///
/// # Safety
///
/// As for [`mask`], and `1 <= len <= 3`.
#[inline]
unsafe fn bytes(from: *const u8, to: *mut u8, len: usize, key: Key) -> u64 {
    let [first, middle, last] = [0, len / 2, len - 1];
    // SAFETY: each place is below `len`. All bytes are loaded before the first is stored.
    unsafe {
        let masked = |at| *from.add(at) ^ key.turned(at).first();
        let (a, b, c) = (masked(first), masked(middle), masked(last));
        *to.add(first) = a;
        *to.add(middle) = b;
        *to.add(last) = c;
        u64::from(a | b | c)
    }
}

/// Returns the key as it is turned for the vector at `at`, repeated to fill the vector.
#[inline(always)]
fn pattern<V: Vector>(key: Key, at: usize) -> V {
    let key = u64::from(key.turned(at).in_memory());
    V::splat(key << 32 | key)
}

/// Loads the vector at `at`.
///
/// # Safety
///
/// `from` is valid for reading a vector at `at`.
#[inline(always)]
unsafe fn load<V: Vector>(from: *const u8, at: usize) -> V {
    // SAFETY: the caller's promise, and every value of a vector's bytes is valid.
    unsafe { from.add(at).cast::<V>().read_unaligned() }
}

/// Stores `vector` at `at`.
///
/// # Safety
///
/// `to` is valid for writing a vector at `at`.
#[inline(always)]
unsafe fn store<V: Vector>(to: *mut u8, at: usize, vector: V) {
    // SAFETY: the caller's promise.
    unsafe { to.add(at).cast::<V>().write_unaligned(vector) }
}
