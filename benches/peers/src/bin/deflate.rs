//! Compression beside other crates: `cargo run --release --features deflate --bin deflate [-- WORDS]`.
//!
//! All use `zlib-rs`, with level 3, memory level 8 and windows of 15 bits, and compress every binary
//! message. Each row times all, one after the other and many times. It prints the medians of a message
//! in the thread's processor time, what the others take beside `sansock` (above 1, they take longer),
//! and the largest spread. WORDS choose rows.
//!
//! * `sansock`: a whole [`Connection`](sansock::Connection). A server sends, a client receives, so
//!   nothing is masked. What it receives is copied to its buffer by 64 KiB, as by a read. Each message
//!   that it sends is taken from it by itself.
//! * `yawc`: a whole `WebSocket` as well, with the same roles, over a [`Transport`] that never waits,
//!   in one future without a runtime and without other tasks. It reads by 64 KiB too, and each message
//!   is sent and flushed by itself. Its `DeflatePool` is not used: without takeover, it then takes its
//!   states from there for each message. The memory level cannot be set: it is always the 8 of
//!   `zlib-rs`. What it sends is longer, because it flushes twice for each message.
//! * `sockudo-ws`: only what compresses and inflates, without frames and without reads.
//!
//! Each connection and each state is new at the start of a round, so its set-up is in the times.

use std::hint::black_box;

use bytes::Bytes;
use futures::SinkExt;
use rounds::{connection, frames, inflate_all, interleaved, middle, send_all, spread};
use sansock::deflate::Deflate;
use sansock::{Message, Opcode};
use sockudo_ws::deflate::{DeflateDecoder, DeflateEncoder};
use transport::{Transport, block_on};
use yawc::{CompressionLevel, Frame, Options, Role, WebSocket};

#[path = "../../../support/documents.rs"]
mod documents;
#[path = "../../../support/rounds.rs"]
mod rounds;
#[path = "../stopwatch.rs"]
#[allow(dead_code, reason = "the comparison of frames uses more of it")]
mod stopwatch;
#[path = "../transport.rs"]
#[allow(dead_code, reason = "the comparison of frames uses more of it")]
mod transport;

/// The least payload of a round.
const ROUND: usize = 1 << 20;

/// The most bytes of a read.
const READ: usize = 64 << 10;

/// No message is longer.
const LIMIT: usize = 1 << 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    println!(
        "{:<38}{:>10}{:>10}{:>12}{:>8}{:>12}{:>9}",
        "ns a message", "sansock", "yawc", "sockudo-ws", "yawc", "sockudo-ws", "spread"
    );
    for takes_over in [false, true] {
        for document in &documents::DOCUMENTS[..3] {
            for size in [128, 1 << 10, 4 << 10, 64 << 10] {
                let messages = document.messages(size, (ROUND / size).max(16));
                for (direction, time) in [("inflate", inflate as Row), ("compress", compress)] {
                    let takeover = if takes_over { "takeover" } else { "no takeover" };
                    let label = format!("{direction} {} {size} {takeover}", document.name);
                    if words.iter().all(|word| label.contains(word.as_str())) {
                        print(&label, messages.len(), time(&messages, takes_over));
                    }
                }
            }
        }
    }
}

/// Returns the times of `sansock`, `yawc` and `sockudo-ws`.
type Row = fn(&[Vec<u8>], bool) -> [Vec<f64>; 3];

fn inflate(messages: &[Vec<u8>], takes_over: bool) -> [Vec<f64>; 3] {
    let mut encoder = encoder(takes_over);
    let payloads: Vec<_> = messages
        .iter()
        .map(|message| encoder.compress(message).expect("valid").expect("text shrinks"))
        .collect();
    let wire = frames(&payloads, Opcode::Binary);
    let expected: usize = messages.iter().map(Vec::len).sum();
    let (mut buffer, mut spare) = (vec![0; READ], vec![0; 80 << 10]);
    let stream = wire.as_slice().into();
    interleaved(
        processor_time,
        [
            &mut || {
                let mut ws = connection(takes_over, false);
                assert_eq!(inflate_all(&mut ws, &wire, &mut buffer, &mut spare), expected);
            },
            &mut || {
                let transport = Transport::new(std::sync::Arc::clone(&stream), READ, usize::MAX);
                let mut ws = yawc(Role::Client, transport, takes_over);
                assert_eq!(block_on(inflate_all_by_yawc(&mut ws, messages.len())), expected);
            },
            &mut || {
                let mut decoder = DeflateDecoder::new(15.try_into().expect("bits"), !takes_over);
                for payload in &payloads {
                    black_box(decoder.decompress(payload, LIMIT).expect("valid"));
                }
            },
        ],
    )
}

async fn inflate_all_by_yawc(ws: &mut WebSocket<Transport>, count: usize) -> usize {
    let mut sum = 0;
    for _ in 0..count {
        sum += black_box(ws.next_frame().await.expect("a message").payload()).len();
    }
    sum
}

fn compress(messages: &[Vec<u8>], takes_over: bool) -> [Vec<f64>; 3] {
    let owned: Vec<Message> = messages.iter().map(|bytes| bytes.clone().into()).collect();
    let shared: Vec<Bytes> = messages.iter().map(|bytes| bytes.clone().into()).collect();
    interleaved(
        processor_time,
        [
            &mut || {
                let mut ws = connection(takes_over, true);
                black_box(send_all(&mut ws, &owned));
            },
            &mut || {
                let transport = Transport::new([0].as_slice().into(), READ, usize::MAX);
                let mut ws = yawc(Role::Server, transport, takes_over);
                block_on(send_all_by_yawc(&mut ws, &shared));
            },
            &mut || {
                let mut encoder = encoder(takes_over);
                for message in messages {
                    black_box(encoder.compress(message).expect("valid"));
                }
            },
        ],
    )
}

async fn send_all_by_yawc(ws: &mut WebSocket<Transport>, messages: &[Bytes]) {
    for message in messages {
        ws.send(Frame::binary(message.clone())).await.expect("a sink");
    }
}

fn yawc(role: Role, transport: Transport, takes_over: bool) -> WebSocket<Transport> {
    let agreed = match takes_over {
        true => "permessage-deflate",
        false => "permessage-deflate; server_no_context_takeover",
    };
    let mut options = Options::default()
        .with_compression_level(CompressionLevel::new(Deflate::default().level.into()))
        .with_limits(LIMIT, LIMIT);
    (options.read_buffer_capacity, options.write_buffer_capacity) = (Some(READ), Some(READ));
    WebSocket::from_stream_with_extensions(transport, role, Some(agreed), options)
        .expect("the options compress")
}

fn encoder(takes_over: bool) -> DeflateEncoder {
    let level = Deflate::default().level.into();
    DeflateEncoder::new(15.try_into().expect("bits"), !takes_over, level, 0)
}

fn processor_time(work: &mut dyn FnMut()) -> f64 {
    stopwatch::time(work) as f64
}

fn print(label: &str, count: usize, times: [Vec<f64>; 3]) {
    let widest = times.iter().map(|times| spread(times)).fold(0.0, f64::max);
    let [ours, yawc, sockudo] = times.map(|times| middle(&times) / count as f64);
    println!(
        "{label:<38}{ours:>10.0}{yawc:>10.0}{sockudo:>12.0}{:>8.3}{:>12.3}{:>8.1}%",
        yawc / ours,
        sockudo / ours,
        100.0 * widest
    );
}
