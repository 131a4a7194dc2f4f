//! Masking throughput: the kernels beside the scalar reference and a plain copy, in one run.
//!
//! Only ratios within one run mean anything. `cargo bench --bench mask`

#![allow(missing_docs, reason = "criterion's macros make the functions")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sansock::mask;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

fn masking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask");
    for len in [16, 125, 1024, 16 << 10, 1 << 20] {
        let source = vec![0x5A; len];
        let mut payload = source.clone();
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new("in place", len), |bencher| {
            bencher.iter(|| mask::apply(black_box(&mut payload), black_box(KEY), 0));
        });
        group.bench_function(BenchmarkId::new("copy", len), |bencher| {
            bencher.iter(|| mask::apply_copy(black_box(&source), black_box(&mut payload), KEY, 0));
        });
        group.bench_function(BenchmarkId::new("scalar in place", len), |bencher| {
            bencher.iter(|| mask::apply_scalar(black_box(&mut payload), black_box(KEY), 0));
        });
        group.bench_function(BenchmarkId::new("memcpy", len), |bencher| {
            bencher.iter(|| black_box(&mut payload).copy_from_slice(black_box(&source)));
        });
    }
    group.finish();
}

criterion_group!(benches, masking);
criterion_main!(benches);
