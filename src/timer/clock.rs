//! The time that timers ask for.

use core::time::Duration;
use std::time::Instant;

/// The time since a moment, for [`Timers`](super::Timers) and
/// [`HandshakeTimer`](super::HandshakeTimer). One serves any number of connections.
///
/// ```
/// use sansock::timer::{Clock, Timeouts, Timers};
/// use sansock::{Config, Connection};
///
/// let clock = Clock::start();
/// let mut ws = Connection::new(Config::server());
/// let mut timers = Timers::new(Timeouts::default(), clock.now());
/// let deadline = timers.poll(&mut ws, clock.now())?;
/// assert!(clock.until(deadline) <= Timeouts::DEFAULT.ping);
/// # Ok::<(), sansock::timer::Expired>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose time is zero now.
    pub fn start() -> Self {
        Clock { start: Instant::now() }
    }

    /// Returns the time since the start.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Returns how long it is until a deadline of this clock, zero if it has passed, and `None` if
    /// there is no deadline.
    pub fn until(&self, deadline: Option<Duration>) -> Option<Duration> {
        deadline.map(|deadline| deadline.saturating_sub(self.now()))
    }
}
