//! The loops over every byte, with vectors of any width.
//!
//! Both use aligned stores for the middle, and for both ends vectors that overlap it. Bytes in an
//! overlap are stored twice, with the same value both times, so that no tail has to be done byte by
//! byte. In place this needs care, because a byte that is masked twice is not masked. Therefore
//! both ends are loaded before anything is stored.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// The bytes of a register.
///
/// # Safety
///
/// All methods: the processor must have the instructions, and `load` and `store` must access only
/// valid memory.
pub(super) trait Vector: Copy {
    /// The vector to use if fewer bytes are left than fit.
    type Half: Vector;
    const WIDTH: usize = size_of::<Self>();
    /// Whether there is no narrower vector.
    const IS_LAST: bool = false;

    unsafe fn splat(key: u32) -> Self;
    unsafe fn load(from: *const u8) -> Self;
    unsafe fn store(self, to: *mut u8);
    unsafe fn xor(self, other: Self) -> Self;
    unsafe fn or(self, other: Self) -> Self;
    /// Returns whether the high bit of any byte is set.
    unsafe fn has_high_bit(self) -> bool;
}

/// Copies `len` bytes and masks the copy, RFC 6455 §5.3. `from` and `to` may be the same.
///
/// With `LOOK`, returns whether any byte that was stored is not ASCII.
///
/// # Safety
///
/// `len` bytes must be readable at `from` and writable at `to`. The two must be the same or not
/// overlap. The processor must support `V`.
#[inline(always)]
pub(super) unsafe fn mask<V: Vector, const LOOK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: u32,
) -> bool {
    // SAFETY: each branch has checked that `len` is long enough for what it calls.
    unsafe {
        if len >= V::WIDTH {
            mask_long::<V, LOOK>(from, to, len, key)
        } else if V::IS_LAST {
            mask_short(from, to, len, key)
        } else {
            mask::<V::Half, LOOK>(from, to, len, key)
        }
    }
}

/// Masks at least one vector.
///
/// # Safety
///
/// The same as for [`mask`], and `len >= V::WIDTH`.
#[inline(always)]
unsafe fn mask_long<V: Vector, const LOOK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: u32,
) -> bool {
    // SAFETY: `at + WIDTH <= end < len` at every load and store, and `end = len - WIDTH`.
    unsafe {
        let end = len - V::WIDTH;
        let first = V::load(from).xor(V::splat(key));
        let last = V::load(from.add(end)).xor(V::splat(rotated(key, end)));
        let mut seen = first.or(last);
        // Short payloads are not worth the alignment.
        let mut at = V::WIDTH;
        if len > 4 * V::WIDTH {
            at -= to as usize % V::WIDTH;
        }
        let middle = V::splat(rotated(key, at));
        // The bytes before `at` were loaded already. They are stored when no load is left.
        while at + 4 * V::WIDTH <= end {
            let mut i = 0;
            while i < 4 {
                let vector = V::load(from.add(at)).xor(middle);
                vector.store(to.add(at));
                seen = if LOOK { seen.or(vector) } else { seen };
                at += V::WIDTH;
                i += 1;
            }
        }
        while at < end {
            let vector = V::load(from.add(at)).xor(middle);
            // `last` was loaded before this store, and overwrites the bytes that they share.
            vector.store(to.add(at));
            seen = if LOOK { seen.or(vector) } else { seen };
            at += V::WIDTH;
        }
        first.store(to);
        last.store(to.add(end));
        LOOK && seen.has_high_bit()
    }
}

/// Masks fewer bytes than any vector has.
///
/// # Safety
///
/// The same as for [`mask`], and `len < 16`.
#[inline(always)]
unsafe fn mask_short(from: *const u8, to: *mut u8, len: usize, key: u32) -> bool {
    // SAFETY: each branch loads and stores words that begin at 0 and words that end at `len`.
    unsafe {
        if len >= 8 {
            let wide = u64::from(key) << 32 | u64::from(key);
            let (a, b) = (from.cast::<u64>(), from.add(len - 8).cast::<u64>());
            let first = a.read_unaligned() ^ wide;
            let turn = (len as u32 & 3) * 8;
            let last = b.read_unaligned() ^ wide.rotate_right(turn);
            to.cast::<u64>().write_unaligned(first);
            to.add(len - 8).cast::<u64>().write_unaligned(last);
            (first | last) & HIGH_BITS != 0
        } else if len >= 4 {
            let first = from.cast::<u32>().read_unaligned() ^ key;
            let last = from.add(len - 4).cast::<u32>().read_unaligned() ^ rotated(key, len);
            to.cast::<u32>().write_unaligned(first);
            to.add(len - 4).cast::<u32>().write_unaligned(last);
            u64::from(first | last) & HIGH_BITS != 0
        } else {
            let mut seen = 0;
            for i in 0..len {
                let byte = *from.add(i) ^ key.to_le_bytes()[i];
                *to.add(i) = byte;
                seen |= byte;
            }
            seen >= 0x80
        }
    }
}

/// Returns whether any of `len` bytes is not ASCII.
///
/// # Safety
///
/// `len` bytes must be readable at `from`, and the processor must support `V`.
#[inline(always)]
pub(super) unsafe fn has_high_bit<V: Vector>(from: *const u8, len: usize) -> bool {
    // SAFETY: `at <= end = len - WIDTH` at every load. Shorter payloads are left to other branches.
    unsafe {
        if len < V::WIDTH {
            return if V::IS_LAST {
                !std::slice::from_raw_parts(from, len).is_ascii()
            } else {
                has_high_bit::<V::Half>(from, len)
            };
        }
        let end = len - V::WIDTH;
        let mut seen = V::load(from.add(end));
        let mut at = 0;
        while at + 3 * V::WIDTH < end {
            let mut i = 0;
            while i < 4 {
                seen = seen.or(V::load(from.add(at)));
                at += V::WIDTH;
                i += 1;
            }
        }
        while at < end {
            seen = seen.or(V::load(from.add(at)));
            at += V::WIDTH;
        }
        seen.has_high_bit()
    }
}

/// Returns the key for bytes that begin `by` bytes later. Its bytes are in memory order, which is
/// little-endian here.
#[inline(always)]
pub(super) fn rotated(key: u32, by: usize) -> u32 {
    key.rotate_right((by as u32 & 3) * 8)
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

#[cfg(target_endian = "big")]
compile_error!("the keys of `limit` are little endian");

/// The vector of machines without others.
impl Vector for u128 {
    type Half = u128;
    const IS_LAST: bool = true;

    #[inline(always)]
    unsafe fn splat(key: u32) -> Self {
        let key = u128::from(key);
        key << 96 | key << 64 | key << 32 | key
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: as the caller promises.
        unsafe { from.cast::<u128>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<u128>().write_unaligned(self) }
    }

    #[inline(always)]
    unsafe fn xor(self, other: Self) -> Self {
        self ^ other
    }

    #[inline(always)]
    unsafe fn or(self, other: Self) -> Self {
        self | other
    }

    #[inline(always)]
    unsafe fn has_high_bit(self) -> bool {
        ((self >> 64 | self) as u64) & HIGH_BITS != 0
    }
}

/// Implements [`Vector`] for a type of the processor, from the names of its instructions.
#[cfg(target_arch = "x86_64")]
macro_rules! vector {
    (
        $vector:ty, $half:ty, $is_last:literal,
        $splat:ident, $load:ident, $store:ident, $xor:ident, $or:ident, $high:expr
    ) => {
        impl Vector for $vector {
            type Half = $half;
            const IS_LAST: bool = $is_last;

            #[inline(always)]
            unsafe fn splat(key: u32) -> Self {
                // SAFETY: as the caller promises. The same holds for all methods below.
                unsafe { $splat(key as i32) }
            }

            #[inline(always)]
            unsafe fn load(from: *const u8) -> Self {
                // SAFETY: see `splat`.
                unsafe { $load(from.cast()) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut u8) {
                // SAFETY: see `splat`.
                unsafe { $store(to.cast(), self) }
            }

            #[inline(always)]
            unsafe fn xor(self, other: Self) -> Self {
                // SAFETY: see `splat`.
                unsafe { $xor(self, other) }
            }

            #[inline(always)]
            unsafe fn or(self, other: Self) -> Self {
                // SAFETY: see `splat`.
                unsafe { $or(self, other) }
            }

            #[inline(always)]
            unsafe fn has_high_bit(self) -> bool {
                // SAFETY: see `splat`.
                unsafe { $high(self) != 0 }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
vector!(
    __m128i,
    __m128i,
    true,
    _mm_set1_epi32,
    _mm_loadu_si128,
    _mm_storeu_si128,
    _mm_xor_si128,
    _mm_or_si128,
    _mm_movemask_epi8
);
#[cfg(target_arch = "x86_64")]
vector!(
    __m256i,
    __m128i,
    false,
    _mm256_set1_epi32,
    _mm256_loadu_si256,
    _mm256_storeu_si256,
    _mm256_xor_si256,
    _mm256_or_si256,
    _mm256_movemask_epi8
);
