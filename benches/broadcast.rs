//! One message to 100 000 receivers: prepared once, and for comparison sent to each.
//!
//! `cargo bench --bench broadcast` prints a table: the time, the bytes copied and the bytes held
//! for each receiver, when the message is in the output of all receivers and nothing has been
//! written.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

#[path = "support/allocator.rs"]
mod allocator;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use allocator::{ALLOCATIONS, BYTES};
use sansock::bytes::{Buf, Bytes};
use sansock::message::PreparedMessage;
use sansock::{Config, Connection, Message, Role};

const RECEIVERS: usize = 100_000;
const LEN: usize = 1024;
const ROUNDS: usize = 15;

/// A way to send the message to a receiver.
type Way<'w> = (&'static str, &'w dyn Fn(&mut Connection));

fn main() {
    let payload = vec![b'x'; LEN];
    let prepared = PreparedMessage::new(payload.clone());
    let shared = Message::Binary(Bytes::from(payload.clone()));
    println!(
        "{RECEIVERS} receivers, {LEN} bytes{:>13}{:>10}{:>10}{:>10}{:>13}",
        "ns, median", "quarter", "copied", "held", "allocations"
    );
    for role in [Role::Server, Role::Client] {
        let ways: [Way<'_>; 3] = [
            ("send_prepared", &|ws| ws.send_prepared(&prepared).expect("there is room")),
            ("send_binary", &|ws| ws.send_binary(&payload).expect("there is room")),
            ("send, shared data", &|ws| ws.send(shared.clone()).expect("there is room")),
        ];
        for (name, send) in ways {
            measure(role, name, send, prepared.payload());
        }
    }
}

fn measure(role: Role, name: &str, send: &dyn Fn(&mut Connection), payload: &[u8]) {
    let config = Arc::new(match role {
        Role::Server => Config::server(),
        Role::Client => Config::client(),
    });
    let mut receivers: Vec<Connection> =
        (0..RECEIVERS).map(|_| Connection::new(config.clone())).collect();
    let mut times = Vec::new();
    let (mut held, mut allocations, mut copied) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let before = (BYTES.load(Relaxed), ALLOCATIONS.load(Relaxed));
        let start = Instant::now();
        receivers.iter_mut().for_each(send);
        times.push(start.elapsed().as_nanos() as f64 / RECEIVERS as f64);
        held = (BYTES.load(Relaxed) - before.0) / RECEIVERS as isize;
        allocations = (ALLOCATIONS.load(Relaxed) - before.1) / RECEIVERS;
        copied = receivers.iter_mut().map(|ws| take(ws, payload)).sum::<usize>() / RECEIVERS;
        receivers.iter_mut().for_each(Connection::release_buffers);
    }
    times.sort_by(f64::total_cmp);
    let label = format!("{role:?}, {name}");
    println!(
        "{label:<30}{:>13.1}{:>10.1}{copied:>10}{held:>10}{allocations:>13}",
        times[ROUNDS / 2],
        times[ROUNDS / 4],
    );
}

/// Takes the output. Returns how many of its bytes were copied for this receiver, that is, are not
/// in the message itself.
fn take(ws: &mut Connection, payload: &[u8]) -> usize {
    let mut copied = 0;
    let output = ws.output();
    assert!(output.remaining() > payload.len());
    while output.has_remaining() {
        let chunk = output.chunk();
        let is_shared = chunk.as_ptr_range().contains(&payload.as_ptr());
        copied += if is_shared { 0 } else { chunk.len() };
        let len = chunk.len();
        output.advance(len);
    }
    copied
}
