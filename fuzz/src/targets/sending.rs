//! However messages are sent, compressed or not, and however little of the output is taken at once, the peer sees
//! those messages and pings in their order, and the answer to its latest ping.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Buf;
use arbitrary::Arbitrary;
use sansock::connection::Delivery;
use sansock::deflate::{Deflate, DeflateParams, WindowBits};
use sansock::message::PreparedMessage;
use sansock::{
    Config, Connection, Event, Input, Limits, Message, Negotiated, ReadBuffer, Role, SendError,
};

#[derive(Arbitrary, Debug)]
pub struct Case {
    client: bool,
    fragment_size: Option<u16>,
    /// Bytes a read of the peer.
    read: u16,
    /// What both ends have agreed on to compress.
    deflate: Option<Agreement>,
    /// Whether the peer receives messages in chunks.
    streaming: bool,
    /// The capacity of the peer's `ReadBuffer`. If `None`, the peer reads into a plain buffer.
    capacity: Option<u16>,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
struct Agreement {
    no_takeover: bool,
    window: u8,
    level: u8,
    memory_level: u8,
    min_len: u8,
}

impl Agreement {
    fn params(&self) -> DeflateParams {
        let mut params = DeflateParams::default();
        params.server_no_context_takeover = self.no_takeover;
        params.client_no_context_takeover = self.no_takeover;
        params.server_max_window_bits = WindowBits::new(8 + self.window % 8);
        params.client_max_window_bits = params.server_max_window_bits;
        params
    }

    fn settings(&self) -> Deflate {
        let mut settings = Deflate::default();
        (settings.level, settings.memory_level) = (self.level, self.memory_level);
        settings.min_len = self.min_len.into();
        settings.min_len_without_takeover = self.min_len.into();
        settings
    }
}

#[derive(Arbitrary, Debug)]
enum Step {
    Copy(What),
    Move(What),
    /// Passed by value, but shared with another owner.
    Share(What),
    Prepare(What),
    Borrow(What, [u16; 3]),
    BorrowTo(What, Takes),
    Begin(What),
    Fragment(Len),
    Finish,
    SetCompression(bool),
    Release,
    Shrink,
    Rebuild,
    Ping(u8),
    ReceivePing(u8),
    Take(u16),
    Write(Takes),
}

/// A message of about this length.
#[derive(Arbitrary, Debug)]
struct What {
    text: bool,
    len: Len,
}

/// A length. Short ones are as frequent as long ones.
#[derive(Arbitrary, Debug, Clone, Copy)]
struct Len(u32, u8);

impl Len {
    fn get(self) -> usize {
        (self.0 as usize % MAX_LEN) >> (self.1 % 17)
    }
}

/// How much a transport takes at once, and how much until it would block.
#[derive(Arbitrary, Debug, Clone, Copy)]
struct Takes {
    at_once: u16,
    until_full: Len,
}

#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
}

impl Seen {
    fn bytes(&self) -> &[u8] {
        match self {
            Seen::Text(text) => text.as_bytes(),
            Seen::Binary(data) | Seen::Ping(data) => data,
        }
    }

    fn to_message(&self) -> Message {
        match self {
            Seen::Text(text) => text.clone().into(),
            other => other.bytes().to_vec().into(),
        }
    }
}

/// The sending end, and what is known of it.
struct Sender {
    ws: Connection,
    /// The other end, which sends only pings.
    peer: Connection,
    /// The bytes that were written.
    wire: Vec<u8>,
    /// The messages that were accepted.
    sent: Vec<Seen>,
    /// The message in progress, and how much of it was sent.
    open: Option<(Seen, usize)>,
    /// The payloads of the pings received.
    pings: Vec<Vec<u8>>,
    /// A counter, so that no two messages are the same.
    number: u32,
}

impl Sender {
    fn new(config: Config, deflate: Option<&Agreement>) -> Self {
        let peer = Connection::new(config_of(config.role().peer()));
        Sender {
            ws: connect(config, deflate),
            peer,
            wire: Vec::new(),
            sent: Vec::new(),
            open: None,
            pings: Vec::new(),
            number: 0,
        }
    }

    fn step(&mut self, step: &Step) {
        self.number += 1;
        match step {
            Step::Copy(what) => {
                let message = self.message(what);
                let result = match &message {
                    Seen::Text(text) => self.ws.send_text(text),
                    other => self.ws.send_binary(other.bytes()),
                };
                self.note(result, message);
            }
            Step::Move(what) => {
                let message = self.message(what);
                let result = self.ws.send(message.to_message());
                self.note(result.map_err(SendError::from), message);
            }
            Step::Share(what) => {
                let message = self.message(what);
                let given = message.to_message();
                let held = given.clone();
                let result = self.ws.send(given).map_err(SendError::from);
                self.note(result, message);
                assert_eq!(held.as_bytes(), self.message(what).bytes(), "masked under its holder");
            }
            Step::Prepare(what) => {
                let message = self.message(what);
                let result = self.ws.send_prepared(&PreparedMessage::new(message.to_message()));
                self.note(result, message);
            }
            Step::Borrow(what, takes) => self.borrow(what, takes),
            Step::BorrowTo(what, takes) => self.borrow_to(what, *takes),
            Step::Begin(what) => self.begin(what),
            Step::Fragment(len) => self.fragment(len.get()),
            Step::Finish => self.finish(),
            Step::Ping(len) => {
                let payload = self.control_payload(*len);
                // A message in progress does not prevent pings.
                let open = self.open.take();
                let result = self.ws.ping(&payload);
                self.note(result, Seen::Ping(payload));
                self.open = open;
            }
            Step::SetCompression(is_on) => self.ws.set_compression(*is_on),
            Step::Release => self.ws.release_buffers(),
            Step::Shrink => self.ws.shrink_to_fit(),
            Step::Rebuild => {
                let other = Connection::new(config_of(self.ws.config().role()));
                let parts = std::mem::replace(&mut self.ws, other).into_parts();
                self.ws = Connection::from_parts(parts).expect("the same configuration");
            }
            Step::ReceivePing(len) => self.receive_ping(*len),
            Step::Take(count) => take(self.ws.output(), usize::from(*count), &mut self.wire),
            Step::Write(takes) => {
                let mut transport = Transport::new(&mut self.wire, *takes);
                assert_written(self.ws.output().write_to(&mut transport));
            }
        }
    }

    fn borrow(&mut self, what: &What, takes: &[u16]) {
        let message = self.message(what);
        let result = match &message {
            Seen::Text(text) => self.ws.output_with_text(text),
            other => self.ws.output_with_binary(other.bytes()),
        };
        let result = result.map(|mut view| {
            for count in takes {
                take(&mut view, usize::from(*count), &mut self.wire);
            }
        });
        self.note(result, message);
    }

    fn borrow_to(&mut self, what: &What, takes: Takes) {
        let message = self.message(what);
        let result = match &message {
            Seen::Text(text) => self.ws.output_with_text(text),
            other => self.ws.output_with_binary(other.bytes()),
        };
        let mut transport = Transport::new(&mut self.wire, takes);
        let result = result.map(|view| assert_written(view.write_to(&mut transport)));
        self.note(result, message);
    }

    fn begin(&mut self, what: &What) {
        let message = self.message(what);
        let result = match message {
            Seen::Text(_) => self.ws.start_text(),
            _ => self.ws.start_binary(),
        };
        match result.map(drop) {
            Ok(()) => assert!(self.open.replace((message, 0)).is_none()),
            Err(refused) => self.assert_refused(refused),
        }
    }

    fn fragment(&mut self, len: usize) {
        let Some((message, at)) = &mut self.open else {
            return assert!(self.ws.open_message().is_none());
        };
        let rest = &message.bytes()[*at..];
        let piece = &rest[..len.min(rest.len())];
        match self.ws.open_message().expect("it was begun").fragment(piece) {
            Ok(()) => *at += piece.len(),
            Err(refused) => self.assert_refused(refused),
        }
    }

    fn finish(&mut self) {
        let Some((message, at)) = self.open.take() else { return };
        match self.ws.open_message().expect("it was begun").finish(&message.bytes()[at..]) {
            Ok(()) => self.sent.push(message),
            Err(refused) => {
                self.open = Some((message, at));
                self.assert_refused(refused);
            }
        }
    }

    fn receive_ping(&mut self, len: u8) {
        let payload = self.control_payload(len);
        self.peer.ping(&payload).expect("there is room");
        let mut ping = Vec::new();
        take(self.peer.output(), usize::MAX, &mut ping);
        let mut input = Input::new(&mut ping[..]);
        let event = self.ws.receive(&mut input).expect("a ping by the rules");
        assert!(matches!(event, Some(Event::Ping(data)) if *data == payload[..]));
        self.pings.push(payload);
    }

    /// Records a message that was sent, or asserts that there was a reason to refuse it.
    fn note(&mut self, result: Result<(), SendError>, message: Seen) {
        match result {
            Ok(()) => {
                assert!(self.open.is_none(), "a message within another");
                self.sent.push(message);
            }
            Err(refused) => self.assert_refused(refused),
        }
    }

    fn assert_refused(&mut self, why: SendError) {
        match why {
            SendError::Full => assert!(self.ws.output().remaining() >= MAX_OUTPUT),
            SendError::MessageOpen => assert!(self.open.is_some()),
            other => panic!("refused as {other}"),
        }
    }

    /// Returns a message that begins with its number.
    fn message(&self, what: &What) -> Seen {
        let (len, number) = (what.len.get(), self.number);
        if !what.text && number % 3 == 0 {
            // Bytes that cannot be compressed.
            let mut state = number;
            let bytes = std::iter::repeat_with(|| {
                state = state.wrapping_mul(0x9E37_79B1).wrapping_add(1);
                (state >> 24) as u8
            });
            return Seen::Binary(number.to_le_bytes().into_iter().chain(bytes).take(len).collect());
        }
        if !what.text {
            let bytes = number.to_le_bytes().into_iter().chain((0..251).cycle());
            return Seen::Binary(bytes.take(len).collect());
        }
        let mut text = format!("{number} ");
        text += &MIXED.repeat(len / MIXED.len());
        Seen::Text(text)
    }

    fn control_payload(&self, len: u8) -> Vec<u8> {
        let mut payload = self.number.to_le_bytes().to_vec();
        payload.resize(4 + usize::from(len % 122), len);
        payload
    }
}

/// Takes at most `count` bytes, chunk by chunk.
fn take(output: &mut impl Buf, mut count: usize, wire: &mut Vec<u8>) {
    while count > 0 && output.has_remaining() {
        let chunk = output.chunk();
        let taken = chunk.len().min(count);
        assert!(taken > 0, "an empty chunk while bytes remain");
        wire.extend_from_slice(&chunk[..taken]);
        output.advance(taken);
        count -= taken;
    }
}

struct Transport<'w> {
    wire: &'w mut Vec<u8>,
    at_once: usize,
    until_full: usize,
}

impl<'w> Transport<'w> {
    fn new(wire: &'w mut Vec<u8>, takes: Takes) -> Self {
        let at_once = usize::from(takes.at_once).max(1);
        Transport { wire, at_once, until_full: takes.until_full.get() }
    }
}

impl Write for Transport<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.until_full == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let most = self.at_once.min(self.until_full);
        let mut left = most;
        for slice in slices {
            let front = &slice[..slice.len().min(left)];
            self.wire.extend_from_slice(front);
            left -= front.len();
        }
        self.until_full -= most - left;
        Ok(most - left)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asserts that everything was written, or the transport would block.
fn assert_written(result: io::Result<()>) {
    if let Err(error) = result {
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}

/// Returns what the peer sees: the messages and pings, and the pongs.
fn receive(ws: &mut Connection, wire: &[u8], input: &Case) -> (Vec<Seen>, Vec<Vec<u8>>) {
    let mut log = Log::default();
    // So few reads that they take little time.
    let read = usize::from(input.read).max(wire.len() / 4096).max(1);
    let mut buffer = input.capacity.map(|capacity| ReadBuffer::with_capacity(capacity.into()));
    for mut piece in wire.chunks(read) {
        let Some(buffer) = &mut buffer else {
            let mut piece = piece.to_vec();
            let mut input = Input::new(&mut piece[..]);
            while let Some(event) = ws.receive(&mut input).expect("what was sent keeps the rules") {
                push(&mut log, &event);
            }
            continue;
        };
        while !piece.is_empty() {
            let len = piece.read(buffer.spare_mut()).expect("memory is always ready");
            buffer.mark_filled(len);
            while let Some(event) = ws.receive_buffered(buffer).expect("it keeps the rules") {
                push(&mut log, &event);
            }
        }
    }
    assert!(log.chunks.is_empty(), "a message has no end");
    (log.seen, log.pongs)
}

/// What the peer sees. Chunks are joined.
#[derive(Default)]
struct Log {
    seen: Vec<Seen>,
    pongs: Vec<Vec<u8>>,
    chunks: Vec<u8>,
}

fn push(log: &mut Log, event: &Event<'_>) {
    match event {
        Event::Text(text) => log.seen.push(Seen::Text(text.to_string())),
        Event::Binary(data) => log.seen.push(Seen::Binary(data.to_vec())),
        Event::TextChunk { text, last } => {
            log.chunks.extend_from_slice(text.as_bytes());
            if *last {
                let text = String::from_utf8(std::mem::take(&mut log.chunks)).expect("text");
                log.seen.push(Seen::Text(text));
            }
        }
        Event::BinaryChunk { data, last } => {
            log.chunks.extend_from_slice(data);
            if *last {
                log.seen.push(Seen::Binary(std::mem::take(&mut log.chunks)));
            }
        }
        Event::Ping(data) => log.seen.push(Seen::Ping(data.to_vec())),
        Event::Pong(data) => log.pongs.push(data.to_vec()),
        other => panic!("{other:?} was not sent"),
    }
}

/// Creates a connection that compresses, if that was agreed on.
fn connect(mut config: Config, deflate: Option<&Agreement>) -> Connection {
    let Some(agreement) = deflate else { return Connection::new(config) };
    config.deflate = Some(agreement.settings());
    let negotiated = Negotiated::default().with_deflate(agreement.params());
    Connection::from_negotiated(config, &negotiated).expect("the configuration compresses")
}

/// Returns a configuration. A client's mask keys are all different, so that a frame masked with
/// another frame's key is noticed.
fn config_of(role: Role) -> Config {
    let keys = AtomicU32::new(1);
    let next = move || keys.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B1).to_ne_bytes();
    let mut config = match role {
        Role::Server => Config::server(),
        Role::Client => Config::client_with_mask_keys(next),
    };
    config.limits = Limits::NONE;
    config
}

/// Longer than a header of 16 bits can encode, and than some blocks of a borrowed message.
const MAX_LEN: usize = 70_000;

/// Low enough to be reached.
const MAX_OUTPUT: usize = 100_000;

/// More steps take longer, and find nothing else.
const MAX_STEPS: usize = 40;

/// One to four bytes a code point, with enough ASCII that some blocks have nothing else.
const MIXED: &str =
    "ß κόσμε € 世界 or 🦀, and ASCII for a while, as most text is that anybody sends";

pub fn run(input: Case) {
    let role = if input.client { Role::Client } else { Role::Server };
    let mut config = config_of(role);
    config.max_output = Some(MAX_OUTPUT);
    config.fragment_size =
        input.fragment_size.and_then(|size| NonZeroUsize::new(usize::from(size).max(16)));
    let mut sender = Sender::new(config, input.deflate.as_ref());
    input.steps.iter().take(MAX_STEPS).for_each(|step| sender.step(step));
    take(sender.ws.output(), usize::MAX, &mut sender.wire);
    assert!(!sender.ws.has_output());
    sender.ws.shrink_to_fit();
    // What was agreed on takes a little.
    let most = if input.deflate.is_some() { 256 } else { 0 };
    assert!(sender.ws.memory_usage() <= most);

    let mut config = config_of(role.peer());
    if input.streaming {
        config.delivery = Delivery::Streaming;
    }
    let mut peer = connect(config, input.deflate.as_ref());
    let (seen, pongs) = receive(&mut peer, &sender.wire, &input);
    assert!(seen == sender.sent, "not what was sent");
    assert_eq!(pongs.last(), sender.pings.last(), "the latest ping is answered");
    let mut pings = sender.pings.iter();
    assert!(pongs.iter().all(|pong| pings.any(|ping| ping == pong)), "pongs for pings, in order");
}
