//! The kernel for each set of instructions, and the choice between them.

use super::{Key, kernel};

/// Masks `len` bytes from `from` to `to` with the widest vectors at hand; what it gives and asks
/// for is as for [`kernel::mask`]. The shortest payloads need no choice, and are masked in line.
///
/// # Safety
///
/// As for [`kernel::mask`].
#[inline(always)]
pub(super) unsafe fn mask<const NOTE: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // Where ASCII is noted, the compiler keeps more than that in words instead of vectors.
    let max_in_line = if NOTE { 64 } else { kernel::MAX_SHORT };
    // SAFETY: the caller's promise, and the length is as `short` asks.
    unsafe {
        if len <= max_in_line {
            kernel::short::<NOTE>(from, to, len, key)
        } else if kernel::waits_for_stores(from, to) {
            widest::<NOTE, true>(from, to, len, key)
        } else {
            widest::<NOTE, false>(from, to, len, key)
        }
    }
}

/// # Safety
///
/// As for [`kernel::mask`].
#[inline(never)]
unsafe fn widest<const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise; a kernel is called where its instructions were detected.
    unsafe {
        #[cfg(all(feature = "std", any(target_arch = "x86", target_arch = "x86_64")))]
        if std::is_x86_feature_detected!("avx2") {
            return avx2::<NOTE, BACK>(from, to, len, key);
        }
        baseline::<NOTE, BACK>(from, to, len, key)
    }
}

/// What every processor of the target has: SSE2 on `x86_64`, NEON on `aarch64`.
///
/// # Safety
///
/// As for [`kernel::mask`].
unsafe fn baseline<const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { kernel::mask::<2, NOTE, BACK>(from, to, len, key) }
}

/// # Safety
///
/// As for [`kernel::mask`], on a processor with AVX2.
#[cfg(all(feature = "std", any(target_arch = "x86", target_arch = "x86_64")))]
#[target_feature(enable = "avx2")]
unsafe fn avx2<const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { kernel::mask::<4, NOTE, BACK>(from, to, len, key) }
}

/// The OR of `bytes`, folded to a word.
#[cfg(feature = "alloc")]
#[inline(always)]
pub(super) fn look(bytes: &[u8]) -> u64 {
    let (from, len) = (bytes.as_ptr(), bytes.len());
    // SAFETY: the bytes are those of the slice, and at least as many as the vector of each has.
    unsafe {
        match len {
            32.. => look_with_widest(from, len),
            16..=31 => kernel::look::<2>(from, len),
            8..=15 => kernel::look::<1>(from, len),
            _ => bytes.iter().fold(0, |seen, &byte| seen | u64::from(byte)),
        }
    }
}

/// # Safety
///
/// As for [`kernel::look`], and `len >= 32`.
#[cfg(feature = "alloc")]
#[inline(never)]
unsafe fn look_with_widest(from: *const u8, len: usize) -> u64 {
    // SAFETY: the caller's promise; a kernel is called where its instructions were detected.
    unsafe {
        #[cfg(all(feature = "std", any(target_arch = "x86", target_arch = "x86_64")))]
        if std::is_x86_feature_detected!("avx2") {
            return look_avx2(from, len);
        }
        kernel::look::<4>(from, len)
    }
}

/// # Safety
///
/// As for [`kernel::look`], on a processor with AVX2.
#[cfg(all(feature = "alloc", feature = "std", any(target_arch = "x86", target_arch = "x86_64")))]
#[target_feature(enable = "avx2")]
unsafe fn look_avx2(from: *const u8, len: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { kernel::look::<4>(from, len) }
}
