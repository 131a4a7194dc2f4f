//! What a stream says, as a program sees it that does not look at offsets.

use sansock::Role;
use sansock::frame::Limits;

use crate::naive::frames;
use crate::naive::messages::{self, Seen};

/// What a stream says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reading {
    pub messages: Vec<Seen>,
    pub pings: Vec<Vec<u8>>,
    pub end: End,
    /// The payloads of pongs.
    pub pongs: Vec<Vec<u8>>,
    /// Frames after the Close.
    pub trailing: usize,
    /// Whether it ends within a frame.
    pub is_cut: bool,
}

/// How the stream ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// Between frames, or within one.
    #[default]
    Cut,
    /// By a Close with this code.
    Closed(Option<u16>),
    /// By a fault with this close code.
    Fault(u16),
}

impl End {
    /// Returns how what is sent back ends, RFC 6455 §5.5.1 and §7.1.7, unless a Close was sent
    /// before.
    pub fn answer(self) -> End {
        match self {
            End::Fault(code) => End::Closed(Some(code)),
            other => other,
        }
    }
}

/// Reads what an end of `role` receives.
pub fn read(bytes: &[u8], role: Role, limits: Limits) -> Reading {
    let all = messages::read(bytes, role, limits, None);
    let mut reading = Reading::default();
    for seen in all.seen {
        match seen {
            Seen::Text(_) | Seen::Binary(_) => reading.messages.push(seen),
            Seen::Ping(payload) => reading.pings.push(payload),
            Seen::Pong(payload) => reading.pongs.push(payload),
            Seen::Close(code, _) => reading.end = End::Closed(code),
        }
    }
    if let Some((code, _)) = all.fault {
        reading.end = End::Fault(code);
    }
    reading
}

/// Reads what an end has written to a peer of `role`. Frames after a Close are counted.
pub fn read_written(bytes: &[u8], role: Role) -> Reading {
    let all = frames::read(bytes, role, Limits::NONE, false);
    let reading = read(bytes, role, Limits::NONE);
    let first_close = all.frames.iter().position(|frame| frame.is_close());
    let trailing = first_close.map_or(0, |at| all.frames.len() - 1 - at);
    let has_fault = matches!(reading.end, End::Fault(_)) || all.fault.is_some();
    assert!(!has_fault, "what was written breaks a rule: {:?} {:?}", reading.end, all.fault);
    Reading { trailing, is_cut: all.is_cut, ..reading }
}

/// Asserts that all of `some` are in `all`, in this order.
pub fn assert_are_among(some: &[Vec<u8>], all: &[Vec<u8>]) {
    let mut all = all.iter();
    assert!(some.iter().all(|payload| all.any(|other| other == payload)));
}
