//! The timer of a handshake.

use core::time::Duration;

use super::Expired;

/// The deadline of a handshake. If you start it with the transport, it includes the TLS or proxy
/// handshakes before the WebSocket handshake.
///
/// It limits the time from the first byte to the last; bytes that arrive in between do not extend
/// it. Heads are short, so a peer that takes long does so on purpose. When the time has expired, a
/// server may still answer with 408 (RFC 9110 §15.5.9), or just drop the transport.
///
/// ```
/// use core::time::Duration;
/// use sansock::timer::{Expired, HandshakeTimer};
///
/// let start = Duration::from_secs(1_000);
/// let mut timer = HandshakeTimer::new(Duration::from_secs(10), start);
/// // After each read, and at the deadline:
/// let deadline = timer.poll(start + Duration::from_secs(4))?;
/// assert_eq!(deadline, start + Duration::from_secs(10));
/// assert_eq!(timer.poll(deadline), Err(Expired::HandshakeTimeout));
/// # Ok::<(), Expired>(())
/// ```
#[derive(Clone, Debug)]
pub struct HandshakeTimer {
    /// The time of the last poll.
    polled: Duration,
    left: Duration,
}

impl HandshakeTimer {
    /// Starts the timer of a handshake that begins now and may take `limit`. [`Duration::MAX`]
    /// means no limit.
    ///
    /// `now` is the time since any moment that you choose. Use the same moment for every poll.
    pub const fn new(limit: Duration, now: Duration) -> Self {
        HandshakeTimer { polled: now, left: limit }
    }

    /// Returns the time at which the handshake must be over, counted from the same moment as `now`.
    /// If `now` goes back, no time has passed, and counting continues from there.
    ///
    /// # Errors
    ///
    /// [`Expired::HandshakeTimeout`] if that time has come.
    pub fn poll(&mut self, now: Duration) -> Result<Duration, Expired> {
        self.left = self.left.saturating_sub(now.saturating_sub(self.polled));
        self.polled = now;
        if self.left.is_zero() {
            return Err(Expired::HandshakeTimeout);
        }
        Ok(now.saturating_add(self.left))
    }
}
