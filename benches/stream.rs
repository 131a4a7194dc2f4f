//! A message that is delivered in chunks as it arrives, compared with masking the same bytes.
//!
//! `cargo bench --bench stream` prints the time for a read of 64 KiB within a frame that does not
//! end.

#![allow(missing_docs, reason = "criterion's macros make the functions")]
#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod support;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sansock::connection::Delivery;
use sansock::{Config, Connection, Event, Input, Limits, mask};
use support::{KEY, WHOLE_READ, group};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

fn stream(criterion: &mut Criterion) {
    ten_gibibytes();
    let mut group = group(criterion, "stream");
    group.throughput(Throughput::Bytes(WHOLE_READ as u64));
    let mut buffer = masked();
    group.bench_function("mask alone", |bencher| {
        bencher.iter(|| mask::apply(black_box(&mut buffer), KEY, 0));
    });
    for (name, first) in [("binary", BINARY), ("text", TEXT)] {
        let mut ws = connection(first, 1 << 62);
        let (masked, mut buffer) = (masked(), masked());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                buffer.copy_from_slice(&masked);
                receive(&mut ws, black_box(&mut buffer))
            });
        });
    }
    let (masked, mut buffer) = (masked(), masked());
    group.bench_function("copy, mask alone", |bencher| {
        bencher.iter(|| {
            buffer.copy_from_slice(&masked);
            mask::apply(black_box(&mut buffer), KEY, 0);
        });
    });
}

/// Streams a whole message of 10 GiB.
fn ten_gibibytes() {
    let len = 10 << 30;
    let mut ws = connection(BINARY, len);
    let (masked, mut buffer) = (masked(), masked());
    let mut left = len;
    loop {
        buffer.copy_from_slice(&masked);
        let (received, last) = receive(&mut ws, &mut buffer);
        left -= received as u64;
        if last {
            break;
        }
    }
    assert_eq!(left, 0);
}

/// Returns a server that is at the start of the payload of a frame.
fn connection(first: u8, len: u64) -> Connection {
    let mut config = Config::server();
    config.limits = Limits::DEFAULT.with_frame(u64::MAX).with_message(u64::MAX);
    config.delivery = Delivery::Streaming;
    let mut ws = Connection::new(config);
    let mut head = [&[first, 0xFF][..], &len.to_be_bytes(), &KEY].concat();
    assert!(ws.receive(&mut Input::new(&mut head[..])).expect("a header").is_none());
    ws
}

fn receive(ws: &mut Connection, input: &mut [u8]) -> (usize, bool) {
    let mut input = Input::new(input);
    match ws.receive(&mut input).expect("the peer keeps the rules") {
        Some(Event::TextChunk { text, last }) => (black_box(text.as_str()).len(), last),
        Some(Event::BinaryChunk { data, last }) => (black_box(&*data).len(), last),
        _ => panic!("each read is a chunk"),
    }
}

/// Returns a read of masked ASCII. Its length is a multiple of the key's, so that it can be
/// repeated.
fn masked() -> Vec<u8> {
    let mut payload = b"text".repeat(WHOLE_READ / 4);
    mask::apply(&mut payload, KEY, 0);
    payload
}

criterion_group!(name = benches; config = support::criterion(); targets = stream);
criterion_main!(benches);
