//! Compression beside `sockudo-ws`: `cargo run --release --features deflate --bin deflate`.
//!
//! Both use `zlib-rs`, with level 3, memory level 8 and windows of 15 bits. Of `sockudo-ws`, only what
//! compresses and inflates is timed; of `sansock`, a whole connection. Each row times both, one after
//! the other and many times, and prints the medians of a message.

use std::hint::black_box;

use rounds::{connection, frames, inflate_all, interleaved, middle, send_all};
use sansock::deflate::Deflate;
use sansock::{Message, Opcode};
use sockudo_ws::deflate::{DeflateDecoder, DeflateEncoder};

#[path = "../../../support/documents.rs"]
mod documents;
#[path = "../../../support/rounds.rs"]
mod rounds;

const ROUND: usize = 1 << 20;

fn main() {
    println!("{:<38}{:>12}{:>12}{:>9}", "ns a message", "sansock", "sockudo-ws", "ratio");
    for takes_over in [false, true] {
        for document in &documents::DOCUMENTS[..3] {
            for size in [128, 1 << 10, 4 << 10, 64 << 10] {
                let messages = document.messages(size, (ROUND / size).max(16));
                let takeover = if takes_over { "takeover" } else { "no takeover" };
                let label = format!("{} {size} {takeover}", document.name);
                row(&label, &messages, takes_over);
            }
        }
    }
}

fn row(label: &str, messages: &[Vec<u8>], takes_over: bool) {
    let mut encoder = encoder(takes_over);
    let payloads: Vec<_> = messages
        .iter()
        .map(|message| encoder.compress(message).expect("valid").unwrap_or_default())
        .collect();
    let wire = frames(&payloads, Opcode::Binary);
    let owned: Vec<Message> = messages.iter().map(|bytes| bytes.clone().into()).collect();
    let (mut buffer, mut spare) = (vec![0; 64 << 10], vec![0; 80 << 10]);
    print(
        &format!("inflate {label}"),
        messages.len(),
        [
            &mut || {
                let mut ws = connection(takes_over, false);
                let len = inflate_all(&mut ws, &wire, &mut buffer, &mut spare);
                assert_eq!(len, messages.iter().map(Vec::len).sum::<usize>());
            },
            &mut || {
                let mut decoder = DeflateDecoder::new(15.try_into().expect("bits"), !takes_over);
                for payload in payloads.iter().filter(|payload| !payload.is_empty()) {
                    black_box(decoder.decompress(payload, 1 << 20).expect("valid"));
                }
            },
        ],
    );
    print(
        &format!("compress {label}"),
        messages.len(),
        [
            &mut || {
                let mut ws = connection(takes_over, true);
                black_box(send_all(&mut ws, &owned));
            },
            &mut || {
                let mut encoder = self::encoder(takes_over);
                for message in messages {
                    black_box(encoder.compress(message).expect("valid"));
                }
            },
        ],
    );
}

fn print(label: &str, count: usize, work: [&mut dyn FnMut(); 2]) {
    let [ours, theirs] = interleaved(work).map(|times| middle(&times) / count as f64);
    println!("{label:<38}{ours:>12.0}{theirs:>12.0}{:>9.3}", theirs / ours);
}

fn encoder(takes_over: bool) -> DeflateEncoder {
    let level = Deflate::default().level.into();
    DeflateEncoder::new(15.try_into().expect("bits"), !takes_over, level, 0)
}
