//! What a connection holds with compression, beside other crates: `cargo run --release --features
//! deflate --bin deflate_memory`. Every run prints the same.
//!
//! A client with level 3, memory level 8 and windows of 15 bits, with takeover in both directions,
//! gets messages of 1 KiB of JSON, sends each back, and is idle. Counted are its struct and its heap,
//! at the allocator, without the transport and without what all connections of a thread share, and
//! without what it can release. Of `sockudo-ws`, only its codec is counted.
//!
//! The program `memory/deflate.py` measures servers in other languages.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures::SinkExt;
use sansock::deflate::{Deflate, DeflateParams};
use sansock::{Config, Connection, Event, Input, Negotiated};
use sockudo_ws::deflate::{DeflateConfig, DeflateContext};
use transport::{Transport, block_on};
use yawc::{CompressionLevel, Frame, Options, WebSocket};

#[path = "../allocations.rs"]
#[allow(dead_code, reason = "the comparison of frames uses more of it")]
mod allocations;
#[path = "../../../support/documents.rs"]
mod documents;
#[path = "../transport.rs"]
#[allow(dead_code, reason = "the comparison of frames uses more of it")]
mod transport;

const MESSAGE_LEN: usize = 1 << 10;

fn main() {
    println!(
        "{:<40}{:>12}{:>12}{:>14}",
        "bytes of a connection", "compressing", "plain", "difference"
    );
    for count in [1, 64] {
        let messages = documents::DOCUMENTS[0].messages(MESSAGE_LEN, count);
        for (name, measure) in [("sansock, idle", sansock as Measure), ("yawc", yawc)] {
            let [compressing, plain] = [true, false].map(|compresses| {
                let wire = wire(&messages, compresses);
                measure(&wire, &messages, compresses)
            });
            let name = format!("{name}, after {count}");
            println!("{name:<40}{compressing:>12}{plain:>12}{:>14}", compressing - plain);
        }
        let name = format!("sockudo-ws, its codec, after {count}");
        println!("{name:<40}{:>12}{:>12}{:>14}", "", "", sockudo(&messages));
    }
}

/// Returns the bytes of a connection that has received these frames, and has sent these messages.
type Measure = fn(&[u8], &[Vec<u8>], bool) -> i64;

fn sansock(wire: &[u8], messages: &[Vec<u8>], compresses: bool) -> i64 {
    let config = config(Config::client_with_mask_keys(|| [0; 4]), compresses);
    let (mut buffer, mut spare) = (vec![0; wire.len()], vec![0; 128 << 10]);
    held(
        || connection(&config),
        |ws| {
            buffer.copy_from_slice(wire);
            let mut input = Input::with_spare(&mut buffer, &mut spare);
            let mut received = messages.iter();
            while let Some(event) = ws.receive(&mut input).expect("by the rules") {
                let Event::Binary(data) = event else { panic!("{event:?}") };
                assert_eq!(Some(&data[..]), received.next().map(Vec::as_slice));
                ws.send_binary(&data).expect("there is room");
                let output = ws.output();
                output.advance(output.remaining());
            }
            assert_eq!(received.len(), 0);
            ws.release_buffers();
            ws.shrink_to_fit();
        },
    )
}

fn yawc(wire: &[u8], messages: &[Vec<u8>], compresses: bool) -> i64 {
    let stream: Arc<[u8]> = wire.into();
    let messages: Vec<Bytes> = messages.iter().map(|message| message.clone().into()).collect();
    let transport = size_of::<Transport>() as i64;
    let open = || {
        let transport = Transport::new(Arc::clone(&stream), usize::MAX, usize::MAX);
        let level = CompressionLevel::new(Deflate::default().level.into());
        let (agreed, options) = match compresses {
            true => (Some("permessage-deflate"), Options::default().with_compression_level(level)),
            false => (None, Options::default().without_compression()),
        };
        WebSocket::from_stream_with_extensions(transport, yawc::Role::Client, agreed, options)
            .expect("the options compress")
    };
    held(open, |ws| {
        block_on(async {
            for message in &messages {
                assert_eq!(ws.next_frame().await.expect("a message").payload(), message);
                ws.send(Frame::binary(message.clone())).await.expect("a sink");
            }
        });
    }) - transport
}

fn sockudo(messages: &[Vec<u8>]) -> i64 {
    let compression_level = Deflate::default().level.into();
    let config = || DeflateConfig { compression_level, ..DeflateConfig::default() };
    let mut server = DeflateContext::server(config());
    let payloads: Vec<Bytes> = messages
        .iter()
        .map(|message| server.compress(message).expect("valid").expect("JSON shrinks"))
        .collect();
    held(
        || DeflateContext::client(config()),
        |codec| {
            for (message, payload) in messages.iter().zip(&payloads) {
                assert_eq!(codec.decompress(payload, 1 << 20).expect("valid"), message);
                assert!(codec.compress(message).expect("valid").is_some());
            }
        },
    )
}

/// Returns the bytes of what `open` returns, its heap included, after it was used.
fn held<W>(open: impl Fn() -> W, mut exchange: impl FnMut(&mut W)) -> i64 {
    let mut used = || {
        let mut ws = open();
        exchange(&mut ws);
        ws
    };
    // What a thread or a configuration keeps for all connections is there before the count.
    drop(used());
    let (ws, allocated) = allocations::count(used);
    drop(ws);
    allocated.live + size_of::<W>() as i64
}

/// Returns the frames that a server sends.
fn wire(messages: &[Vec<u8>], compresses: bool) -> Vec<u8> {
    let mut ws = connection(&config(Config::server(), compresses));
    messages.iter().for_each(|message| ws.send_binary(message).expect("there is room"));
    let output = ws.output();
    output.copy_to_bytes(output.remaining()).into()
}

fn config(mut config: Config, compresses: bool) -> Arc<Config> {
    config.max_output = None;
    config.deflate = compresses.then(Deflate::default);
    config.into()
}

fn connection(config: &Arc<Config>) -> Connection {
    let negotiated = match config.deflate {
        Some(_) => Negotiated::default().with_deflate(DeflateParams::default()),
        None => Negotiated::default(),
    };
    Connection::from_negotiated(Arc::clone(config), &negotiated).expect("the configuration fits")
}
