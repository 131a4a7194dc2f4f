//! Receiving and sending back: from reads to output that is ready to be written.
//!
//! `cargo bench --bench echo` prints the time for a message.

#![allow(missing_docs, reason = "criterion's macros make the functions")]
#![allow(clippy::expect_used, reason = "a benchmark fails by panicking")]

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use sansock::bytes::Buf;
use sansock::{Connection, Event};
use support::exchange::{Case, bytes_of};
use support::{group, measure};

fn echo(criterion: &mut Criterion) {
    let mut group = group(criterion, "echo");
    for case in Case::all() {
        let (mut ws, mut transport) = (case.connection(), case.transport());
        let (payload, mut sent) = (case.payload(), 0);
        transport.run(&mut ws, |ws, event| {
            assert!(bytes_of(&event) == payload, "{case}: the messages that were sent");
            let before = ws.output().remaining();
            answer(ws, event);
            assert!(ws.output().remaining() > before + payload.len(), "{case}: a frame of it");
            sent += 1;
        });
        assert_eq!(sent, case.count(), "{case}");

        let (count, len) = (case.count(), case.message_len());
        measure(&mut group, (case, case.len), (count, len), || transport.run(&mut ws, answer));
    }
}

fn answer(ws: &mut Connection, event: Event<'_>) {
    match event {
        Event::Text(text) => ws.send_text(&text).expect("there is room"),
        Event::Binary(data) => ws.send_binary(&data).expect("there is room"),
        _ => {}
    }
}

criterion_group!(name = benches; config = support::criterion(); targets = echo);
criterion_main!(benches);
