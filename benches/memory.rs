//! The memory of connections and handshakes: bytes held and allocations made.
//!
//! `cargo bench --bench memory`. Nothing is timed, and every run prints the same.

#![allow(clippy::expect_used, clippy::panic, reason = "what goes wrong here panics")]
#![allow(clippy::indexing_slicing, reason = "set-up fails by panicking")]

#[path = "support/allocator.rs"]
mod allocator;
#[cfg(feature = "deflate")]
#[path = "support/documents.rs"]
mod documents;
mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use allocator::{ALLOCATIONS, BYTES};
use sansock::bytes::Buf;
use sansock::handshake::{client, server};
use sansock::{Config, Connection, Event, Input, Message, Opcode, Output, Role};
use support::exchange::{Case, Shape, Transport, drop_output};
use support::heads::{BROWSER_REQUEST, NONCE, RESPONSE, URI};
use support::{KEY, TINY_READ};

fn main() {
    sizes();
    connections();
    handshakes();
    allocations();
    #[cfg(feature = "deflate")]
    compression();
}

fn sizes() {
    println!("bytes of a value itself");
    let sizes = [
        ("Connection", size_of::<Connection>()),
        ("of which Output", size_of::<Output>()),
        ("Config, shared by connections", size_of::<Config>()),
        ("Event", size_of::<Event<'_>>()),
        ("handshake::server::ServerHandshake", size_of::<server::ServerHandshake>()),
        ("handshake::client::ClientHandshake", size_of::<client::ClientHandshake>()),
    ];
    for (name, size) in sizes {
        println!("{name:<52}{size:>12}");
    }
}

/// A name, and what brings a connection into that situation.
type Situation = (&'static str, fn(&mut Connection));

const SITUATIONS: [Situation; 10] = [
    ("new", |_| {}),
    ("after an echo of 125 B", |ws| echo(ws, 125)),
    ("after an echo of 16 KiB", |ws| echo(ws, 16 << 10)),
    ("after an echo of 1 MiB", |ws| echo(ws, 1 << 20)),
    ("after a message of 1 KiB cut by a read", |ws| receive_cut(ws, 1 << 10)),
    ("100 bytes into a message of 1 MiB", |ws| {
        let header_len = if ws.config().role() == Role::Server { 14 } else { 10 };
        receive(ws, &mut frame(ws, Opcode::Binary, 1 << 20)[..header_len + 100]);
    }),
    ("half-way into a message of 1 MiB, in reads of 37 B", |ws| {
        let mut wire = frame(ws, Opcode::Binary, 1 << 20);
        wire[..512 << 10].chunks_mut(TINY_READ).for_each(|piece| receive(ws, piece));
    }),
    ("1000 pings of 125 B received, no pong written", |ws| {
        (0..1000).for_each(|_| receive(ws, &mut frame(ws, Opcode::Ping, 125)));
    }),
    ("10 MiB queued in messages of 1 KiB", |ws| queue(ws, 10 << 10)),
    ("and written", |ws| {
        queue(ws, 10 << 10);
        while ws.has_output() {
            let output = ws.output();
            output.advance(output.remaining().min(64 << 10));
        }
    }),
];

fn connections() {
    println!(
        "\n{:<52}{:>12}{:>12}{:>12}{:>12}",
        "bytes on the heap, of a connection", "server", "released", "client", "released"
    );
    for (name, situation) in SITUATIONS {
        let (server, server_released) = held(Role::Server, situation);
        let (client, client_released) = held(Role::Client, situation);
        println!("{name:<52}{server:>12}{server_released:>12}{client:>12}{client_released:>12}");
    }
}

/// What a connection holds that has agreed on compression, by the settings.
#[cfg(feature = "deflate")]
fn compression() {
    println!(
        "\n{:<30}{:>14}{:>14}{:>14}{:>14}{:>14}",
        "bytes on the heap, with deflate", "busy, level 1", "5", "8", "9", "idle"
    );
    for bits in [None].into_iter().chain((8..=15).map(Some)) {
        let name = match bits {
            None => "15 bits, no takeover".to_owned(),
            Some(bits) => format!("{bits} bits"),
        };
        let busy = [1, 5, 8, 9].map(|memory_level| compressing(bits, memory_level).0);
        let (_, idle) = compressing(bits, 8);
        print!("{name:<30}");
        busy.iter().for_each(|busy| print!("{busy:>14}"));
        println!("{idle:>14}");
    }
}

/// Returns the bytes that a server holds after it has received and sent 64 KiB in messages of 1 KiB,
/// and after it was idle. `bits` is the window of both ends; `None` is no takeover.
#[cfg(feature = "deflate")]
fn compressing(bits: Option<u8>, memory_level: u8) -> (isize, isize) {
    use sansock::Negotiated;
    use sansock::deflate::{Deflate, DeflateParams, WindowBits};

    let mut settings = Deflate::default();
    settings.memory_level = memory_level;
    let mut params = DeflateParams::default();
    params.server_max_window_bits = bits.and_then(WindowBits::new);
    params.client_max_window_bits = params.server_max_window_bits;
    params.server_no_context_takeover = bits.is_none();
    params.client_no_context_takeover = bits.is_none();
    let negotiated = Negotiated::default().with_deflate(params);
    let connect = |role| {
        let mut config = Config::clone(&config(role));
        config.deflate = Some(settings.clone());
        Connection::from_negotiated(config, &negotiated).expect("it compresses")
    };
    let messages = documents::DOCUMENTS[0].messages(1 << 10, 64);
    // What the client sends, and what a thread keeps for all connections.
    let (mut client, mut other) = (connect(Role::Client), connect(Role::Server));
    messages.iter().for_each(|message| client.send_binary(message).expect("there is room"));
    let len = client.output().remaining();
    let mut wire = client.output().copy_to_bytes(len).to_vec();
    receive(&mut other, &mut wire.clone());
    drop((client, other));

    let config_bytes = {
        let before = BYTES.load(Relaxed);
        let ws = connect(Role::Server);
        BYTES.load(Relaxed) - before - ws.memory_usage() as isize
    };
    let before = BYTES.load(Relaxed);
    let mut ws = connect(Role::Server);
    let mut spare = vec![0; 128 << 10];
    let spare_len = spare.len() as isize;
    let mut input = Input::with_spare(&mut wire, &mut spare);
    while let Some(event) = ws.receive(&mut input).expect("the peer keeps the rules") {
        black_box(event);
    }
    for message in &messages {
        ws.send_binary(message).expect("there is room");
        drop_output(&mut ws);
    }
    let held = BYTES.load(Relaxed) - before - spare_len - config_bytes;
    ws.release_buffers();
    ws.shrink_to_fit();
    (held, ws.memory_usage() as isize)
}

/// Returns the bytes that a connection holds in a situation, before and after a release.
fn held(role: Role, situation: fn(&mut Connection)) -> (isize, isize) {
    let config = config(role);
    let before = BYTES.load(Relaxed);
    let mut ws = Connection::new(config);
    situation(&mut ws);
    let held = BYTES.load(Relaxed) - before;
    ws.release_buffers();
    (held, BYTES.load(Relaxed) - before)
}

fn config(role: Role) -> Arc<Config> {
    let mut config = match role {
        Role::Server => Config::server(),
        Role::Client => Config::client_with_mask_keys(|| KEY),
    };
    config.max_output = None;
    Arc::new(config)
}

/// Returns a frame that the connection's peer sends.
fn frame(ws: &Connection, opcode: Opcode, len: usize) -> Vec<u8> {
    let role = ws.config().role();
    let case = Case { role, opcode, shape: Shape::Whole, len };
    let mut wire = Vec::new();
    case.write(role.peer(), &case.payload(), &mut wire);
    wire
}

fn receive(ws: &mut Connection, input: &mut [u8]) {
    let mut input = Input::new(input);
    while let Some(event) = ws.receive(&mut input).expect("the peer keeps the rules") {
        black_box(event);
    }
}

fn receive_cut(ws: &mut Connection, len: usize) {
    let mut wire = frame(ws, Opcode::Binary, len);
    wire.chunks_mut(len / 2).for_each(|piece| receive(ws, piece));
}

fn echo(ws: &mut Connection, len: usize) {
    let mut wire = frame(ws, Opcode::Binary, len);
    let mut input = Input::new(&mut wire[..]);
    let event = ws.receive(&mut input).expect("the peer keeps the rules").expect("a message");
    answer(ws, event);
    assert!(ws.output().remaining() > len);
    drop_output(ws);
}

fn answer(ws: &mut Connection, event: Event<'_>) {
    if let Event::Binary(data) = event {
        ws.send_binary(&data).expect("there is room");
    }
}

fn queue(ws: &mut Connection, messages: usize) {
    (0..messages).for_each(|_| ws.send_binary(&[7; 1 << 10]).expect("there is room"));
}

/// Prints the memory of a handshake in progress, and of its outcome.
fn handshakes() {
    println!("\n{:<52}{:>12}{:>12}", "bytes on the heap, of a handshake", "server", "client");
    let request = client::Request::new(URI).expect("a URI");
    let server_after = |len: usize| {
        let mut opening = server::ServerHandshake::default();
        let mut head = BROWSER_REQUEST[..len].to_vec();
        let request = opening.receive(&mut Input::new(&mut head)).expect("by the rules");
        drop(head);
        (opening, request)
    };
    let client_after = |len: usize| {
        let mut opening = request.start(NONCE).1;
        let mut head = RESPONSE[..len].to_vec();
        let outcome = opening.receive(&mut Input::new(&mut head)).expect("by the rules");
        drop(head);
        (opening, outcome)
    };
    let (server_len, client_len) = (BROWSER_REQUEST.len(), RESPONSE.len());
    let row = |name: &str, server: isize, client: isize| {
        println!("{name:<52}{server:>12}{client:>12}");
    };
    row("new", on_heap(|| server_after(0)), on_heap(|| client_after(0)));
    row(
        "half of the head received",
        on_heap(|| server_after(server_len / 2)),
        on_heap(|| client_after(client_len / 2)),
    );
    row(
        "all but a byte of the head received",
        on_heap(|| server_after(server_len - 1)),
        on_heap(|| client_after(client_len - 1)),
    );
    row(
        "the request or response that comes of it",
        on_heap(|| server_after(server_len).1),
        on_heap(|| client_after(client_len).1),
    );
    println!("{:<52}{server_len:>12}{client_len:>12}", "(bytes of the head)");
}

/// Returns the bytes on the heap that the value of `make` holds.
fn on_heap<T>(make: impl FnOnce() -> T) -> isize {
    let before = BYTES.load(Relaxed);
    let _made = make();
    BYTES.load(Relaxed) - before
}

fn allocations() {
    println!("\n{:<52}{:>12}{:>12}", "allocations a message, in steady state", "server", "client");
    let row = |name: &str, of: &dyn Fn(Role) -> f64| {
        println!("{name:<52}{:>12.2}{:>12.2}", of(Role::Server), of(Role::Client));
    };
    for (name, shape, len) in SHAPES {
        let drop = |_: &mut Connection, event: Event<'_>| drop(black_box(event));
        row(&format!("received: {name}"), &|role| receiving(role, shape, len, drop));
    }
    for (name, shape, len) in SHAPES {
        row(&format!("echoed: {name}"), &|role| receiving(role, shape, len, answer));
    }
    for len in [125, 16 << 10] {
        let message = Message::from(vec![7; len]);
        row(&format!("send_binary: {len} B"), &|role| {
            sending(role, |ws| ws.send_binary(message.as_bytes()).expect("there is room"))
        });
        row(&format!("send: {len} B, held elsewhere too"), &|role| {
            sending(role, |ws| ws.send(message.clone()).expect("there is room"))
        });
    }
}

/// Returns the allocations for each message received. A read brings one, unless it is tiny.
fn receiving(
    role: Role,
    shape: Shape,
    len: usize,
    on_event: impl Fn(&mut Connection, Event<'_>),
) -> f64 {
    let case = Case { role, opcode: Opcode::Binary, shape, len };
    let mut wire = Vec::new();
    case.write(role.peer(), &case.payload(), &mut wire);
    let read = if shape == Shape::TinyReads { TINY_READ } else { wire.len() };
    let mut transport = Transport::new(wire.repeat(MESSAGES), read);
    let mut ws = Connection::new(config(role));
    per_message(|| transport.run(&mut ws, &on_event))
}

/// Returns the allocations for each message sent. The transport takes several at a time.
fn sending(role: Role, send: impl Fn(&mut Connection)) -> f64 {
    let mut ws = Connection::new(config(role));
    per_message(|| {
        (0..MESSAGES).for_each(|_| send(&mut ws));
        drop_output(&mut ws);
    })
}

/// Returns the allocations of the second round of [`MESSAGES`]. The first fills the buffers that
/// are kept.
fn per_message(mut round: impl FnMut()) -> f64 {
    round();
    let before = ALLOCATIONS.load(Relaxed);
    round();
    (ALLOCATIONS.load(Relaxed) - before) as f64 / MESSAGES as f64
}

const MESSAGES: usize = 64;

/// How messages arrive: name, shape, and payload bytes a frame.
const SHAPES: [(&str, Shape, usize); 5] = [
    ("125 B", Shape::Whole, 125),
    ("16 KiB", Shape::Whole, 16 << 10),
    ("125 B, reads of 37 B", Shape::TinyReads, 125),
    ("1 KiB, reads of 37 B", Shape::TinyReads, 1 << 10),
    ("64 fragments of 1 KiB", Shape::Fragmented, 1 << 10),
];
