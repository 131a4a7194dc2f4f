//! Masking beside what the machine can do: a plain copy, and the widest loop that it has, which
//! knows nothing of alignment and tails; and beside the loop as the RFC has it. Each kernel that the
//! processor has is also measured by itself, so that none of them is slow unseen.
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

/// All the ways over the same memory; where there are two buffers it is the written one that is
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

/// Whole vectors of the widest kind that the processor has; what is left is not masked.
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

/// Blocks of four of the widest vectors, inlined into what has the instructions for them.
#[inline(always)]
fn vectors(payload: &mut [u8], key: [u8; 4]) {
    let pattern: [u8; 256] = std::array::from_fn(|i| key[i % 4]);
    for block in payload.chunks_exact_mut(pattern.len()) {
        for (byte, key) in block.iter_mut().zip(&pattern) {
            *byte ^= key;
        }
    }
}

/// RFC 6455 §5.3 as it is written, for the compiler to make of it what it can.
fn plain(payload: &mut [u8], key: [u8; 4]) {
    for (i, byte) in payload.iter_mut().enumerate() {
        *byte ^= key[i % 4];
    }
}

/// `len` bytes of `buffer`, `shift` bytes after a multiple of [`ALIGNMENT`].
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
