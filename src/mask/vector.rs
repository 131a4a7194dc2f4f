//! What a kernel loads, masks and stores at once: words, or a vector of the processor.
//!
//! All of it is always inlined, as the kernel is, and for its reason.

use core::ops::{BitOr, BitXor};

/// A vector, in memory as many bytes as it holds.
///
/// # Safety
///
/// Has no padding, and every value of its bytes is valid.
pub(super) unsafe trait Vector:
    Copy + BitXor<Output = Self> + BitOr<Output = Self>
{
    /// Returns a vector of nothing but `word`.
    fn splat(word: u64) -> Self;

    /// Returns the OR of its words.
    fn fold(self) -> u64;
}

/// `N` words, which the compiler makes one or more of the processor's vectors.
#[derive(Clone, Copy)]
pub(super) struct Words<const N: usize>([u64; N]);

// SAFETY: so it is with an array of words.
unsafe impl<const N: usize> Vector for Words<N> {
    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self([word; N])
    }

    #[inline(always)]
    fn fold(mut self) -> u64 {
        const { assert!(N.is_power_of_two()) };
        let mut words = N;
        // By halves, so that the compiler needs no word of a vector by itself but the last two.
        while words > 1 {
            words /= 2;
            let (front, back) = self.0.split_at_mut(words);
            for (word, other) in front.iter_mut().zip(back) {
                *word |= *other;
            }
        }
        self.0.first().copied().unwrap_or_default()
    }
}

impl<const N: usize> BitXor for Words<N> {
    type Output = Self;

    #[inline(always)]
    fn bitxor(mut self, other: Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word ^= other;
        }
        self
    }
}

impl<const N: usize> BitOr for Words<N> {
    type Output = Self;

    #[inline(always)]
    fn bitor(mut self, other: Self) -> Self {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word |= other;
        }
        self
    }
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(super) use avx2::Avx2;

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod avx2 {
    #[cfg(target_arch = "x86")]
    use core::arch::x86::{__m256i, _mm256_or_si256, _mm256_set1_epi64x, _mm256_xor_si256};
    #[cfg(target_arch = "x86_64")]
    use core::arch::x86_64::{__m256i, _mm256_or_si256, _mm256_set1_epi64x, _mm256_xor_si256};
    use core::mem::transmute;
    use core::ops::{BitOr, BitXor};

    use super::{Vector, Words};

    /// A vector of AVX2. The compiler makes one of four words too; but where it may use AVX-512
    /// (`-C target-cpu=native`), it gathers them word by word, and a copy takes ten times as long.
    ///
    /// One exists only where the processor has AVX2, as every kernel's caller promises.
    #[derive(Clone, Copy)]
    pub(in crate::mask) struct Avx2(__m256i);

    // SAFETY: so it is with a vector of integers.
    unsafe impl Vector for Avx2 {
        #[inline(always)]
        fn splat(word: u64) -> Self {
            // SAFETY: the processor has AVX2, as the type says.
            Self(unsafe { _mm256_set1_epi64x(word as i64) })
        }

        #[inline(always)]
        fn fold(self) -> u64 {
            // SAFETY: both have no padding, and every value is valid.
            Words::<4>(unsafe { transmute::<__m256i, [u64; 4]>(self.0) }).fold()
        }
    }

    impl BitXor for Avx2 {
        type Output = Self;

        #[inline(always)]
        fn bitxor(self, other: Self) -> Self {
            // SAFETY: the processor has AVX2, as the type says.
            Self(unsafe { _mm256_xor_si256(self.0, other.0) })
        }
    }

    impl BitOr for Avx2 {
        type Output = Self;

        #[inline(always)]
        fn bitor(self, other: Self) -> Self {
            // SAFETY: the processor has AVX2, as the type says.
            Self(unsafe { _mm256_or_si256(self.0, other.0) })
        }
    }
}
