//! When to ping, and when to give a peer up: time as an argument, deadlines as values.
//!
//! [`Timers`] watch a [`Connection`](crate::Connection), [`HandshakeTimer`] the handshake before it. Neither reads a
//! clock or waits: they are told the time, say until when there is nothing to do, and say why when
//! the peer is to be given up.
//!
//! # The turn
//!
//! A caller wakes up when there is something to read, when the transport takes output again, and
//! when the deadline has come. Each time it does the same: read, receive, write, and then
//! [poll](Timers::poll); write once more if that has queued a ping; wait. In this order, a peer is
//! not given up over bytes that are there but were not read yet, and what is in the output at the
//! poll is what the transport did not take. If you do not read while output waits, say so before each
//! poll by [`Timers::reading_paused`].
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
//! /// Does what can be done without waiting, and says when to come again at the latest.
//! fn turn(
//!     ws: &mut Connection,
//!     timers: &mut Timers,
//!     transport: &mut Transport,
//!     now: Duration,
//! ) -> Result<Option<Duration>, Expired> {
//!     let mut buffer = [0; 4096];
//!     let len = transport.read(&mut buffer);
//!     let mut input = Input::new(&mut buffer[..len]);
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
//!     (result.map(|deadline| deadline.unwrap().as_secs()), std::mem::take(&mut transport.sent))
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
//! drops no peer too early, and a peer that deserves it later by the time between two polls at most.
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
