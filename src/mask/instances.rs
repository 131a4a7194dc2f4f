//! The kernel for each set of instructions, and the choice of one of them.

use core::{fmt, iter};

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use super::vector::Avx2;
use super::vector::Words;
use super::{Key, kernel};

/// Masks `len` bytes from `from` to `to` with the widest vectors that the processor has.
///
/// Returns what [`kernel::mask`] returns. The shortest payloads need no choice of a kernel, and are
/// masked inline.
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
    // If ASCII is noted, the compiler keeps longer payloads in words instead of vectors.
    let max_in_line = if NOTE { 64 } else { kernel::MAX_SHORT };
    // SAFETY: the caller's promise, and `short` is called with a length that it accepts.
    unsafe {
        if len <= max_in_line {
            kernel::short::<NOTE>(from, to, len, key)
        } else if kernel::waits_for_stores(from, to) {
            mask_with_widest::<NOTE, true>(from, to, len, key)
        } else {
            mask_with_widest::<NOTE, false>(from, to, len, key)
        }
    }
}

/// Masks as [`mask`] does, with the widest kernel.
///
/// # Safety
///
/// As for [`kernel::mask`].
#[inline(never)]
unsafe fn mask_with_widest<const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { Kernel::widest().mask::<NOTE, BACK>(from, to, len, key) }
}

/// Returns the OR of `bytes`, folded to a word.
#[cfg(feature = "alloc")]
#[inline]
pub(super) fn look(bytes: &[u8]) -> u64 {
    let (from, len) = (bytes.as_ptr(), bytes.len());
    // SAFETY: the bytes are those of the slice. There are at least as many as each call's vector
    // has.
    unsafe {
        match len {
            32.. => look_with_widest(from, len),
            16..=31 => kernel::look::<Words<2>>(from, len),
            8..=15 => kernel::look::<Words<1>>(from, len),
            _ => bytes.iter().fold(0, |seen, &byte| seen | u64::from(byte)),
        }
    }
}

/// Returns the OR of `len` bytes, with the widest kernel.
///
/// # Safety
///
/// As for [`kernel::look`], and `len >= 32`.
#[cfg(feature = "alloc")]
#[inline(never)]
unsafe fn look_with_widest(from: *const u8, len: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { Kernel::widest().look(from, len) }
}

/// A kernel. A value exists only if the processor has the kernel's instructions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    /// The instructions of every processor of the target: SSE2 on `x86_64`, NEON on `aarch64`.
    Baseline,
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Avx2,
}

impl Kernel {
    const BASELINE: Kernel = Kernel(Instructions::Baseline);

    /// Returns each kernel that this processor can run.
    pub fn all() -> impl Iterator<Item = Kernel> {
        let wider = Some(Kernel::widest()).filter(|&widest| widest != Kernel::BASELINE);
        iter::once(Kernel::BASELINE).chain(wider)
    }

    /// Returns the kernel that [`super::apply`] and all other functions use.
    #[inline]
    fn widest() -> Kernel {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        if has_avx2() {
            return Kernel(Instructions::Avx2);
        }
        Kernel::BASELINE
    }

    /// Masks `payload` in place, as [`super::apply`] does.
    pub fn apply(self, payload: &mut [u8], key: [u8; 4], offset: usize) {
        let (start, len) = (payload.as_mut_ptr(), payload.len());
        // SAFETY: `start` is valid for reading and writing the `len` bytes of the slice.
        unsafe { self.mask::<false, false>(start, start, len, Key::new(key).turned(offset)) };
    }

    /// Masks while it copies, as [`super::apply_copy`] does.
    pub fn apply_copy(
        self,
        payload: &[u8],
        masked: &mut [u8],
        key: [u8; 4],
        offset: usize,
    ) -> usize {
        let (from, to) = (payload.as_ptr(), masked.as_mut_ptr());
        let len = payload.len().min(masked.len());
        let key = Key::new(key).turned(offset);
        // SAFETY: `len` is within both slices. They do not overlap, because `masked` is borrowed
        // exclusively.
        unsafe {
            if kernel::waits_for_stores(from, to) {
                self.mask::<false, true>(from, to, len, key);
            } else {
                self.mask::<false, false>(from, to, len, key);
            }
        }
        len
    }

    /// Masks as [`kernel::mask`] does.
    ///
    /// # Safety
    ///
    /// As for [`kernel::mask`].
    #[inline]
    pub(super) unsafe fn mask<const NOTE: bool, const BACK: bool>(
        self,
        from: *const u8,
        to: *mut u8,
        len: usize,
        key: Key,
    ) -> u64 {
        // SAFETY: the caller's promise, and the processor has the instructions.
        unsafe {
            match self.0 {
                Instructions::Baseline => kernel::mask::<Words<2>, NOTE, BACK>(from, to, len, key),
                #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
                Instructions::Avx2 => avx2::<NOTE, BACK>(from, to, len, key),
            }
        }
    }

    /// Returns what [`kernel::look`] returns.
    ///
    /// # Safety
    ///
    /// As for [`kernel::look`], and `len >= 32`.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) unsafe fn look(self, from: *const u8, len: usize) -> u64 {
        // SAFETY: the caller's promise, and the processor has the instructions.
        unsafe {
            match self.0 {
                Instructions::Baseline => kernel::look::<Words<4>>(from, len),
                #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
                Instructions::Avx2 => look_avx2(from, len),
            }
        }
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns `true` if this processor has AVX2. Without `std`, only the compiler's flags show it.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[inline]
fn has_avx2() -> bool {
    #[cfg(feature = "std")]
    return std::is_x86_feature_detected!("avx2");
    #[cfg(not(feature = "std"))]
    return cfg!(target_feature = "avx2");
}

/// Masks as [`kernel::mask`] does, with AVX2.
///
/// # Safety
///
/// As for [`kernel::mask`], on a processor with AVX2.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
unsafe fn avx2<const NOTE: bool, const BACK: bool>(
    from: *const u8,
    to: *mut u8,
    len: usize,
    key: Key,
) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { kernel::mask::<Avx2, NOTE, BACK>(from, to, len, key) }
}

/// Returns what [`kernel::look`] returns, with AVX2.
///
/// # Safety
///
/// As for [`kernel::look`], on a processor with AVX2.
#[cfg(all(feature = "alloc", any(target_arch = "x86", target_arch = "x86_64")))]
#[target_feature(enable = "avx2")]
unsafe fn look_avx2(from: *const u8, len: usize) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { kernel::look::<Avx2>(from, len) }
}

/// Tests each kernel by itself, because `mask` chooses only one of them.
#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests fail by panicking")]
mod tests {
    use super::super::scalar;
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    /// Miri is slow, and is shown one round of the longest loop and what follows it.
    const MAX_LEN: usize = if cfg!(miri) { 150 } else { 600 };
    const STEP: usize = if cfg!(miri) { 13 } else { 1 };
    /// The size of the longest vector.
    const ALIGNMENTS: usize = 32;
    /// The value of the bytes before and after the payload.
    const OUTSIDE: u8 = 0xEE;

    type Mask = unsafe fn(Kernel, *const u8, *mut u8, usize, Key) -> u64;
    const WAYS: [Mask; 4] = [
        Kernel::mask::<false, false>,
        Kernel::mask::<false, true>,
        Kernel::mask::<true, false>,
        Kernel::mask::<true, true>,
    ];

    #[test]
    fn every_kernel_masks_as_scalar_does_at_every_length_offset_and_alignment() {
        let source: Vec<u8> = (0..=255u8).cycle().map(|i| i.wrapping_mul(7)).take(700).collect();
        let alignments = |offset| (offset..ALIGNMENTS).step_by(3 * STEP);
        for (offset, alignment) in (0..4).flat_map(|i| alignments(i).map(move |j| (i, j))) {
            // The distance between the two addresses of a copy differs too.
            let payload = &source[alignment * 5 % 32..];
            let mut masked = payload.to_vec();
            scalar::apply(&mut masked, KEY, offset);
            let key = Key::new(KEY).turned(offset);
            for (kernel, way) in Kernel::all().flat_map(|kernel| WAYS.map(|way| (kernel, way))) {
                for len in (0..=40).chain((41..=MAX_LEN).step_by(STEP)) {
                    let (payload, masked) = (&payload[..len], &masked[..len]);
                    let is_right = masks(kernel, way, key, payload, masked, alignment);
                    assert!(is_right, "{kernel:?}: {len} bytes, {offset} of key, at {alignment}");
                }
            }
        }
    }

    /// Returns `true` if `way` turns `payload` into `masked`, in place and by copying, and writes
    /// nothing else.
    fn masks(
        kernel: Kernel,
        way: Mask,
        key: Key,
        payload: &[u8],
        masked: &[u8],
        alignment: usize,
    ) -> bool {
        let place = alignment..alignment + payload.len();
        let mut expected = [OUTSIDE; MAX_LEN + ALIGNMENTS + 1];
        let mut in_place = expected;
        let mut copied = expected;
        expected[place.clone()].copy_from_slice(masked);
        in_place[place.clone()].copy_from_slice(payload);

        let (here, there) = (&mut in_place[place.clone()], &mut copied[place]);
        let (start, len) = (here.as_mut_ptr(), here.len());
        // SAFETY: each slice has `len` bytes. The two slices of the copy do not overlap.
        unsafe {
            way(kernel, start, start, len, key);
            way(kernel, payload.as_ptr(), there.as_mut_ptr(), len, key);
        }
        in_place == expected && copied == expected
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn every_kernel_notes_one_byte_that_is_not_ascii_wherever_it_stands() {
        let key = Key::new(KEY);
        for len in (32..=MAX_LEN).step_by(STEP) {
            for at in (0..len).step_by(1 + len / 37).chain([len - 1]).map(Some).chain([None]) {
                let mut text = vec![b'x'; len];
                if let Some(at) = at {
                    text[at] = 0x80;
                }
                let mut masked = text.clone();
                scalar::apply(&mut masked, KEY, 0);
                for kernel in Kernel::all() {
                    let to = text.as_mut_ptr();
                    // SAFETY: both slices have `len` bytes, and do not overlap.
                    let seen = unsafe {
                        [
                            kernel.mask::<true, false>(masked.as_ptr(), to, len, key),
                            kernel.mask::<true, true>(masked.as_ptr(), to, len, key),
                            kernel.look(to, len),
                        ]
                    };
                    assert_eq!(
                        seen.map(super::super::is_ascii),
                        [at.is_none(); 3],
                        "{kernel:?}: {at:?} of {len}"
                    );
                }
            }
        }
    }
}
