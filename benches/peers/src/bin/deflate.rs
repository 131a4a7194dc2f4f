//! Compression beside `sockudo-ws`: `cargo run --release --features deflate --bin deflate`.
//!
//! Both use `zlib-rs`, with level 3, memory level 8 and windows of 15 bits. Of `sockudo-ws`, only what
//! compresses and inflates is timed; of `sansock`, a whole connection. Each row times both, one after
//! the other and many times, and prints the medians of a message.

use std::hint::black_box;
use std::time::Instant;

use bytes::Buf;
use sansock::deflate::{Deflate, DeflateParams};
use sansock::frame::{Encoder, Header, Rsv};
use sansock::{Config, Connection, Event, Input, Message, Negotiated, Opcode, Role};
use sockudo_ws::deflate::{DeflateDecoder, DeflateEncoder};

#[path = "../../../support/documents.rs"]
mod documents;

const ROUND: usize = 1 << 20;
const SAMPLES: usize = 15;
const LEVEL: u8 = 3;

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
    let wire = frames(&payloads);
    let owned: Vec<Message> = messages.iter().map(|bytes| bytes.clone().into()).collect();
    let (mut buffer, mut spare) = (vec![0; 64 << 10], vec![0; 80 << 10]);
    print(
        &format!("inflate {label}"),
        messages.len(),
        [
            &mut || {
                let mut ws = connection(takes_over, false);
                let mut len = 0;
                for read in wire.chunks(buffer.len()) {
                    let buffer = &mut buffer[..read.len()];
                    buffer.copy_from_slice(read);
                    let mut input = Input::with_spare(buffer, &mut spare);
                    while let Some(event) = ws.receive(&mut input).expect("valid") {
                        let Event::Binary(data) = event else { panic!("{event:?}") };
                        len += black_box(&data).len();
                    }
                }
                assert_eq!(len, messages.iter().map(Vec::len).sum());
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
                for message in &owned {
                    ws.send_binary(message.as_bytes()).expect("it is open");
                    let output = ws.output();
                    black_box(output.chunk());
                    output.advance(output.remaining());
                }
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

fn print(label: &str, count: usize, mut work: [&mut dyn FnMut(); 2]) {
    let mut times = [Vec::new(), Vec::new()];
    for sample in 0..=SAMPLES {
        for (work, times) in work.iter_mut().zip(&mut times) {
            let start = Instant::now();
            work();
            if sample > 0 {
                times.push(start.elapsed().as_nanos() as f64 / count as f64);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let [ours, theirs] = times.map(|times| times[SAMPLES / 2]);
    println!("{label:<38}{ours:>12.0}{theirs:>12.0}{:>9.3}", theirs / ours);
}

fn encoder(takes_over: bool) -> DeflateEncoder {
    DeflateEncoder::new(15.try_into().expect("bits"), !takes_over, LEVEL.into(), 0)
}

/// Returns a server that sends, or a client that receives, so that nothing is masked.
fn connection(takes_over: bool, is_server: bool) -> Connection {
    let mut config = match is_server {
        true => Config::server(),
        false => Config::client_with_mask_keys(|| [0; 4]),
    };
    let mut settings = Deflate::default();
    (settings.min_len, settings.min_len_without_takeover, settings.level) = (0, 0, LEVEL);
    config.deflate = Some(settings);
    config.max_output = None;
    let mut params = DeflateParams::default();
    params.server_no_context_takeover = !takes_over;
    let negotiated = Negotiated::default().with_deflate(params);
    Connection::from_negotiated(config, &negotiated).expect("the configuration compresses")
}

/// Returns the frames of all payloads.
fn frames(payloads: &[bytes::Bytes]) -> Vec<u8> {
    let mut wire = Vec::new();
    for payload in payloads.iter().filter(|payload| !payload.is_empty()) {
        let header = Header::single(Opcode::Binary, payload.len() as u64, None);
        let header = Header { rsv: Rsv::RSV1, ..header };
        wire.extend_from_slice(&Encoder::new(Role::Server).header(header).expect("by the rules"));
        wire.extend_from_slice(payload);
    }
    wire
}
