//! The kernel for each set of instructions, and the choice between them.

use super::{Key, kernel};

/// Masks `len` bytes from `from` to `to` with the widest vectors at hand; what it gives and asks
/// for is as for [`kernel::mask`]. Short payloads need no choice, and are masked in line.
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
    // SAFETY: the caller's promise, and the length is as `short` asks.
    unsafe {
        if len <= 64 {
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
        {
            #[cfg(feature = "avx512")]
            if std::is_x86_feature_detected!("avx512f") {
                return avx512::<NOTE, BACK>(from, to, len, key);
            }
            if std::is_x86_feature_detected!("avx2") {
                return avx2::<NOTE, BACK>(from, to, len, key);
            }
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

/// # Safety
///
/// As for [`kernel::mask`], on a processor with AVX-512F.
#[cfg(all(feature = "avx512", any(target_arch = "x86", target_arch = "x86_64")))]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { kernel::mask::<8, NOTE, BACK>(from, to, len, key) }
}
