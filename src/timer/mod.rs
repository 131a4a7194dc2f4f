//! When to ping, and when to give a peer up: time as an argument, deadlines as values.
//!
//! [`Timers`] watch a [`Connection`], [`HandshakeTimer`] the handshake before it. Neither reads a
//! clock or waits: they are told the time, say until when there is nothing to do, and say why when
//! the peer is to be given up.
//!
//! # The turn
//!
//! A caller wakes up when there is something to read, when the transport takes output again, and
//! when the deadline has come. Each time it does the same: read, receive, write, and then
//! [poll](Timers::poll); write once more if that has queued a ping; wait. In this order, a peer is
//! not given up over bytes that are there but were not read yet, and what is in the output at the
//! poll is what the transport did not take.
//!
//! ```
//! use core::time::Duration;
//! use sansock::bytes::Buf;
//! use sansock::timer::{Expired, Timeouts, Timers};
//! use sansock::{Config, Connection};
//! # struct Transport { sent: Vec<u8>, received: Vec<u8> }
//! # impl Transport {
//! #     fn read(&mut self, buffer: &mut [u8]) -> usize {
//! #         let len = buffer.len().min(self.received.len());
//! #         buffer[..len].copy_from_slice(&self.received[..len]);
//! #         self.received.drain(..len);
//! #         len
//! #     }
//! #     fn write(&mut self, output: &mut impl Buf) {
//! #         while output.has_remaining() {
//! #             self.sent.push(output.get_u8());
//! #         }
//! #     }
//! # }
//!
//! /// Does what can be done without waiting, and says when to come again at the latest.
//! fn turn(
//!     ws: &mut Connection,
//!     timers: &mut Timers,
//!     transport: &mut Transport,
//!     now: Duration,
//! ) -> Result<Duration, Expired> {
//!     let mut buffer = [0; 4096];
//!     let len = transport.read(&mut buffer);
//!     let mut input = &mut buffer[..len];
//!     while let Ok(Some(_event)) = ws.receive(&mut input) {} // what the application does
//!     transport.write(ws.output());
//!     let result = timers.poll(ws, now);
//!     transport.write(ws.output()); // a ping perhaps
//!     result
//! }
//!
//! let mut ws = Connection::new(Config::server());
//! let mut timers = Timers::new(Timeouts::default(), Duration::ZERO);
//! let mut transport = Transport { sent: vec![], received: vec![] };
//! let mut at = |seconds, received: &[u8]| {
//!     transport.received.extend(received);
//!     let result = turn(&mut ws, &mut timers, &mut transport, Duration::from_secs(seconds));
//!     (result.map(|deadline| deadline.as_secs()), std::mem::take(&mut transport.sent))
//! };
//!
//! assert_eq!(at(0, b""), (Ok(30), vec![]));
//! assert_eq!(at(10, b"\x81\x80\0\0\0\0"), (Ok(40), vec![])); // a text message, which is empty
//! assert_eq!(at(40, b""), (Ok(60), vec![0x89, 0])); // a ping
//! assert_eq!(at(41, b"\x8A\x80\0\0\0\0"), (Ok(71), vec![])); // its pong
//! assert_eq!(at(71, b""), (Ok(91), vec![0x89, 0]));
//! assert_eq!(at(91, b""), (Err(Expired::NoPong), vec![]));
//! ```
//!
//! # Many connections
//!
//! A connection has one deadline, however much is timed. Most polls only move it later. So a caller
//! with many connections sets a timer of its own, of any coarseness, such as a slot of a wheel with
//! a second each; leaves it alone while deadlines become later; moves it when one becomes earlier;
//! and when it fires, polls, and sets it anew. Nor need there be a poll after every read: time is
//! counted in the peer's favour from poll to poll, so that polling seldom, even at deadlines alone,
//! gives nobody up too early, and who deserves it later by the time between two polls.

mod expired;
mod handshake;
mod timeouts;

use alloc::sync::Arc;
use core::time::Duration;

use crate::connection::{Connection, State};

pub use expired::Expired;
pub use handshake::HandshakeTimer;
pub use timeouts::Timeouts;

use timeouts::{FOR_EVER, MILLIS, left, limit};

/// The timers of one connection, in 64 bytes.
///
/// They learn what has happened from the connection itself, by what it has received and what was
/// taken from its output between two polls, and start to count when a poll first sees something:
///
/// * A peer from which nothing comes is sent a ping, without a payload and one at a time; and given
///   up if nothing comes then either. Its pong is an [`Event::Pong`](crate::Event::Pong) that needs
///   no attention.
/// * A transport that takes none of the output is given up.
/// * A peer that does not do its part in closing is given up.
/// * A message that comes too slowly fails the connection. So does a control frame, or a header,
///   of which only a part comes.
///
/// While output is left at polls, only the time without any progress of it is counted: a ping would
/// wait behind it, and a caller with little memory does not read until it is written, so that the
/// peer's silence would mean nothing. (Time in which a part of a message was received is counted
/// towards that message all the same.) A poll that comes *before* the write takes fresh output for
/// what the transport has left, and delays all the rest; so write first. Who does not read for
/// another reason says so by [`reading_paused`](Self::reading_paused).
///
/// See the [module](self) for an example.
#[derive(Clone, Debug)]
pub struct Timers {
    timeouts: Arc<Timeouts>,
    /// The time of the last poll, in milliseconds.
    polled: u64,
    /// [`Connection::bytes_received`] at the last poll.
    received: u64,
    /// [`Connection::bytes_sent`] at the last poll.
    sent: u64,
    /// [`Connection::unfinished`] at the last poll, or [`NO_MESSAGE`].
    message: u64,
    /// How far that message is behind its rate, in thousandths of a byte.
    message_lag: u64,
    /// Milliseconds since that message was first seen.
    message_time: u32,
    /// Milliseconds in which output waited and none of it was taken.
    write_time: u32,
    /// Milliseconds of waiting for the peer, as `awaited` says.
    peer_time: u32,
    awaited: Awaited,
    /// What was in the output after the last poll.
    queued: Queued,
    /// Whether the caller has not read since the last poll, for a reason of its own.
    paused: bool,
}

/// What the peer is expected to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// To send anything at all.
    Bytes,
    /// To send anything after our ping.
    Pong,
    /// To end the connection.
    End,
}

/// What is in the output after a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Queued {
    Nothing,
    /// The ping alone that the poll itself has queued: the transport has not seen it yet.
    Ping,
    /// What the transport has left.
    Output,
}

/// What has happened between two polls.
struct Turn {
    /// Milliseconds.
    elapsed: u32,
    /// Bytes.
    received: u64,
    /// Whether there was output at both, and none of it taken between them.
    is_stalled: bool,
    /// Whether the caller had every reason to read: no output was left at either, nor does it say
    /// that it paused.
    could_read: bool,
    /// Whether it did read, by that or because bytes have come.
    did_read: bool,
}

impl Timers {
    /// Timers for a connection that begins now.
    ///
    /// `now` is the time since any moment that the caller likes, the same for each poll.
    pub fn new(timeouts: impl Into<Arc<Timeouts>>, now: Duration) -> Self {
        Timers {
            timeouts: timeouts.into(),
            polled: to_millis(now),
            received: 0,
            sent: 0,
            message: NO_MESSAGE,
            message_lag: 0,
            message_time: 0,
            write_time: 0,
            peer_time: 0,
            awaited: Awaited::Bytes,
            queued: Queued::Nothing,
            paused: false,
        }
    }

    /// Looks at what has happened since the last poll, and queues a ping if it is time for one.
    ///
    /// To be called once a turn, when everything that was read is received and the transport has
    /// taken what it would of the output; and when the deadline has come, whether or not anything
    /// has happened. `ws` is always the same connection. `now` is the time since the moment chosen
    /// for [`new`](Self::new); if it goes back, no time has passed, and counting goes on from there.
    ///
    /// Gives the time for the next poll, in the same terms: later than `now`, and
    /// [`Duration::MAX`] where there is nothing to wait for, as after the end. The time until then
    /// is `deadline.saturating_sub(now)`; a sum with an `Instant` might overflow.
    ///
    /// # Errors
    ///
    /// [`Expired`] where the peer is to be given up, for which the transport may just be dropped.
    /// Polling on gives the same error as long as nothing changes.
    ///
    /// [`Expired::MessageTimeout`] comes once, and has failed the connection as a protocol error
    /// does: what there was of the message is freed, the rest will be swallowed, and a Close frame
    /// with 1008 is in the output. A caller who wants the peer to know why goes on with
    /// [`transport_action`](Connection::transport_action) and polls, which now time the end.
    pub fn poll(&mut self, ws: &mut Connection, now: Duration) -> Result<Duration, Expired> {
        let turn = self.turn(ws, now);
        ws.earn_pings(turn.elapsed);
        self.count_write(&turn);
        self.count_peer(&turn, ws.state());
        self.count_message(&turn, ws.unfinished());
        let left = match ws.state() {
            State::Open => self.left_open(ws)?,
            State::Ended if self.queued == Queued::Nothing => FOR_EVER,
            _ => self.left_closing()?,
        };
        Ok(match left {
            FOR_EVER => Duration::MAX,
            left => Duration::from_millis(self.polled.saturating_add(left)),
        })
    }

    /// Tells that the caller has not read since the last poll, for a reason of its own, as a proxy
    /// does whose other side is slow, or whose write has blocked. To be called before the poll in
    /// each such turn, the one in which reading is taken up again included.
    ///
    /// The next poll counts this time towards nothing that the peer is expected to send, but for
    /// the silence after which a ping is queued.
    pub fn reading_paused(&mut self) {
        self.paused = true;
    }

    fn turn(&mut self, ws: &Connection, now: Duration) -> Turn {
        let now = to_millis(now);
        let queued = if ws.has_output() { Queued::Output } else { Queued::Nothing };
        let (received, sent) = (ws.bytes_received(), ws.bytes_sent());
        let new = received.saturating_sub(self.received);
        let could_read = self.queued != Queued::Output && queued == Queued::Nothing && !self.paused;
        let turn = Turn {
            elapsed: u32::try_from(now.saturating_sub(self.polled)).unwrap_or(u32::MAX),
            received: new,
            is_stalled: self.queued != Queued::Nothing
                && queued != Queued::Nothing
                && sent == self.sent,
            could_read,
            did_read: could_read || new > 0 && !self.paused,
        };
        self.polled = now;
        (self.received, self.sent) = (received, sent);
        (self.queued, self.paused) = (queued, false);
        turn
    }

    fn count_write(&mut self, turn: &Turn) {
        self.write_time =
            if turn.is_stalled { self.write_time.saturating_add(turn.elapsed) } else { 0 };
    }

    fn count_peer(&mut self, turn: &Turn, state: State) {
        let awaited = match self.awaited {
            _ if state != State::Open => Awaited::End,
            _ if turn.received > 0 => Awaited::Bytes,
            awaited => awaited,
        };
        let has_come = awaited == Awaited::Bytes && turn.received > 0;
        if has_come || awaited != self.awaited {
            (self.awaited, self.peer_time) = (awaited, 0);
        } else if turn.could_read || awaited == Awaited::Bytes {
            self.peer_time = self.peer_time.saturating_add(turn.elapsed);
        }
    }

    fn count_message(&mut self, turn: &Turn, unfinished: Option<u64>) {
        let message = unfinished.unwrap_or(NO_MESSAGE);
        if message != self.message {
            (self.message, self.message_time, self.message_lag) = (message, 0, 0);
        } else if turn.did_read {
            let due = u64::from(turn.elapsed) * u64::from(self.timeouts.message_rate);
            let come = turn.received.saturating_mul(MILLIS);
            self.message_lag = self.message_lag.saturating_add(due).saturating_sub(come);
            self.message_time = self.message_time.saturating_add(turn.elapsed);
        }
    }

    /// Milliseconds that are left while the connection is open, at least one.
    fn left_open(&mut self, ws: &mut Connection) -> Result<u64, Expired> {
        let write = self.left_for_write()?;
        let message = self.left_for_message();
        if message == 0 {
            ws.fail_by_policy("message too slow");
            return Err(Expired::MessageTimeout);
        }
        if self.queued == Queued::Output {
            return Ok(write);
        }
        let peer = match self.awaited {
            Awaited::Bytes => match left(self.timeouts.ping, self.peer_time) {
                0 => self.ping(ws),
                left => left,
            },
            _ => left(self.timeouts.pong, self.peer_time),
        };
        if peer == 0 { Err(Expired::NoPong) } else { Ok(peer.min(message)) }
    }

    /// Milliseconds that are left until the transport should have ended, at least one.
    fn left_closing(&self) -> Result<u64, Expired> {
        let write = self.left_for_write()?;
        if self.queued == Queued::Output {
            return Ok(write);
        }
        match left(self.timeouts.close, self.peer_time) {
            0 => Err(Expired::CloseTimeout),
            left => Ok(left),
        }
    }

    fn left_for_write(&self) -> Result<u64, Expired> {
        match left(self.timeouts.write, self.write_time) {
            0 => Err(Expired::WriteStalled),
            left => Ok(left),
        }
    }

    fn left_for_message(&self) -> u64 {
        if self.message == NO_MESSAGE {
            return FOR_EVER;
        }
        let rate = u64::from(self.timeouts.message_rate);
        let by_rate = match limit(self.timeouts.message_slack) {
            slack if slack == FOR_EVER || rate == 0 => FOR_EVER,
            slack => (slack * rate).saturating_sub(self.message_lag).div_ceil(rate),
        };
        by_rate.min(left(self.timeouts.message, self.message_time))
    }

    /// Queues a keep-alive ping, RFC 6455 §5.5.2, and gives the milliseconds until its deadline.
    fn ping(&mut self, ws: &mut Connection) -> u64 {
        // Without a payload: as any byte is an answer, there is nothing to tell its pong by.
        if ws.ping(b"").is_err() {
            // The configuration allows no output at all.
            return FOR_EVER;
        }
        (self.awaited, self.peer_time) = (Awaited::Pong, 0);
        self.queued = Queued::Ping;
        left(self.timeouts.pong, 0)
    }
}

/// Milliseconds, as far as they can be told apart: half a billion years.
fn to_millis(time: Duration) -> u64 {
    time.as_secs().saturating_mul(MILLIS).saturating_add(time.subsec_millis().into())
}

/// No message is unfinished.
const NO_MESSAGE: u64 = u64::MAX;
