//! Paths through the library, to run under a counter of instructions: `.ci/instructions`.
//!
//! ```text
//! instructions               lists the paths, and how many messages a round of each carries
//! instructions NAME ROUNDS   runs a path: one round that is checked, then ROUNDS that are not
//! ```
//!
//! Only the messages cost more with more rounds. The difference of two runs, divided by the
//! messages between them, is therefore the cost of a message. As in the other benchmarks, reads are
//! copied into the input buffer, and that copy is counted. Mask keys come from a function that
//! costs nothing, except in the path whose name says otherwise.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "set-up fails by panicking")]
#![allow(clippy::panic, reason = "and so do wrong arguments")]

mod support;

use std::env;
use std::hint::black_box;
use std::io::{self, IoSlice, Read, Write};

use sansock::bytes::Buf;
use sansock::endpoint::{self, Endpoint};
use sansock::frame::{Decoder, Part};
use sansock::handshake::{HeadLimits, client, server};
use sansock::utf8::Validator;
use sansock::{Config, Connection, Event, Input, Opcode, ReadBuffer, Role, mask};
use support::exchange::{Case, Shape, Transport, bytes_of};
use support::handshakes::{check, serve};
use support::heads::{BROWSER_REQUEST, NONCE, RESPONSE, URI, padded_by_a_line, padded_by_lines};
use support::{KEY, TINY_READ, WHOLE_READ};

use Opcode::{Binary, Ping, Pong, Text};
use Role::{Client, Server};

/// A path's name, and the function that prepares it.
type Named = (&'static str, fn() -> Path);

/// Every path. Unless the name has another size, a read holds as many whole messages as fit into 64
/// KiB.
const PATHS: &[Named] = &[
    ("server-decode-binary-16", || decode(Flow::new(Server, Binary, 16))),
    ("server-decode-binary-125", || decode(Flow::new(Server, Binary, 125))),
    ("server-decode-binary-1024", || decode(Flow::new(Server, Binary, 1024))),
    ("server-decode-binary-16384", || decode(Flow::new(Server, Binary, 16384))),
    ("server-decode-text-125", || decode(Flow::new(Server, Text, 125))),
    ("server-decode-text-1024", || decode(Flow::new(Server, Text, 1024))),
    ("server-decode-text-mixed-1024", || decode(Flow::new(Server, Text, 1024).mixed())),
    ("server-decode-binary-125-a-read", || decode(Flow::new(Server, Binary, 125).one_a_read())),
    ("server-decode-binary-125-tiny-reads", || decode(Flow::new(Server, Binary, 125).tiny_reads())),
    ("server-decode-text-1024-tiny-reads", || decode(Flow::new(Server, Text, 1024).tiny_reads())),
    ("server-decode-text-64-fragments-1024", || decode(Flow::fragmented(Server, Text, 1024))),
    ("server-decode-binary-64-fragments-16", || decode(Flow::fragmented(Server, Binary, 16))),
    ("server-decode-binary-64-fragments-125", || decode(Flow::fragmented(Server, Binary, 125))),
    ("server-decode-text-64-fragments-125", || decode(Flow::fragmented(Server, Text, 125))),
    ("server-decode-binary-64-fragments-125-512-reads", || {
        decode(Flow::fragmented(Server, Binary, 125).reads_of(512))
    }),
    ("client-decode-binary-64-fragments-16", || decode(Flow::fragmented(Client, Binary, 16))),
    ("client-decode-text-64-fragments-125", || decode(Flow::fragmented(Client, Text, 125))),
    ("server-buffered-binary-125", || buffered(Flow::new(Server, Binary, 125), read_once)),
    ("server-buffered-text-1024-tiny-reads", || {
        buffered(Flow::new(Server, Text, 1024).tiny_reads(), read_once)
    }),
    ("server-read-from-text-1024-tiny-reads", || {
        buffered(Flow::new(Server, Text, 1024).tiny_reads(), read_from)
    }),
    ("server-buffered-binary-16384-1024-reads", || {
        buffered(Flow::new(Server, Binary, 16384).reads_of(1024), read_once)
    }),
    ("client-decode-binary-125", || decode(Flow::new(Client, Binary, 125))),
    ("client-decode-text-125", || decode(Flow::new(Client, Text, 125))),
    ("client-decode-text-mixed-1024", || decode(Flow::new(Client, Text, 1024).mixed())),
    ("server-endpoint-binary-16", || endpoint(Flow::new(Server, Binary, 16))),
    ("server-endpoint-binary-125", || endpoint(Flow::new(Server, Binary, 125))),
    ("server-endpoint-text-125", || endpoint(Flow::new(Server, Text, 125))),
    ("server-encode-binary-16", || encode(Server, 16, fixed_keys(Server))),
    ("server-encode-binary-125", || encode(Server, 125, fixed_keys(Server))),
    ("client-encode-binary-125", || encode(Client, 125, fixed_keys(Client))),
    ("client-encode-binary-125-thread-rng", || encode(Client, 125, Config::client())),
    ("server-borrowed-binary-16384", || send_borrowed(Server, 16384)),
    ("client-borrowed-binary-16384", || send_borrowed(Client, 16384)),
    ("server-borrowed-write-to-binary-1024", || write_to(Server, 1024)),
    ("server-echo-binary-16", || echo(Flow::new(Server, Binary, 16), answer)),
    ("server-echo-binary-125", || echo(Flow::new(Server, Binary, 125), answer)),
    ("server-echo-text-125", || echo(Flow::new(Server, Text, 125), answer)),
    ("server-echo-owned-binary-125", || echo(Flow::new(Server, Binary, 125), answer_owned)),
    ("server-echo-owned-binary-16384", || echo(Flow::new(Server, Binary, 16384), answer_owned)),
    // Of many pings in one read, only a few are answered.
    ("server-ping-125-a-read", || echo(Flow::new(Server, Ping, 125).one_a_read(), look_at)),
    ("server-ping-125-flood", || decode(Flow::new(Server, Ping, 125))),
    ("mask-apply-125", || masking(125)),
    ("mask-apply-16384", || masking(16384)),
    ("frame-decoder-125", || frames(Flow::new(Server, Binary, 125))),
    ("utf8-validator-1024-tiny-pieces", || validation(Flow::new(Server, Text, 1024))),
    ("utf8-validator-mixed-1024-tiny-pieces", || validation(Flow::new(Server, Text, 1024).mixed())),
    ("server-handshake", || request(BROWSER_REQUEST.to_vec(), WHOLE_READ)),
    ("client-handshake", || response(RESPONSE.to_vec(), WHOLE_READ)),
    // Of two heads, one twice as long as the other: `.ci/instructions` compares the two.
    ("server-head-8192-one-long-line", || request(padded_by_a_line(BROWSER_REQUEST, 8192), 1)),
    ("server-head-16384-one-long-line", || request(padded_by_a_line(BROWSER_REQUEST, 16384), 1)),
    ("server-head-8192-short-lines", || request(padded_by_lines(BROWSER_REQUEST, 8192), 1)),
    ("server-head-16384-short-lines", || request(padded_by_lines(BROWSER_REQUEST, 16384), 1)),
    ("client-head-8192-one-long-line", || response(padded_by_a_line(RESPONSE, 8192), 1)),
    ("client-head-16384-one-long-line", || response(padded_by_a_line(RESPONSE, 16384), 1)),
    ("client-head-8192-short-lines", || response(padded_by_lines(RESPONSE, 8192), 1)),
    ("client-head-16384-short-lines", || response(padded_by_lines(RESPONSE, 16384), 1)),
];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    match &arguments[..] {
        [] => PATHS.iter().for_each(|(name, path)| println!("{name} {}", path().messages)),
        [name, rounds] => {
            let (_, path) = PATHS.iter().find(|(known, _)| known == name).expect("a path's name");
            let rounds: usize = rounds.parse().expect("a number of rounds");
            let mut round = path().round;
            (0..rounds).for_each(|_| round());
        }
        _ => panic!("usage: instructions [NAME ROUNDS]"),
    }
}

/// A path that is ready to run, checked in a first round.
struct Path {
    /// Messages a round.
    messages: usize,
    round: Box<dyn FnMut()>,
}

/// A series of equal messages, and how they are read.
struct Flow {
    case: Case,
    payload: Vec<u8>,
    /// Bytes a read.
    read: usize,
}

impl Flow {
    /// Returns unfragmented messages of ASCII, as many in a read as fit.
    fn new(role: Role, opcode: Opcode, len: usize) -> Self {
        Flow::of(Case { role, opcode, shape: Shape::Whole, len })
    }

    /// Returns messages in 64 fragments of `len` bytes.
    fn fragmented(role: Role, opcode: Opcode, len: usize) -> Self {
        Flow::of(Case { role, opcode, shape: Shape::Fragmented, len })
    }

    fn of(case: Case) -> Self {
        Flow { case, payload: case.payload(), read: WHOLE_READ }
    }

    /// Changes the text to one to four bytes a code point, with the same length.
    fn mixed(mut self) -> Self {
        self.payload = "ß κόσμε € 世界 or 🦀".repeat(self.payload.len() / 32).into_bytes();
        assert_eq!(self.payload.len(), self.case.message_len());
        self
    }

    fn one_a_read(mut self) -> Self {
        self.read = self.wire().len();
        self
    }

    fn tiny_reads(self) -> Self {
        self.reads_of(TINY_READ)
    }

    fn reads_of(mut self, len: usize) -> Self {
        self.read = len;
        self
    }

    /// Returns one message as the peer sends it.
    fn wire(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        self.case.write(self.case.role.peer(), &self.payload, &mut wire);
        wire
    }

    /// Returns the messages a round.
    fn messages(&self) -> usize {
        (WHOLE_READ / self.wire().len()).max(1)
    }

    fn transport(&self) -> Transport {
        Transport::new(self.wire().repeat(self.messages()), self.read)
    }
}

fn fixed_keys(role: Role) -> Config {
    match role {
        Server => Config::server(),
        Client => Config::client_with_mask_keys(|| KEY),
    }
}

/// Returns a path from reads to events.
fn decode(flow: Flow) -> Path {
    let mut ws = Connection::new(fixed_keys(flow.case.role));
    let (mut transport, messages) = (flow.transport(), flow.messages());
    let mut seen = 0;
    transport.run(&mut ws, |_, event| {
        assert_is(&event, flow.case.opcode, &flow.payload);
        seen += 1;
    });
    assert_eq!(seen, messages);
    Path { messages, round: Box::new(move || transport.run(&mut ws, look_at)) }
}

/// Returns a path from reads to events of an endpoint whose opening handshake is over.
fn endpoint(flow: Flow) -> Path {
    let ws = Connection::new(fixed_keys(flow.case.role));
    let mut endpoint = Endpoint::from_connection(ws, None);
    let (stream, messages) = (flow.wire().repeat(flow.messages()), flow.messages());
    let mut buffer = vec![0; flow.read];
    let mut seen = 0;
    receive_all(&mut endpoint, &stream, &mut buffer, |event| {
        assert_is(&event, flow.case.opcode, &flow.payload);
        seen += 1;
    });
    assert_eq!(seen, messages);
    let round = move || {
        receive_all(&mut endpoint, &stream, &mut buffer, |event| {
            black_box(payload_of(&event));
        });
    };
    Path { messages, round: Box::new(round) }
}

#[inline(always)]
fn receive_all(
    endpoint: &mut Endpoint,
    stream: &[u8],
    buffer: &mut [u8],
    mut on_event: impl FnMut(Event<'_>),
) {
    for piece in stream.chunks(buffer.len()) {
        let input = &mut buffer[..piece.len()];
        input.copy_from_slice(piece);
        let mut input = Input::new(input);
        while let Some(event) = endpoint.receive(&mut input).expect("the peer keeps the rules") {
            let endpoint::Event::Connection(event) = event else { panic!("it is open") };
            on_event(event);
        }
        let output = endpoint.output();
        output.advance(output.remaining());
    }
}

/// Returns a path from reads to events, through a buffer in which messages stay until they are
/// whole.
fn buffered(flow: Flow, read: fn(&mut ReadBuffer, &mut Reads<'_>) -> usize) -> Path {
    let mut ws = Connection::new(fixed_keys(flow.case.role));
    let mut input = ReadBuffer::with_capacity(flow.read.max(ReadBuffer::DEFAULT_CAPACITY));
    let (stream, messages) = (flow.wire().repeat(flow.messages()), flow.messages());
    let mut transport = Reads { stream: &stream, most: flow.read };
    let mut seen = 0;
    while read(&mut input, &mut transport) > 0 {
        receive_from(&mut ws, &mut input, |event| {
            assert_is(&event, flow.case.opcode, &flow.payload);
            seen += 1;
        });
    }
    assert_eq!(seen, messages);
    let round = move || {
        let mut transport = Reads { stream: &stream, most: flow.read };
        while read(&mut input, &mut transport) > 0 {
            receive_from(&mut ws, &mut input, |event| {
                black_box(payload_of(&event));
            });
        }
    };
    Path { messages, round: Box::new(round) }
}

#[inline(always)]
fn receive_from(ws: &mut Connection, input: &mut ReadBuffer, mut on_event: impl FnMut(Event<'_>)) {
    while let Some(event) = ws.receive_buffered(input).expect("the peer keeps the rules") {
        on_event(event);
    }
}

/// Reads once, whatever that brings.
fn read_once(input: &mut ReadBuffer, transport: &mut Reads<'_>) -> usize {
    let len = transport.read(input.spare_mut()).expect("memory is always ready");
    input.mark_filled(len);
    len
}

/// Reads as often as is useful.
fn read_from(input: &mut ReadBuffer, transport: &mut Reads<'_>) -> usize {
    input.read_from(transport).expect("memory is always ready")
}

/// A transport that is always ready, and returns at most `most` bytes at once.
struct Reads<'a> {
    stream: &'a [u8],
    most: usize,
}

impl Read for Reads<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let len = room.len().min(self.most);
        self.stream.read(&mut room[..len])
    }
}

/// Returns a path from messages to one write for each.
fn encode(role: Role, len: usize, config: Config) -> Path {
    let flow = Flow::new(role.peer(), Binary, len);
    let mut ws = Connection::new(config);
    ws.send_binary(&flow.payload).expect("there is room");
    assert_output(&mut ws, Binary, &flow.payload);
    let messages = flow.messages();
    let round = move || {
        for _ in 0..messages {
            ws.send_binary(black_box(&flow.payload)).expect("there is room");
            ws.output().write_to(&mut Sink).expect("it takes all");
        }
    };
    Path { messages, round: Box::new(round) }
}

/// Returns a path from borrowed messages to vectored writes.
fn send_borrowed(role: Role, len: usize) -> Path {
    let payload = Flow::new(role.peer(), Binary, len).payload;
    let mut ws = Connection::new(fixed_keys(role));
    drop(ws.output_with_binary(&payload).expect("there is room"));
    assert_output(&mut ws, Binary, &payload);
    let messages = WHOLE_READ / len;
    let round = move || {
        for _ in 0..messages {
            let mut view = ws.output_with_binary(black_box(&payload)).expect("there is room");
            while view.has_remaining() {
                let mut slices = [IoSlice::new(&[]); 2];
                let filled = view.chunks_vectored(&mut slices);
                let written = black_box(&slices[..filled]).iter().map(|slice| slice.len()).sum();
                view.advance(written);
            }
        }
    };
    Path { messages, round: Box::new(round) }
}

/// Returns the same path with a transport of the standard library that takes everything.
fn write_to(role: Role, len: usize) -> Path {
    let flow = Flow::new(role.peer(), Binary, len);
    let mut ws = Connection::new(fixed_keys(role));
    let mut wire = Vec::new();
    ws.output_with_binary(&flow.payload)
        .expect("there is room")
        .write_to(&mut wire)
        .expect("and here");
    assert_frame(role, wire, Binary, &flow.payload);
    let messages = flow.messages();
    let round = move || {
        for _ in 0..messages {
            let view = ws.output_with_binary(black_box(&flow.payload)).expect("there is room");
            view.write_to(&mut Sink).expect("and here");
        }
    };
    Path { messages, round: Box::new(round) }
}

/// A transport that takes everything, and costs nothing.
struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(black_box(bytes).len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(black_box(slices).iter().map(|slice| slice.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns a path from reads to one write for each answer.
fn echo(flow: Flow, answer: impl Fn(&mut Connection, Event<'_>) + Copy + 'static) -> Path {
    let mut ws = Connection::new(fixed_keys(flow.case.role));
    let opcode = if flow.case.opcode == Ping { Pong } else { flow.case.opcode };
    let (mut transport, messages) = (flow.transport(), flow.messages());
    let mut answered = 0;
    transport.run(&mut ws, |ws, event| {
        answer(ws, event);
        assert_output(ws, opcode, &flow.payload);
        answered += 1;
    });
    assert_eq!(answered, messages);
    let round = move || {
        transport.run(&mut ws, |ws, event| {
            answer(ws, event);
            ws.output().write_to(&mut Sink).expect("it takes all");
        });
    };
    Path { messages, round: Box::new(round) }
}

fn answer(ws: &mut Connection, event: Event<'_>) {
    match event {
        Event::Text(text) => ws.send_text(&text).expect("there is room"),
        Event::Binary(data) => ws.send_binary(&data).expect("there is room"),
        _ => {}
    }
}

fn answer_owned(ws: &mut Connection, event: Event<'_>) {
    match event {
        Event::Text(text) => ws.send(text).expect("there is room"),
        Event::Binary(data) => ws.send(data).expect("there is room"),
        _ => {}
    }
}

/// Sends nothing: the connection itself answers a ping.
fn look_at(_: &mut Connection, event: Event<'_>) {
    black_box(payload_of(&event));
}

fn payload_of<'e>(event: &'e Event<'_>) -> &'e [u8] {
    match event {
        Event::Ping(data) | Event::Pong(data) => data,
        _ => bytes_of(event),
    }
}

fn masking(len: usize) -> Path {
    let payload = vec![0x5A; len];
    let mut masked = payload.clone();
    mask::apply(&mut masked, KEY, 0);
    assert!(masked.iter().zip(KEY.iter().cycle()).all(|(byte, key)| byte ^ key == 0x5A));
    let messages = WHOLE_READ / len;
    let round = move || {
        (0..messages).for_each(|_| mask::apply(black_box(&mut masked), black_box(KEY), 0));
    };
    Path { messages, round: Box::new(round) }
}

/// Returns a path of `frame::Decoder` alone.
fn frames(flow: Flow) -> Path {
    let (stream, messages) = (flow.wire().repeat(flow.messages()), flow.messages());
    let (mut decoder, mut buffer) = (Decoder::new(flow.case.role), vec![0; stream.len()]);
    let mut seen = 0;
    buffer.copy_from_slice(&stream);
    decode_frames(&mut decoder, &mut buffer, |payload| {
        assert!(payload == flow.payload, "what was sent");
        seen += 1;
    });
    assert_eq!(seen, messages);
    let round = move || {
        buffer.copy_from_slice(&stream);
        decode_frames(&mut decoder, &mut buffer, |payload| {
            black_box(payload);
        });
    };
    Path { messages, round: Box::new(round) }
}

fn decode_frames(decoder: &mut Decoder, input: &mut [u8], mut on_payload: impl FnMut(&[u8])) {
    let mut input = Input::new(input);
    while let Some(part) = decoder.decode(&mut input).expect("the peer keeps the rules") {
        if let Part::Payload { bytes, .. } = part {
            on_payload(bytes);
        }
    }
}

/// Returns a path of `utf8::Validator` alone, with its text in pieces of 37 bytes.
fn validation(flow: Flow) -> Path {
    let messages = 64;
    let round = move || {
        for _ in 0..messages {
            let mut validator = Validator::new();
            for piece in black_box(&flow.payload).chunks(TINY_READ) {
                validator.push(piece).expect("valid text");
            }
            assert!(validator.is_complete());
        }
    };
    round();
    Path { messages, round: Box::new(round) }
}

/// Returns a path from a request, in reads of `read` bytes, to the response that accepts it.
fn request(head: Vec<u8>, read: usize) -> Path {
    let round = move || {
        let response = serve(server::ServerHandshake::new(any_number()), &head, read);
        assert!(black_box(response).starts_with(b"HTTP/1.1 101 "));
    };
    round();
    Path { messages: 1, round: Box::new(round) }
}

/// Returns a path from a URI to a request, and from a response, in reads of `read` bytes, to the
/// agreement.
fn response(head: Vec<u8>, read: usize) -> Path {
    let round = move || {
        let request = client::Request::new(black_box(URI)).expect("a URI").limits(any_number());
        let (_, opening) = request.start(black_box(NONCE));
        black_box(check(opening, &head, read));
    };
    round();
    Path { messages: 1, round: Box::new(round) }
}

/// Returns the default limits with any number of header fields.
fn any_number() -> HeadLimits {
    let mut limits = HeadLimits::DEFAULT;
    limits.headers = usize::MAX;
    limits
}

/// Asserts that the output is one frame of this kind, and takes it.
fn assert_output(ws: &mut Connection, opcode: Opcode, payload: &[u8]) {
    let len = ws.output().remaining();
    let wire = ws.output().copy_to_bytes(len).to_vec();
    assert_frame(ws.config().role(), wire, opcode, payload);
}

/// Asserts that a connection of this role has sent one frame of this kind.
fn assert_frame(sender: Role, mut wire: Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let mut peer = Connection::new(fixed_keys(sender.peer()));
    let mut input = Input::new(&mut wire[..]);
    let event = peer.receive(&mut input).expect("frames by the rules").expect("a message");
    assert_is(&event, opcode, payload);
    assert!(input.is_empty());
}

fn assert_is(event: &Event<'_>, opcode: Opcode, payload: &[u8]) {
    let kind = match event {
        Event::Text(_) => Text,
        Event::Ping(_) => Ping,
        Event::Pong(_) => Pong,
        _ => Binary,
    };
    assert!(kind == opcode && payload_of(event) == payload, "the message that was sent");
}
