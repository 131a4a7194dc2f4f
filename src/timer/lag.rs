//! How far something is behind its least rate.

use core::time::Duration;

use super::timeouts::{FOR_EVER, MILLIS, limit};

/// How far a transfer is behind the rate that it has to keep, in thousandths of a byte.
///
/// A transfer that was faster earns no credit: the lag never falls below zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lag(u64);

impl Lag {
    /// Counts `moved` bytes in a time of `elapsed` milliseconds.
    pub(super) fn count(&mut self, elapsed: u32, rate: u32, moved: u64) {
        let due = u64::from(elapsed) * u64::from(rate);
        self.0 = self.0.saturating_add(due).saturating_sub(moved.saturating_mul(MILLIS));
    }

    /// Returns the milliseconds, without any progress, until the lag is `slack` of the rate. Zero is
    /// now. [`FOR_EVER`] without a rate or a limit.
    pub(super) fn left(self, slack: Option<Duration>, rate: u32) -> u64 {
        let rate = u64::from(rate);
        match limit(slack) {
            slack if slack == FOR_EVER || rate == 0 => FOR_EVER,
            slack => (slack * rate).saturating_sub(self.0).div_ceil(rate),
        }
    }
}
