//! Vectors: what a kernel loads, masks and stores at once. A vector is an array of words, or a
//! vector of the processor.
//!
//! All functions here are always inlined, for the same reason as the kernel.

use core::ops::{BitOr, BitXor};

/// A vector. In memory it takes as many bytes as it holds.
///
/// # Safety
///
/// The type has no padding, and every value of its bytes is valid.
pub(super) unsafe trait Vector:
    Copy + BitXor<Output = Self> + BitOr<Output = Self>
{
    /// Returns a vector in which each word is `word`.
    fn splat(word: u64) -> Self;

    /// Returns the OR of the vector's words.
    fn fold(self) -> u64;
}

/// An array of `N` words, which the compiler turns into one or more vectors of the processor.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Words<const N: usize>([u64; N]);

// SAFETY: an array of words has no padding, and every value of its bytes is valid.
unsafe impl<const N: usize> Vector for Words<N> {
    #[inline(always)]
    fn splat(word: u64) -> Self {
        Self([word; N])
    }

    #[inline(always)]
    fn fold(mut self) -> u64 {
        const { assert!(N.is_power_of_two()) };
        let mut words = N;
        // Halving the vector leaves only its last two words to be taken out one by one.
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

    /// A vector of AVX2. The compiler turns four words into one too. But if it may use AVX-512
    /// (`-C target-cpu=native`), it gathers the words one by one, and a copy takes ten times as
    /// long.
    ///
    /// A value exists only if the processor has AVX2, as the callers of all kernels promise.
    #[derive(Clone, Copy)]
    #[repr(transparent)]
    pub(in crate::mask) struct Avx2(__m256i);

    // SAFETY: a vector of integers has no padding, and every value of its bytes is valid.
    unsafe impl Vector for Avx2 {
        #[inline(always)]
        fn splat(word: u64) -> Self {
            // SAFETY: the processor has AVX2, as the type says.
            Self(unsafe { _mm256_set1_epi64x(word as i64) })
        }

        #[inline(always)]
        fn fold(self) -> u64 {
            // SAFETY: both types have no padding, and every value of their bytes is valid.
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
