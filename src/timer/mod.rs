//! Decides when to ping and when to drop a peer. Time is an argument, and deadlines are values.
//!
//! [`Timers`] watch a [`Connection`](crate::Connection), and a [`HandshakeTimer`] watches the
//! handshake before it. Neither reads a clock or waits. You pass in the time, and they return
//! either the time for the next poll or the reason to drop the peer.
//!
//! # The turn
//!
//! Wake up when there is something to read, when the transport takes output again, and when the
//! deadline has come. Each time, take the same turn: read, receive, write, and then
//! [poll](Timers::poll). If that has queued a ping, write once more. Then wait.
//!
//! In this order, a peer is not dropped while its bytes are there but not yet read. The output that
//! is left at the poll is what the transport did not take. If you do not read while output waits,
//! call [`Timers::reading_paused`] before each poll. If the transport has a buffer of its own, whose
//! flush waits, call [`Timers::flush_waits`].
//!
//! ```
//! use core::time::Duration;
//! use sansock::bytes::Buf;
//! use sansock::timer::{Expired, Timeouts, Timers};
//! use sansock::{Config, Connection, Input};
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
//! /// Does what is possible without waiting, and returns the latest time for the next turn.
//! fn turn(
//!     ws: &mut Connection,
//!     timers: &mut Timers,
//!     transport: &mut Transport,
//!     now: Duration,
//! ) -> Result<Option<Duration>, Expired> {
//!     let mut buffer = [0; 4096];
//!     let len = transport.read(&mut buffer);
//!     let mut input = Input::new(&mut buffer[..len]);
//!     while let Ok(Some(_event)) = ws.receive(&mut input) {} // handle the event
//!     transport.write(ws.output());
//!     let result = timers.poll(ws, now);
//!     transport.write(ws.output()); // perhaps a ping
//!     result
//! }
//!
//! let mut ws = Connection::new(Config::server());
//! let mut timers = Timers::new(Timeouts::default(), Duration::ZERO);
//! let mut transport = Transport { sent: vec![], received: vec![] };
//! let mut at = |seconds, received: &[u8]| {
//!     transport.received.extend(received);
//!     let result = turn(&mut ws, &mut timers, &mut transport, Duration::from_secs(seconds));
//!     (result.map(|deadline| deadline.unwrap().as_secs()), std::mem::take(&mut transport.sent))
//! };
//!
//! assert_eq!(at(0, b""), (Ok(30), vec![]));
//! assert_eq!(at(10, b"\x81\x80\0\0\0\0"), (Ok(40), vec![])); // an empty text message
//! assert_eq!(at(40, b""), (Ok(60), vec![0x89, 0])); // a ping
//! assert_eq!(at(41, b"\x8A\x80\0\0\0\0"), (Ok(71), vec![])); // its pong
//! assert_eq!(at(71, b""), (Ok(91), vec![0x89, 0]));
//! assert_eq!(at(91, b""), (Err(Expired::NoPong), vec![]));
//! ```
//!
//! # Many connections
//!
//! A connection has one deadline, however much is timed, and most polls only move it later. If you
//! have many connections, set one timer of your own for each. It may be coarse, such as a slot in a
//! timer wheel with one second per slot. If the deadline becomes later, leave the timer alone. If
//! it becomes earlier, move the timer. When the timer fires, poll and set it again.
//!
//! You need not poll after every read, because time between polls is counted in the peer's favour.
//! If you poll less often, even only at deadlines, no peer is dropped too early. A peer may be
//! dropped too late, by at most the time between two polls.
//!
//! # Without a connection
//!
//! [`Timers::poll_activity`] watches anything that counts its bytes, such as a relay between two
//! transports.

mod activity;
#[cfg(feature = "std")]
mod clock;
mod expired;
mod handshake;
mod lag;
mod timeouts;
mod timers;

pub use activity::Activity;
#[cfg(feature = "std")]
pub use clock::Clock;
pub use expired::Expired;
pub use handshake::HandshakeTimer;
pub use timeouts::Timeouts;
pub use timers::{Timers, Wait};
