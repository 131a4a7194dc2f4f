//! The one timer of a handshake.

use core::time::Duration;

use super::Expired;

/// The deadline of a handshake: of that of WebSocket, with those of TLS or a proxy before it if it
/// is started with the transport.
///
/// It counts the time from the first byte to the last, however many come in between: heads are
/// short, so that who takes long takes it on purpose. A server may still answer 408 (RFC 9110
/// §15.5.9) when it has expired, or just drop the transport.
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
    /// A handshake that begins now and may take `limit`; [`Duration::MAX`] is for ever.
    ///
    /// `now` is the time since any moment that the caller likes, the same for each poll.
    pub const fn new(limit: Duration, now: Duration) -> Self {
        HandshakeTimer { polled: now, left: limit }
    }

    /// Gives the time at which the handshake must be over, in the terms of `now`. If `now` goes
    /// back, no time has passed, and counting goes on from there.
    ///
    /// # Errors
    ///
    /// [`Expired::HandshakeTimeout`] when that time has come.
    pub fn poll(&mut self, now: Duration) -> Result<Duration, Expired> {
        self.left = self.left.saturating_sub(now.saturating_sub(self.polled));
        self.polled = now;
        if self.left.is_zero() {
            return Err(Expired::HandshakeTimeout);
        }
        Ok(now.saturating_add(self.left))
    }
}
