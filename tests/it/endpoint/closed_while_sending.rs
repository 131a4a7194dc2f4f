//! A Close, the peer's or ours, after the transport has taken any number of bytes of what we send.

use std::time::Duration;

use sansock::endpoint::Endpoint;
use sansock::timer::{Expired, Timeouts};
use sansock::{CloseCode, CloseStatus, Input, Role, SendError, TransportAction};

use super::interrupted::{Ending, start, take, timed, wait_for_end};
use super::{Told, run, settings, told, written};
use crate::support::conversation::{REQUEST, RESPONSE, sent};
use crate::support::{ROLES, Seen, close_body, frame_for};

/// A call that sends, and the first byte and the payload of its frame.
type Send = (fn(&mut Endpoint), u8, &'static [u8]);

/// What we send, one call after the other. One payload is long enough to be queued by reference,
/// and the last message is never finished.
const SENT: &[Send] = &[
    (|endpoint| endpoint.send_text("Hello").unwrap(), 0x81, b"Hello"),
    (|endpoint| endpoint.send_binary(&[7; 126]).unwrap(), 0x82, &[7; 126]),
    (|endpoint| endpoint.send(vec![8; 4200]).unwrap(), 0x82, &[8; 4200]),
    (|endpoint| endpoint.ping(b"1").unwrap(), 0x89, b"1"),
    (|endpoint| endpoint.send_text("").unwrap(), 0x81, b""),
    (
        |endpoint| {
            let ws = endpoint.connection().unwrap();
            ws.start_text().unwrap().fragment(b"Hel").unwrap();
        },
        0x01,
        b"Hel",
    ),
    (|endpoint| endpoint.ping(b"2").unwrap(), 0x89, b"2"),
    (
        |endpoint| {
            let ws = endpoint.connection().unwrap();
            ws.open_message().unwrap().finish(b"lo").unwrap();
        },
        0x80,
        b"lo",
    ),
    (
        |endpoint| {
            let ws = endpoint.connection().unwrap();
            ws.start_binary().unwrap().fragment(&[9; 5]).unwrap();
        },
        0x02,
        &[9; 5],
    ),
];

const PEERS_CLOSE: (u16, &str) = (4000, "enough");
const OUR_CLOSE: (u16, &str) = (1000, "done");

/// When we queue what we send.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// All of it before the transport takes anything.
    AtOnce,
    /// Each frame when the transport has taken the frame before.
    OneByOne,
}

/// Which ends send a Close, ours before the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closers {
    Peer,
    Both,
    Us,
}

const CLOSERS: [Closers; 3] = [Closers::Peer, Closers::Both, Closers::Us];

/// An endpoint of which the transport has taken some bytes.
struct Talk {
    endpoint: Endpoint,
    taken: Vec<u8>,
    /// How many frames of [`SENT`] were queued.
    queued: usize,
}

/// Returns the head that the peer of `role` sends.
fn head_for(role: Role) -> &'static str {
    if role == Role::Server { REQUEST } else { RESPONSE }
}

/// Sends until the transport has taken `count` bytes, or all.
fn talk(role: Role, timeouts: &Timeouts, pace: Pace, count: usize) -> Talk {
    let (_, endpoint) = run(start(&timed(role, timeouts)), &[head_for(role).as_bytes()]);
    let mut talk = Talk { endpoint, taken: Vec::new(), queued: 0 };
    for (queue, ..) in SENT {
        if matches!(pace, Pace::OneByOne) {
            talk.take(count);
            if talk.taken.len() == count {
                return talk;
            }
        }
        queue(&mut talk.endpoint);
        talk.queued += 1;
    }
    talk.take(count);
    talk
}

impl Talk {
    /// Takes bytes until `count` of them are taken in all.
    fn take(&mut self, count: usize) {
        self.taken.extend(take(&mut self.endpoint, count - self.taken.len()));
    }

    /// Sends or receives a Close, or both.
    fn close(&mut self, role: Role, closers: Closers) {
        if closers != Closers::Peer {
            self.endpoint.close(CloseCode::NORMAL, OUR_CLOSE.1).unwrap();
        }
        if closers != Closers::Us {
            let (code, reason) = PEERS_CLOSE;
            let mut read = frame_for(role, 0x88, &close_body(code, reason));
            let mut input = Input::new(&mut read);
            let close = Told::Connection(Seen::Close(Some(code), reason.into()));
            assert_eq!(told(&mut self.endpoint, &mut input), Some(close));
            assert_eq!(told(&mut self.endpoint, &mut input), None);
            assert_eq!(self.endpoint.transport_action(), TransportAction::Flush);
        }
        assert_eq!(self.endpoint.send_text("more"), Err(SendError::Closing));
        assert!(self.endpoint.connection().unwrap().open_message().is_none());
    }
}

/// What we send, built by hand.
struct Expected {
    bytes: Vec<u8>,
    /// `ends[n]` is where `n` frames end.
    ends: Vec<usize>,
}

impl Expected {
    fn new(role: Role) -> Expected {
        let (_, mut endpoint) = run(start(&settings(role)), &[head_for(role).as_bytes()]);
        let mut bytes = written(&mut endpoint);
        let mut ends = vec![bytes.len()];
        for (_, first, payload) in SENT {
            bytes.extend(frame_by(role, *first, payload));
            ends.push(bytes.len());
        }
        let frames = sent(role, &bytes);
        assert!(
            frames
                .iter()
                .map(|(first, payload)| (*first, &payload[..]))
                .eq(SENT.iter().map(|(_, first, payload)| (*first, *payload)))
        );
        Expected { bytes, ends }
    }

    /// Returns all of the output if the Close comes behind so many frames.
    fn with_close(&self, role: Role, frames: usize, closers: Closers) -> Vec<u8> {
        [&self.bytes[..self.ends[frames]], &close_by(role, closers)].concat()
    }
}

/// Returns a frame as `role` sends it: what the peer of the other role receives.
fn frame_by(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let other = if role == Role::Server { Role::Client } else { Role::Server };
    frame_for(other, first, payload)
}

/// Returns our Close frame, which repeats the peer's if that came first.
fn close_by(role: Role, closers: Closers) -> Vec<u8> {
    let (code, reason) = if closers == Closers::Peer { PEERS_CLOSE } else { OUR_CLOSE };
    frame_by(role, 0x88, &close_body(code, reason))
}

fn status(closers: Closers) -> CloseStatus {
    match closers {
        Closers::Us => CloseStatus::Abnormal,
        _ => CloseStatus::Code(CloseCode::new(PEERS_CLOSE.0).unwrap()),
    }
}

/// Calls `check` with every role, pace and closers.
fn each_way(mut check: impl FnMut(&Expected, Role, Pace, Closers)) {
    for role in ROLES {
        let expected = Expected::new(role);
        for pace in [Pace::AtOnce, Pace::OneByOne] {
            for closers in CLOSERS {
                check(&expected, role, pace, closers);
            }
        }
    }
}

#[test]
fn a_close_at_any_byte_of_our_output_comes_behind_whole_frames_and_is_the_last() {
    each_way(|expected, role, pace, closers| {
        for count in 0..=expected.bytes.len() {
            let mut talk = talk(role, &Timeouts::DEFAULT, pace, count);
            talk.close(role, closers);
            let Talk { mut endpoint, taken, queued } = talk;
            assert_eq!(taken.len(), count);
            let output = [taken, written(&mut endpoint)].concat();
            let expected = expected.with_close(role, queued, closers);
            assert!(output == expected, "{role:?}, {pace:?}, {closers:?} after {count}");

            let action = match (closers, role) {
                (Closers::Us, _) => TransportAction::Continue,
                (_, Role::Server) => TransportAction::ShutdownWrite,
                (_, Role::Client) => TransportAction::AwaitEof,
            };
            assert_eq!(endpoint.transport_action(), action);
            assert_eq!(endpoint.receive_eof(), Ok(None));
            assert_eq!(endpoint.close_status(), status(closers));
            assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
            assert!(!endpoint.has_output(), "nothing comes behind the Close");
        }
    });
}

#[test]
fn a_transport_that_takes_nothing_after_a_close_is_stalled_at_any_byte() {
    each_way(|expected, role, pace, closers| {
        for count in 0..=expected.bytes.len() {
            let (timeouts, write) = limits(count % 2 == 0);
            let mut talk = talk(role, &timeouts, pace, count);
            talk.close(role, closers);
            let Ending { output, expired } = wait_for_end(&mut talk.endpoint, 0, b"");
            assert_eq!(output, b"");
            let stalled = [(Expired::WriteStalled, write)];
            assert_eq!(expired, stalled, "{role:?}, {pace:?}, {closers:?} after {count}");
            assert_eq!(talk.endpoint.close_status(), status(closers));
        }
    });
}

#[test]
fn the_end_is_waited_for_once_the_close_is_taken_to_its_last_byte() {
    each_way(|expected, role, pace, closers| {
        for (timeouts, write) in [limits(true), limits(false)] {
            let close = close_by(role, closers);
            for room in 0..=close.len() {
                let mut talk = talk(role, &timeouts, pace, expected.bytes.len());
                talk.close(role, closers);
                let Ending { output, expired } = wait_for_end(&mut talk.endpoint, room, b"");
                assert_eq!(output, close[..room], "the Close is all that is left");
                let why = if room == close.len() {
                    (Expired::CloseTimeout, timeouts.close.unwrap().as_secs())
                } else {
                    (Expired::WriteStalled, write)
                };
                assert_eq!(expired, [why], "{role:?}, {pace:?}, {closers:?}, room {room}");
                assert_eq!(talk.endpoint.close_status(), status(closers));
            }
        }
    });
}

/// Limits of which that for writes is the longer or the shorter one, and its seconds.
fn limits(is_patient: bool) -> (Timeouts, u64) {
    let mut timeouts = Timeouts::DEFAULT;
    let (write, close) = if is_patient { (60, 10) } else { (5, 100) };
    timeouts.write = Some(Duration::from_secs(write));
    timeouts.close = Some(Duration::from_secs(close));
    (timeouts, write)
}
