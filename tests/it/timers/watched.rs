//! A connection with its timers, and a transport that the test controls.

use std::time::Duration;

use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{Connection, Role};

use crate::support::{connection, drain, receive};

/// A server with its timers.
pub(crate) struct Watched {
    pub(crate) ws: Connection,
    pub(crate) timers: Timers,
}

/// Returns round numbers: a ping after 30 s, a pong within 20 s, writes within 60 s, the end within
/// 10 s, and messages at 1000 bytes a second with 40 s of slack.
pub(crate) fn timeouts() -> Timeouts {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.message_slack = Some(Duration::from_secs(40));
    timeouts.message_rate = 1000;
    timeouts
}

pub(crate) fn watched(timeouts: Timeouts) -> Watched {
    Watched { ws: connection(Role::Server), timers: Timers::new(timeouts, Duration::ZERO) }
}

impl Watched {
    /// Reads `bytes`, writes all output and polls. Returns the deadline in seconds, and everything
    /// that was written, including a ping.
    pub(crate) fn turn(&mut self, now: u64, bytes: &[u8]) -> (Result<u64, Expired>, Vec<u8>) {
        receive(&mut self.ws, &[bytes]);
        let mut written = drain(&mut self.ws);
        let result = self.poll(now);
        written.extend(drain(&mut self.ws));
        (result, written)
    }

    /// Polls without any reads or writes. Returns the deadline in seconds.
    pub(crate) fn poll(&mut self, now: u64) -> Result<u64, Expired> {
        let deadline = self.timers.poll(&mut self.ws, Duration::from_secs(now))?;
        let passed = deadline.is_some_and(|deadline| deadline <= Duration::from_secs(now));
        assert!(!passed, "a deadline that has passed");
        Ok(deadline.map_or(NEVER, |deadline| deadline.as_secs()))
    }
}

pub(crate) const NEVER: u64 = u64::MAX;

/// A ping without payload, as a server sends it.
pub(crate) const PING: &[u8] = &[0x89, 0];
