//! A connection that sends, step by step, and what is known of it.

use std::io::{self, ErrorKind, IoSlice, Write};
use std::sync::atomic::{AtomicU32, Ordering};

use arbitrary::Arbitrary;
use bytes::Buf;
use sansock::message::PreparedMessage;
use sansock::{Config, Connection, Event, Input, Limits, Message, Role, SendError};

use crate::naive::messages::Seen;

#[derive(Arbitrary, Debug)]
pub enum Step {
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
pub struct What {
    text: bool,
    len: Len,
}

/// A length. Short ones are as frequent as long ones.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Len(u32, u8);

impl Len {
    fn get(self) -> usize {
        (self.0 as usize % MAX_LEN) >> (self.1 % 17)
    }
}

/// How much a transport takes at once, and how much until it would block.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Takes {
    at_once: u16,
    until_full: Len,
}

/// The sending end, and what is known of it.
pub struct Sender {
    pub ws: Connection,
    /// The other end, which sends only pings.
    peer: Connection,
    /// The bytes that were written.
    pub wire: Vec<u8>,
    /// The messages that were accepted.
    pub sent: Vec<Seen>,
    /// The message in progress, and how much of it was sent.
    pub open: Option<(Seen, usize)>,
    /// The payloads of the pings received.
    pub pings: Vec<Vec<u8>>,
    /// A counter, so that no two messages are the same.
    number: u32,
}

impl Sender {
    pub fn new(ws: Connection) -> Self {
        let peer = Connection::new(config_of(ws.config().role().peer()));
        Sender {
            ws,
            peer,
            wire: Vec::new(),
            sent: Vec::new(),
            open: None,
            pings: Vec::new(),
            number: 0,
        }
    }

    pub fn step(&mut self, step: &Step) {
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
                let result = self.ws.send(to_message(&message));
                self.note(result.map_err(SendError::from), message);
            }
            Step::Share(what) => {
                let message = self.message(what);
                let given = to_message(&message);
                let held = given.clone();
                let result = self.ws.send(given).map_err(SendError::from);
                self.note(result, message);
                assert_eq!(held.as_bytes(), self.message(what).bytes(), "masked under its holder");
            }
            Step::Prepare(what) => {
                let message = self.message(what);
                let result = self.ws.send_prepared(&PreparedMessage::new(to_message(&message)));
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
pub fn take(output: &mut impl Buf, mut count: usize, wire: &mut Vec<u8>) {
    while count > 0 && output.has_remaining() {
        let chunk = output.chunk();
        let taken = chunk.len().min(count);
        assert!(taken > 0, "an empty chunk while bytes remain");
        wire.extend_from_slice(&chunk[..taken]);
        output.advance(taken);
        count -= taken;
    }
}

fn to_message(seen: &Seen) -> Message {
    match seen {
        Seen::Text(text) => text.clone().into(),
        other => other.bytes().to_vec().into(),
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

/// Returns a configuration. A client's mask keys are all different, so that a frame masked with
/// another frame's key is noticed.
pub fn config_of(role: Role) -> Config {
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
pub const MAX_OUTPUT: usize = 100_000;

/// One to four bytes a code point, with enough ASCII that some blocks have nothing else.
const MIXED: &str =
    "ß κόσμε € 世界 or 🦀, and ASCII for a while, as most text is that anybody sends";
