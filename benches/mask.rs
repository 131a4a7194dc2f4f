//! Masking, compared with a plain copy, with the loop of the RFC, and with the widest loop that the
//! machine has, which ignores alignment and tails. Each kernel that the processor supports is also
//! measured alone, so that a slow one is noticed.
//!
//! `cargo bench --bench mask`; compare only within a run.

#![allow(missing_docs, reason = "criterion's macros make the functions")]
#![allow(clippy::indexing_slicing, reason = "set-up fails by panicking")]

mod support;

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use sansock::mask::{self, Kernel};
use support::{HUGE, KEY, group};

/// From one vector to more than any cache holds.
const SIZES: [usize; 8] = [16, 125, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20, HUGE];

/// A cache line, and more than the widest vector.
const ALIGNMENT: usize = 64;

fn masking(criterion: &mut Criterion) {
    let mut group = group(criterion, "mask");
    for (alignment, shift) in [("aligned", 0), ("misaligned by one", 1)] {
        for len in SIZES {
            group.throughput(Throughput::Bytes(len as u64));
            compare(&mut group, alignment, shift, len);
        }
    }
}

/// Measures all loops over the same memory. If a loop has two buffers, the one that is written is
/// `shift` bytes off.
fn compare(group: &mut BenchmarkGroup<'_, WallTime>, alignment: &str, shift: usize, len: usize) {
    let id = |how: &str| BenchmarkId::new(format!("{how}, {alignment}"), len);
    let (mut from, mut to) = (vec![0x5A; len + ALIGNMENT], vec![0; len + 2 * ALIGNMENT]);
    let from = aligned(&mut from, 0, len);
    let to = aligned(&mut to, shift, len);
    assert_masks(from, to);

    for kernel in Kernel::all() {
        group.bench_function(id(&format!("{kernel:?} in place")), |bencher| {
            bencher.iter(|| kernel.apply(black_box(to), black_box(KEY), 0));
        });
        group.bench_function(id(&format!("{kernel:?} copy")), |bencher| {
            bencher.iter(|| kernel.apply_copy(black_box(from), black_box(to), black_box(KEY), 0));
        });
    }
    group.bench_function(id("in place"), |bencher| {
        bencher.iter(|| mask::apply(black_box(to), black_box(KEY), 0));
    });
    group.bench_function(id("copy"), |bencher| {
        bencher.iter(|| mask::apply_copy(black_box(from), black_box(to), black_box(KEY), 0));
    });
    group.bench_function(id("memcpy"), |bencher| {
        bencher.iter(|| black_box(&mut *to).copy_from_slice(black_box(from)));
    });
    group.bench_function(id("plain loop in place"), |bencher| {
        bencher.iter(|| plain(black_box(to), black_box(KEY)));
    });
    group.bench_function(id("widest loop in place"), |bencher| {
        bencher.iter(|| widest(black_box(to), black_box(KEY)));
    });
}

/// Masks whole vectors of the widest kind that the processor has. The rest is not masked.
#[allow(unsafe_code, reason = "instructions beyond the baseline")]
fn widest(payload: &mut [u8], key: [u8; 4]) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512(payload: &mut [u8], key: [u8; 4]) {
            vectors(payload, key);
        }
        #[target_feature(enable = "avx2")]
        unsafe fn avx2(payload: &mut [u8], key: [u8; 4]) {
            vectors(payload, key);
        }
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the instructions.
            return unsafe { avx512(payload, key) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the instructions.
            return unsafe { avx2(payload, key) };
        }
    }
    vectors(payload, key);
}

/// Masks blocks of four of the widest vectors. Inlined into functions with the instructions for
/// them.
#[inline(always)]
fn vectors(payload: &mut [u8], key: [u8; 4]) {
    let pattern: [u8; 256] = std::array::from_fn(|i| key[i % 4]);
    for block in payload.chunks_exact_mut(pattern.len()) {
        for (byte, key) in block.iter_mut().zip(&pattern) {
            *byte ^= key;
        }
    }
}

/// Masks as RFC 6455 §5.3 is written, and leaves the optimization to the compiler.
fn plain(payload: &mut [u8], key: [u8; 4]) {
    for (i, byte) in payload.iter_mut().enumerate() {
        *byte ^= key[i % 4];
    }
}

/// Returns `len` bytes of `buffer`, `shift` bytes after a multiple of [`ALIGNMENT`].
fn aligned(buffer: &mut [u8], shift: usize, len: usize) -> &mut [u8] {
    let start = buffer.as_ptr().align_offset(ALIGNMENT) + shift;
    &mut buffer[start..start + len]
}

fn assert_masks(from: &[u8], to: &mut [u8]) {
    let mut expected = from.to_vec();
    plain(&mut expected, KEY);
    mask::apply_copy(from, to, KEY, 0);
    assert!(*to == expected, "masked while copied");
    mask::apply(to, KEY, 0);
    assert!(to == from, "and back in place");
    for kernel in Kernel::all() {
        kernel.apply_copy(from, to, KEY, 0);
        assert!(*to == expected, "masked while copied by {kernel:?}");
        kernel.apply(to, KEY, 0);
        assert!(to == from, "and back in place by {kernel:?}");
    }
}

criterion_group!(name = benches; config = support::criterion(); targets = masking);
criterion_main!(benches);
