//! Validating text, whole and in pieces of 37 bytes, compared with `core::str::from_utf8`.
//!
//! `cargo bench --bench utf8`; compare only within a run.

#![allow(missing_docs, reason = "criterion's macros make the functions")]

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sansock::utf8::{InvalidUtf8, Validator, from_utf8};
use support::{HUGE, SIZES, TINY_READ, group};

fn validation(criterion: &mut Criterion) {
    let mut group = group(criterion, "utf8");
    let texts = [("ASCII", "All of it is in 7 bits. "), ("mixed", "Aß κόσμε €, 世界 and 🦀. ")];
    for (name, pattern) in texts {
        for len in SIZES.into_iter().chain([HUGE]) {
            let text = text(pattern, len);
            assert!(
                in_pieces(text.as_bytes()) == Ok(true) && from_utf8(text.as_bytes()) == Ok(&text)
            );

            let id = |how: &str| BenchmarkId::new(format!("{name}, {how}"), len);
            group.throughput(Throughput::Bytes(len as u64));
            group.bench_function(id("whole"), |bencher| {
                bencher.iter(|| from_utf8(black_box(text.as_bytes())).is_ok());
            });
            group.bench_function(id("37-byte pieces"), |bencher| {
                bencher.iter(|| in_pieces(black_box(text.as_bytes())));
            });
            group.bench_function(id("core, whole"), |bencher| {
                bencher.iter(|| core::str::from_utf8(black_box(text.as_bytes())).is_ok());
            });
        }
    }
}

/// Returns whether a valid text ends with a complete code point.
fn in_pieces(text: &[u8]) -> Result<bool, InvalidUtf8> {
    let mut validator = Validator::new();
    text.chunks(TINY_READ).try_for_each(|piece| validator.push(piece))?;
    Ok(validator.is_complete())
}

/// Returns `pattern` repeated as often as it fits, and then full stops up to `len` bytes.
fn text(pattern: &str, len: usize) -> String {
    let mut text = String::with_capacity(len);
    for char in pattern.chars().cycle() {
        if text.len() + char.len_utf8() > len {
            break;
        }
        text.push(char);
    }
    text.extend(std::iter::repeat_n('.', len - text.len()));
    text
}

criterion_group!(name = benches; config = support::criterion(); targets = validation);
criterion_main!(benches);
