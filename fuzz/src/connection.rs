//! What a connection sees in a stream, by every way to receive, and what it answers.

use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::BytesMut;
use sansock::connection::{Delivery, ExcessPings, PingPolicy, ReceiveError, State};
use sansock::{Config, Connection, Event, Input, Limits, ReadBuffer, Role};

use crate::events::Events;
use crate::naive::frames;
use crate::naive::messages::{Reading, Seen};
use crate::sender::take;
use crate::stream::Pieces;

/// What a connection is configured with.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub role: Role,
    pub delivery: Delivery,
    pub limits: Limits,
    /// How many pings are answered before the connection fails. `None` means all.
    pub pings: Option<u32>,
}

impl Setup {
    pub fn connection(&self) -> Connection {
        let mut config = config_of(self.role);
        config.limits = self.limits;
        config.delivery = self.delivery;
        if let Some(burst) = self.pings {
            let excess = ExcessPings::FailConnection;
            config.pings = PingPolicy::Budget { burst, per_second: 0, excess };
        }
        Connection::new(config)
    }
}

/// Returns a configuration. A client's mask keys grow from frame to frame.
pub fn config_of(role: Role) -> Config {
    match role {
        Role::Server => Config::server(),
        Role::Client => {
            let count = AtomicU32::new(1);
            Config::client_with_mask_keys(move || {
                count.fetch_add(1, Ordering::Relaxed).to_be_bytes()
            })
        }
    }
}

/// A way to receive.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Input,
    BytesMut,
    /// From a read buffer of this capacity, after each read.
    Buffered(usize),
    /// From a read buffer of this capacity, which is filled as long as it wants more.
    Wanted(usize),
    /// From an input, by a connection that is taken apart and rebuilt between two reads.
    Rebuilt,
    /// From a read buffer, by a connection that is rebuilt, and both release what they can.
    RebuiltAndShrunk(usize),
    /// From an input, a read buffer and a `BytesMut` in turn.
    InTurn,
}

/// Lengths of messages are on both sides of the first capacity, and below the second.
pub const WAYS: [Way; 9] = [
    Way::Input,
    Way::BytesMut,
    Way::Buffered(64),
    Way::Buffered(1 << 10),
    Way::Wanted(64),
    Way::Wanted(1 << 10),
    Way::Rebuilt,
    Way::RebuiltAndShrunk(64),
    Way::InTurn,
];

/// A connection that receives, with what it has seen.
struct Receiver {
    ws: Connection,
    log: Log,
    buffer: ReadBuffer,
}

impl Receiver {
    fn receive(mut self, way: Way, pieces: &[&[u8]]) -> Receiver {
        if let Way::Wanted(_) = way {
            let mut transport = Pieces::new(pieces);
            while self.buffer.read_from(&mut transport).expect("memory is always ready") > 0 {
                self.take_buffered();
            }
            return self;
        }
        for (number, piece) in pieces.iter().enumerate() {
            match way {
                Way::Input => self.by_input(piece),
                Way::BytesMut => self.by_bytes_mut(piece),
                Way::Buffered(_) | Way::Wanted(_) => self.by_buffer(piece),
                Way::Rebuilt => {
                    self.by_input(piece);
                    self = self.rebuilt();
                }
                Way::RebuiltAndShrunk(_) => {
                    self.by_buffer(piece);
                    self.buffer.shrink_to_fit();
                    self.ws.shrink_to_fit();
                    self = self.rebuilt();
                }
                Way::InTurn => self.in_turn(number, piece),
            }
        }
        self
    }

    fn by_input(&mut self, piece: &[u8]) {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece[..]);
        while self.log.push(self.ws.receive(&mut input)) {}
        assert!(input.is_empty(), "all input was taken");
    }

    fn by_bytes_mut(&mut self, piece: &[u8]) {
        let mut input = BytesMut::from(piece);
        while self.log.push(self.ws.receive_from_bytes_mut(&mut input)) {}
        assert!(input.is_empty(), "all input was taken");
    }

    fn by_buffer(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
            let room = self.buffer.spare_mut();
            assert!(!room.is_empty(), "there is always room");
            let len = piece.read(room).expect("memory is always ready");
            self.buffer.mark_filled(len);
            self.take_buffered();
        }
    }

    fn take_buffered(&mut self) {
        while self.log.push(self.ws.receive_buffered(&mut self.buffer)) {}
    }

    /// Changes the way with every second piece.
    fn in_turn(&mut self, number: usize, piece: &[u8]) {
        if number / 2 % 3 == 1 {
            return self.by_buffer(piece);
        }
        let unread = std::mem::take(&mut self.buffer).into_unread();
        let piece = [&unread[..], piece].concat();
        match number / 2 % 3 {
            0 => self.by_input(&piece),
            _ => self.by_bytes_mut(&piece),
        }
    }

    fn rebuilt(self) -> Receiver {
        let ws = Connection::from_parts(self.ws.into_parts()).expect("the same configuration");
        Receiver { ws, ..self }
    }
}

/// What was seen, up to an error.
#[derive(Default)]
struct Log {
    events: Events,
    fault: Option<(u16, u64)>,
}

impl Log {
    /// Records what a receive method returned. Returns whether there may be more.
    fn push(&mut self, received: Result<Option<Event<'_>>, impl Into<ReceiveError>>) -> bool {
        match received {
            Ok(None) => return false,
            Ok(Some(event)) => {
                assert!(self.fault.is_none(), "{event:?} after an error");
                self.events.push(&event);
            }
            Err(error) => {
                assert!(self.fault.is_none(), "an error is reported once");
                let ReceiveError::Protocol(error) = error.into() else { panic!("our own buffer") };
                self.fault = Some((error.close_code().as_u16(), error.offset()));
            }
        }
        true
    }
}

/// Asserts that a connection sees and answers in `pieces` what the reading says.
pub fn assert_receives(setup: &Setup, way: Way, pieces: &[&[u8]], expected: &Reading) {
    let buffer = match way {
        Way::Buffered(capacity) | Way::Wanted(capacity) | Way::RebuiltAndShrunk(capacity) => {
            ReadBuffer::with_capacity(capacity)
        }
        _ => ReadBuffer::new(),
    };
    let receiver = Receiver { ws: setup.connection(), log: Log::default(), buffer };
    let Receiver { mut ws, log, .. } = receiver.receive(way, pieces);
    assert_eq!(log.fault, expected.fault, "{way:?}");
    assert_eq!(log.events.seen, expected.seen, "{way:?}");

    let is_closed = matches!(expected.seen.last(), Some(Seen::Close(..)));
    let state = match () {
        () if expected.fault.is_some() => State::Failed,
        () if is_closed => State::CloseExchanged,
        () => State::Open,
    };
    assert_eq!(ws.state(), state, "{way:?}");
    assert_eq!(ws.receive_eof().code(), expected.close_status(), "{way:?}");
    let mut answer = Vec::new();
    take(ws.output(), usize::MAX, &mut answer);
    assert_answers(setup.role, &answer, expected);
}

/// Asserts that each ping is answered in order, and then a Close or an error.
pub fn assert_answers(role: Role, answer: &[u8], expected: &Reading) {
    let answers = frames::read(answer, role.peer(), Limits::NONE, false);
    assert!(answers.fault.is_none() && !answers.is_cut, "what is sent keeps the rules");
    let keys: Vec<_> = answers.frames.iter().filter_map(|frame| frame.key).collect();
    assert!(keys.windows(2).all(|keys| keys[0] < keys[1]), "each frame has a key of its own");

    let (closes, pongs): (Vec<_>, Vec<_>) =
        answers.frames.iter().partition(|frame| frame.is_close());
    assert!(pongs.iter().all(|pong| pong.first == 0x8A));
    let pongs: Vec<&[u8]> = pongs.iter().map(|pong| &pong.payload[..]).collect();
    let pings = expected.pings();
    // Beyond 1 KiB of output, some pings may stay without an answer. RFC 6455 §5.5.3
    if pings.iter().map(|ping| ping.len() + 6).sum::<usize>() < 1 << 10 {
        assert_eq!(pongs, pings);
    } else {
        let mut rest = pings.iter();
        assert!(pongs.iter().all(|pong| rest.any(|ping| ping == pong)), "pongs are in order");
        assert_eq!(pongs.last(), pings.last());
    }

    let close = match (expected.seen.last(), expected.fault) {
        (_, Some((code, _))) => Some((Some(code), None)),
        (Some(Seen::Close(code, reason)), None) => Some((*code, Some(&reason[..]))),
        _ => None,
    };
    assert_eq!(closes.len(), usize::from(close.is_some()), "a Close is sent once");
    if let (Some((code, reason)), [sent]) = (close, &closes[..]) {
        let code = code.map(u16::to_be_bytes);
        assert!(sent.payload.starts_with(code.as_ref().map_or(&[], |code| &code[..])));
        if let Some(reason) = reason {
            assert_eq!(sent.payload.len(), code.map_or(0, |code| code.len() + reason.len()));
            assert!(sent.payload.ends_with(reason.as_bytes()));
        }
        assert!(answers.frames.last().is_some_and(|frame| frame.is_close()), "it is the last");
    }
}
