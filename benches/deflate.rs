//! Compressing and inflating messages, beside the backend alone with the same settings.
//!
//! `cargo bench --features deflate --bench deflate [-- FILTER]`. Each row times a round of messages
//! through a connection and through `zlib-rs` alone, one after the other and many times, and prints
//! the median time of a message of each, and the ratio of the medians: above 1, the backend alone is
//! slower.
//!
//! The backend alone starts each message as the connection does: without takeover from a reset, with
//! takeover from the message before. It validates text where the connection does. It has its window
//! from one message to the next, which the connection keeps apart, so that idle ones take less.

#![allow(clippy::expect_used, clippy::panic, reason = "what goes wrong here panics")]
#![allow(clippy::indexing_slicing, reason = "set-up fails by panicking")]

#[path = "support/documents.rs"]
mod documents;
#[path = "support/rounds.rs"]
mod rounds;

use std::hint::black_box;
use std::time::Instant;

use documents::{DOCUMENTS, Document};
use rounds::{connection, frames, inflate_all, interleaved, middle, send_all, spread};
use sansock::deflate::Deflate;
use sansock::{Message, Opcode};
use zlib_rs::{DeflateConfig, DeflateFlush, Inflate, InflateFlush};

const SIZES: [usize; 4] = [128, 1 << 10, 4 << 10, 64 << 10];

/// The least payload of a round. With takeover, the window fills early in it.
const ROUND: usize = 1 << 20;

/// What RFC 7692 §7.2.1 removes from each message.
const TAIL: [u8; 4] = *b"\x00\x00\xff\xff";

fn main() {
    let filter: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    println!(
        "{:<38}{:>12}{:>12}{:>9}{:>9}{:>12}",
        "ns a message", "sansock", "zlib-rs", "ratio", "spread", "size"
    );
    for takes_over in [false, true] {
        for document in DOCUMENTS {
            for size in SIZES {
                for direction in ["inflate", "compress"] {
                    let takeover = if takes_over { "takeover" } else { "no takeover" };
                    let name = format!("{direction} {} {size} {takeover}", document.name);
                    if filter.iter().all(|word| name.contains(word.as_str())) {
                        row(&name, &document, size, takes_over);
                    }
                }
            }
        }
    }
}

fn row(name: &str, document: &Document, size: usize, takes_over: bool) {
    let messages = document.messages(size, (ROUND / size).max(16));
    let payloads = compress_alone(&messages, takes_over);
    let owned: Vec<Message> = messages.iter().map(|bytes| document.message(bytes)).collect();
    let opcode = if document.is_text { Opcode::Text } else { Opcode::Binary };
    let wire = frames(&payloads, opcode);
    let mut output = Vec::new();
    let [ours, alone] = if name.starts_with("inflate") {
        let expected: usize = messages.iter().map(Vec::len).sum();
        let (mut buffer, mut spare) = (vec![0; 64 << 10], vec![0; 80 << 10]);
        interleaved(
            elapsed,
            [
                &mut || {
                    let mut ws = connection(takes_over, false);
                    assert_eq!(inflate_all(&mut ws, &wire, &mut buffer, &mut spare), expected);
                },
                &mut || {
                    let sum = inflate_alone(&payloads, takes_over, document.is_text, &mut output);
                    assert_eq!(sum, expected);
                },
            ],
        )
    } else {
        interleaved(
            elapsed,
            [
                &mut || {
                    let mut ws = connection(takes_over, true);
                    black_box(send_all(&mut ws, &owned));
                },
                &mut || {
                    black_box(compress_alone(&messages, takes_over));
                },
            ],
        )
    };
    let sum: usize = payloads.iter().map(Vec::len).sum();
    let count = messages.len() as f64;
    let median = middle(&ours);
    println!(
        "{name:<38}{:>12.0}{:>12.0}{:>9.3}{:>8.1}%{:>11.1}%",
        median / count,
        middle(&alone) / count,
        middle(&alone) / median,
        100.0 * spread(&ours),
        100.0 * sum as f64 / (count * size as f64),
    );
}

/// Returns the nanoseconds that it takes.
fn elapsed(work: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}

/// Returns the payloads as the backend makes them.
fn compress_alone(messages: &[Vec<u8>], takes_over: bool) -> Vec<Vec<u8>> {
    let settings = Deflate::default();
    let mut deflate = zlib_rs::Deflate::new_with_config(DeflateConfig {
        level: settings.level.into(),
        window_bits: -15,
        mem_level: settings.memory_level.into(),
        ..DeflateConfig::default()
    });
    let mut room = vec![0; 128 << 10];
    let mut payloads = Vec::with_capacity(messages.len());
    for message in messages {
        if !takes_over {
            deflate.reset();
        }
        let before = deflate.total_out();
        deflate.compress(message, &mut room, DeflateFlush::SyncFlush).expect("room");
        let len = usize::try_from(deflate.total_out() - before).expect("in memory");
        payloads.push(room[..len - TAIL.len()].to_vec());
    }
    payloads
}

/// Inflates all payloads by the backend. Returns the length of all messages.
fn inflate_alone(
    payloads: &[Vec<u8>],
    takes_over: bool,
    is_text: bool,
    output: &mut Vec<u8>,
) -> usize {
    let mut inflate = Inflate::new(false, 15);
    output.resize(80 << 10, 0);
    let (mut sum, mut read) = (0, vec![0; 80 << 10]);
    for payload in payloads {
        let read = &mut read[..payload.len()];
        read.copy_from_slice(payload);
        let payload = black_box(&*read);
        if !takes_over {
            inflate.reset(false);
        }
        let before = inflate.total_out();
        inflate.decompress(payload, output, InflateFlush::NoFlush).expect("valid");
        let len = usize::try_from(inflate.total_out() - before).expect("in memory");
        inflate.decompress(&TAIL, &mut output[len..], InflateFlush::NoFlush).expect("valid");
        if is_text {
            sansock::utf8::from_utf8(&output[..len]).expect("text");
        }
        sum += black_box(&output[..len]).len();
    }
    sum
}
