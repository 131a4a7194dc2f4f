//! A clock for timers.

use core::time::Duration;
use std::time::Instant;

/// A clock that measures the time since its start, for [`Timers`](super::Timers) and
/// [`HandshakeTimer`](super::HandshakeTimer). One clock serves any number of connections.
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
    /// Starts a clock. Its time is zero now.
    pub fn start() -> Self {
        Clock { start: Instant::now() }
    }

    /// Returns the time since the start.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Returns the time until a deadline of this clock. It is zero if the deadline has passed, and
    /// `None` if `deadline` is `None`.
    pub fn until(&self, deadline: Option<Duration>) -> Option<Duration> {
        deadline.map(|deadline| deadline.saturating_sub(self.now()))
    }
}
