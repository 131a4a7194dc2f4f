//! Shared by the benchmarks: sizes and the stop-watch. `exchange` has the connections, `handshakes` what opens
//! them.
#![allow(dead_code, reason = "each benchmark uses what it needs")]
#![allow(missing_docs, unreachable_pub, reason = "no API")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "set-up fails by panicking")]

#[cfg(feature = "rand")]
pub mod exchange;
#[cfg(feature = "handshake")]
pub mod handshakes;
pub mod heads;

use std::fmt;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};

/// More than any cache holds, and the longest frame that is accepted by default.
pub const HUGE: usize = 16 << 20;
/// From one vector to more than the nearest caches hold.
pub const SIZES: [usize; 5] = [16, 125, 1 << 10, 16 << 10, 1 << 20];

/// The mask key of the examples in RFC 6455 §5.7.
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A read that takes everything there is.
pub const WHOLE_READ: usize = 64 << 10;
/// A read that cuts nearly every message.
pub const TINY_READ: usize = 37;
/// Measures rounds of `count` messages of `len` bytes. Prints the time and the bytes a message.
pub fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    (name, len): (impl fmt::Display, usize),
    (count, message_len): (usize, usize),
    mut round: impl FnMut(),
) {
    group.throughput(Throughput::Bytes(message_len as u64));
    group.bench_function(BenchmarkId::new(name.to_string(), len), |bencher| {
        bencher.iter_custom(|messages| {
            let rounds = messages.div_ceil(count as u64);
            let start = Instant::now();
            (0..rounds).for_each(|_| round());
            start.elapsed().mul_f64(messages as f64 / (rounds * count as u64) as f64)
        });
    });
}

/// Returns a group in which every sample does the same amount of work.
pub fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    group
}

/// Returns settings with which all benchmarks together take a few minutes.
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(50)
        .nresamples(10_000)
}
