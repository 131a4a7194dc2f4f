//! One message to 100 000 receivers: prepared once, and for comparison sent to each.
//!
//! With `--features deflate`, also to receivers that have agreed on compression.
//!
//! `cargo bench --bench broadcast` prints a table: the time, the bytes copied and the bytes held
//! for each receiver, when the message is in the output of all receivers and nothing has been
//! written.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark fails by panicking")]

#[path = "support/allocator.rs"]
mod allocator;
#[cfg(feature = "deflate")]
#[path = "support/documents.rs"]
mod documents;

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
        let config = Arc::new(config(role));
        let connect = || Connection::new(Arc::clone(&config));
        for (name, send) in ways {
            measure(&format!("{role:?}, {name}"), connect, send, prepared.payload());
        }
    }
    #[cfg(feature = "deflate")]
    compressed();
}

fn config(role: Role) -> Config {
    match role {
        Role::Server => Config::server(),
        Role::Client => Config::client(),
    }
}

/// The same with a text that is compressed, by servers.
#[cfg(feature = "deflate")]
fn compressed() {
    let news = documents::DOCUMENTS[0].messages(LEN, 1).remove(0);
    let text = std::str::from_utf8(&news).expect("ASCII");
    for takes_over in [false, true] {
        let prepared = PreparedMessage::new(text);
        let ways: [Way<'_>; 2] = [
            ("send_prepared", &|ws| ws.send_prepared(&prepared).expect("there is room")),
            ("send_text", &|ws| ws.send_text(text).expect("there is room")),
        ];
        let mut config = config(Role::Server);
        config.deflate = Some(sansock::deflate::Deflate::default());
        let config = Arc::new(config);
        let mut params = sansock::deflate::DeflateParams::default();
        params.server_no_context_takeover = !takes_over;
        let negotiated = sansock::Negotiated::default().with_deflate(params);
        let connect = || {
            Connection::from_negotiated(Arc::clone(&config), &negotiated).expect("it compresses")
        };
        for (name, send) in ways {
            // A compressor for each of 100 000 connections would take 37 GiB.
            if takes_over && name == "send_text" {
                continue;
            }
            let takeover = if takes_over { "takeover" } else { "no takeover" };
            measure(&format!("{name}, {takeover}"), connect, send, prepared.payload());
        }
    }
}

fn measure(
    label: &str,
    connect: impl Fn() -> Connection,
    send: &dyn Fn(&mut Connection),
    payload: &[u8],
) {
    let mut receivers: Vec<Connection> = (0..RECEIVERS).map(|_| connect()).collect();
    let mut times = Vec::new();
    let (mut held, mut allocations, mut copied) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let before = (BYTES.load(Relaxed), ALLOCATIONS.load(Relaxed));
        let start = Instant::now();
        receivers.iter_mut().for_each(send);
        times.push(start.elapsed().as_nanos() as f64 / RECEIVERS as f64);
        held = (BYTES.load(Relaxed) - before.0) / RECEIVERS as isize;
        allocations = (ALLOCATIONS.load(Relaxed) - before.1) / RECEIVERS;
        let is_shared = is_same_buffer(&mut receivers);
        copied = receivers.iter_mut().map(|ws| take(ws, payload)).sum::<usize>() / RECEIVERS;
        if is_shared {
            copied = 0;
        }
        receivers.iter_mut().for_each(Connection::release_buffers);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{label:<30}{:>13.1}{:>10.1}{copied:>10}{held:>10}{allocations:>13}",
        times[ROUNDS / 2],
        times[ROUNDS / 4],
    );
}

/// Returns `true` if the output of two receivers is one buffer.
fn is_same_buffer(receivers: &mut [Connection]) -> bool {
    let [first, second, ..] = receivers else { return false };
    first.output().chunk().as_ptr() == second.output().chunk().as_ptr()
}

/// Takes the output. Returns how many of its bytes were copied for this receiver, that is, are not
/// in the message itself.
fn take(ws: &mut Connection, payload: &[u8]) -> usize {
    let mut copied = 0;
    let output = ws.output();
    assert!(output.remaining() > payload.len() / 5);
    while output.has_remaining() {
        let chunk = output.chunk();
        let is_shared = chunk.as_ptr_range().contains(&payload.as_ptr());
        copied += if is_shared { 0 } else { chunk.len() };
        let len = chunk.len();
        output.advance(len);
    }
    copied
}
