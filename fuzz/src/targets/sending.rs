//! However messages are sent, compressed or not, and however little of the output is taken at once, the peer sees
//! those messages and pings in their order, and the answer to its latest ping.

use std::io::Read;
use std::num::NonZeroUsize;

use arbitrary::Arbitrary;
use sansock::connection::Delivery;
use sansock::deflate::{Deflate, DeflateParams, WindowBits};
use sansock::{Config, Connection, Input, Negotiated, ReadBuffer, Role};

use crate::events::Events;
use crate::naive::messages::Seen;
use crate::sender::{MAX_OUTPUT, Sender, Step, config_of, take};

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

/// Returns what the peer sees: the messages and pings, and the pongs.
fn receive(
    ws: &mut Connection,
    wire: &[u8],
    input: &Case,
    open: &Option<(Seen, usize)>,
) -> (Vec<Seen>, Vec<Vec<u8>>) {
    let mut events = Events::default();
    // So few reads that they take little time.
    let read = usize::from(input.read).max(wire.len() / 4096).max(1);
    let mut buffer = input.capacity.map(|capacity| ReadBuffer::with_capacity(capacity.into()));
    for mut piece in wire.chunks(read) {
        let Some(buffer) = &mut buffer else {
            let mut piece = piece.to_vec();
            let mut input = Input::new(&mut piece[..]);
            while let Some(event) = ws.receive(&mut input).expect("what was sent keeps the rules") {
                events.push(&event);
            }
            continue;
        };
        while !piece.is_empty() {
            let len = piece.read(buffer.spare_mut()).expect("memory is always ready");
            buffer.mark_filled(len);
            while let Some(event) = ws.receive_buffered(buffer).expect("it keeps the rules") {
                events.push(&event);
            }
        }
    }
    let sent = open.as_ref().map_or(&[][..], |(message, sent)| &message.bytes()[..*sent]);
    assert!(sent.starts_with(&events.chunks), "a message has no end");
    let (pongs, seen): (Vec<_>, Vec<_>) =
        events.seen.into_iter().partition(|seen| matches!(seen, Seen::Pong(_)));
    (seen, pongs.iter().map(|pong| pong.bytes().to_vec()).collect())
}

/// Creates a connection that compresses, if that was agreed on.
fn connect(mut config: Config, deflate: Option<&Agreement>) -> Connection {
    let Some(agreement) = deflate else { return Connection::new(config) };
    config.deflate = Some(agreement.settings());
    let negotiated = Negotiated::default().with_deflate(agreement.params());
    Connection::from_negotiated(config, &negotiated).expect("the configuration compresses")
}

/// More steps take longer, and find nothing else.
const MAX_STEPS: usize = 40;

pub fn run(input: Case) {
    let role = if input.client { Role::Client } else { Role::Server };
    let mut config = config_of(role);
    config.max_output = Some(MAX_OUTPUT);
    config.fragment_size =
        input.fragment_size.and_then(|size| NonZeroUsize::new(usize::from(size).max(16)));
    let mut sender = Sender::new(connect(config, input.deflate.as_ref()));
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
    let (seen, pongs) = receive(&mut peer, &sender.wire, &input, &sender.open);
    assert!(seen == sender.sent, "not what was sent");
    assert_eq!(pongs.last(), sender.pings.last(), "the latest ping is answered");
    let mut pings = sender.pings.iter();
    assert!(pongs.iter().all(|pong| pings.any(|ping| ping == pong)), "pongs for pings, in order");
}
