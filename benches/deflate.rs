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

use std::hint::black_box;
use std::time::Instant;

use documents::{DOCUMENTS, Document};
use sansock::bytes::Buf;
use sansock::deflate::{Deflate, DeflateParams};
use sansock::frame::{Encoder, Header, Rsv};
use sansock::{Config, Connection, Event, Input, Message, Negotiated, Opcode, Role};
use zlib_rs::{DeflateConfig, DeflateFlush, Inflate, InflateFlush};

const SIZES: [usize; 4] = [128, 1 << 10, 4 << 10, 64 << 10];

/// The least payload of a round. With takeover, the window fills early in it.
const ROUND: usize = 1 << 20;

/// How often each row is timed.
const SAMPLES: usize = 15;

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
    let wire = frames(&payloads, document.is_text);
    let mut output = Vec::new();
    let [ours, alone] = if name.starts_with("inflate") {
        let expected: usize = messages.iter().map(Vec::len).sum();
        let (mut buffer, mut spare) = (vec![0; 64 << 10], vec![0; 80 << 10]);
        interleaved([
            &mut || {
                let mut ws = connection(takes_over, false);
                assert_eq!(inflate_all(&mut ws, &wire, &mut buffer, &mut spare), expected);
            },
            &mut || {
                let sum = inflate_alone(&payloads, takes_over, document.is_text, &mut output);
                assert_eq!(sum, expected);
            },
        ])
    } else {
        interleaved([
            &mut || {
                let mut ws = connection(takes_over, true);
                black_box(send_all(&mut ws, &owned));
            },
            &mut || {
                black_box(compress_alone(&messages, takes_over));
            },
        ])
    };
    let sum: usize = payloads.iter().map(Vec::len).sum();
    let count = messages.len() as f64;
    let (median, spread) = (middle(&ours), (ours[SAMPLES - 2] - ours[1]) / middle(&ours));
    println!(
        "{name:<38}{:>12.0}{:>12.0}{:>9.3}{:>8.1}%{:>11.1}%",
        median / count,
        middle(&alone) / count,
        middle(&alone) / median,
        100.0 * spread,
        100.0 * sum as f64 / (count * size as f64),
    );
}

/// Times two things, one after the other, many times. Returns the nanoseconds of each, in order.
fn interleaved(mut work: [&mut dyn FnMut(); 2]) -> [Vec<f64>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for sample in 0..=SAMPLES {
        for (work, times) in work.iter_mut().zip(&mut times) {
            let start = Instant::now();
            work();
            // The first one warms up.
            if sample > 0 {
                times.push(start.elapsed().as_nanos() as f64);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    times
}

fn middle(times: &[f64]) -> f64 {
    times[times.len() / 2]
}

/// Returns a server that sends, or a client that receives, so that nothing is masked.
fn connection(takes_over: bool, is_server: bool) -> Connection {
    let mut config =
        if is_server { Config::server() } else { Config::client_with_mask_keys(|| [0; 4]) };
    let mut settings = Deflate::default();
    (settings.min_len, settings.min_len_without_takeover) = (0, 0);
    config.deflate = Some(settings);
    config.max_output = None;
    let mut params = DeflateParams::default();
    params.server_no_context_takeover = !takes_over;
    let negotiated = Negotiated::default().with_deflate(params);
    Connection::from_negotiated(config, &negotiated).expect("the configuration compresses")
}

/// Sends all messages, each of them to a transport that takes all. Returns how many bytes it took.
fn send_all(ws: &mut Connection, messages: &[Message]) -> u64 {
    for message in messages {
        send(ws, message);
        let output = ws.output();
        black_box(output.chunk());
        output.advance(output.remaining());
    }
    ws.bytes_sent()
}

/// Returns the frames of all payloads, as a server sends them.
fn frames(payloads: &[Vec<u8>], is_text: bool) -> Vec<u8> {
    let opcode = if is_text { Opcode::Text } else { Opcode::Binary };
    let mut wire = Vec::new();
    for payload in payloads {
        let header = Header::single(opcode, payload.len() as u64, None);
        let header = Header { rsv: Rsv::RSV1, ..header };
        // Each message is one frame, so there is no order to keep.
        let header = Encoder::new(Role::Server).header(header).expect("by the rules");
        wire.extend_from_slice(&header);
        wire.extend_from_slice(payload);
    }
    wire
}

fn send(ws: &mut Connection, message: &Message) {
    let sent = match message {
        Message::Text(text) => ws.send_text(text),
        Message::Binary(data) => ws.send_binary(data),
    };
    sent.expect("it is open");
}

/// Receives all frames, in reads that fill `buffer`. Returns the length of all messages.
fn inflate_all(ws: &mut Connection, wire: &[u8], buffer: &mut [u8], spare: &mut [u8]) -> usize {
    let mut sum = 0;
    for read in wire.chunks(buffer.len()) {
        let buffer = &mut buffer[..read.len()];
        buffer.copy_from_slice(read);
        let mut input = Input::with_spare(buffer, spare);
        while let Some(event) = ws.receive(&mut input).expect("by the rules") {
            sum += match event {
                Event::Text(text) => black_box(&text).len(),
                Event::Binary(data) => black_box(&data).len(),
                other => panic!("{other:?}"),
            };
        }
    }
    sum
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
