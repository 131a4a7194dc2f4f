//! Receiving: from reads of 64 KiB or 37 bytes to messages, including the transport's copy.
//!
//! `cargo bench --bench decode` prints the time for a message.

#![allow(missing_docs, reason = "criterion's macros make the functions")]

mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use support::exchange::{Case, bytes_of};
use support::{group, measure};

fn decode(criterion: &mut Criterion) {
    let mut group = group(criterion, "decode");
    for case in Case::all() {
        let (mut ws, mut transport) = (case.connection(), case.transport());
        let (payload, mut seen) = (case.payload(), 0);
        transport.run(&mut ws, |_, event| {
            assert!(bytes_of(&event) == payload, "{case}: the messages that were sent");
            seen += 1;
        });
        assert_eq!(seen, case.count(), "{case}");

        let (count, len) = (case.count(), case.message_len());
        measure(&mut group, (case, case.len), (count, len), || {
            transport.run(&mut ws, |_, event| {
                black_box(bytes_of(&event));
            });
        });
    }
}

criterion_group!(name = benches; config = support::criterion(); targets = decode);
criterion_main!(benches);
