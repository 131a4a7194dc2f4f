//! Sending: from messages to output that is ready to be written, including mask keys.
//!
//! `cargo bench --bench encode` prints the time for a message. Output is not copied out, because a
//! socket would take it from the queue.

#![allow(missing_docs, reason = "criterion's macros make the functions")]
#![allow(clippy::expect_used, reason = "a benchmark fails by panicking")]

mod support;

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use sansock::bytes::{Buf, Bytes};
use sansock::{Connection, Input, Message, Opcode};
use support::exchange::{Case, Shape, bytes_of, drop_output};
use support::{TINY_READ, WHOLE_READ, group, measure};

fn encode(criterion: &mut Criterion) {
    let mut group = group(criterion, "encode");
    for case in Case::all() {
        match (case.shape, case.opcode) {
            (Shape::Whole, Opcode::Text) => {
                let text = String::from_utf8(case.payload()).expect("text");
                sending(&mut group, &case, "", |ws| ws.send_text(&text).expect("there is room"));
            }
            (Shape::Whole, _) => {
                let data = case.payload();
                sending(&mut group, &case, "", |ws| ws.send_binary(&data).expect("there is room"));
                let owned = Message::Binary(Bytes::from(data));
                sending(&mut group, &case, " moved", |ws| {
                    ws.send(owned.clone()).expect("there is room");
                });
            }
            (Shape::Fragmented, Opcode::Binary) => frames(&mut group, &case),
            (Shape::TinyReads, Opcode::Binary) => tiny_writes(&mut group, &case),
            _ => {} // the kind of message makes no difference here
        }
    }
}

type Group<'c> = BenchmarkGroup<'c, WallTime>;

/// Measures queuing messages. The connection writes when as many bytes as a read are queued.
fn sending(group: &mut Group<'_>, case: &Case, how: &str, mut send: impl FnMut(&mut Connection)) {
    let mut ws = case.connection();
    send(&mut ws);
    assert_sent(case, &mut ws);
    let (count, len) = (case.count(), case.message_len());
    measure(group, (format!("{case}{how}"), case.len), (count, len), || {
        for _ in 0..count {
            send(black_box(&mut ws));
            if ws.output().remaining() >= WHOLE_READ {
                drop_output(&mut ws);
            }
        }
        drop_output(&mut ws);
    });
}

/// Measures the same over a transport that takes few bytes at a time.
fn tiny_writes(group: &mut Group<'_>, case: &Case) {
    let (mut ws, data) = (case.connection(), case.payload());
    let name = case.to_string().replace("reads", "writes");
    let (count, len) = (case.count(), case.message_len());
    measure(group, (name, case.len), (count, len), || {
        for _ in 0..count {
            ws.send_binary(&data).expect("there is room");
            let output = ws.output();
            while output.has_remaining() {
                let written = black_box(output.chunk()).len().min(TINY_READ);
                output.advance(written);
            }
        }
    });
}

/// Measures fragments by `frame::Encoder`, into the caller's own buffer.
fn frames(group: &mut Group<'_>, case: &Case) {
    let (data, mut stream) = (case.payload(), Vec::new());
    let (count, len) = (case.count(), case.message_len());
    measure(group, (case, case.len), (count, len), || {
        for _ in 0..count {
            stream.clear();
            case.write(case.role, black_box(&data), &mut stream);
            black_box(&stream);
        }
    });
}

/// Asserts that the peer receives what was queued.
fn assert_sent(case: &Case, ws: &mut Connection) {
    let len = ws.output().remaining();
    let mut wire = ws.output().copy_to_bytes(len).to_vec();
    let mut peer = Case { role: case.role.peer(), ..*case }.connection();
    let mut input = Input::new(&mut wire[..]);
    let event = peer.receive(&mut input).expect("frames by the rules").expect("a message");
    assert!(bytes_of(&event) == case.payload(), "{case}: the message that was sent");
}

criterion_group!(name = benches; config = support::criterion(); targets = encode);
criterion_main!(benches);
