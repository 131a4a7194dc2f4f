//! The lag of a transfer behind its minimum rate.

use core::time::Duration;

use super::timeouts::{FOR_EVER, MILLIS, limit};

/// How far a transfer is behind its minimum rate, in thousandths of a byte.
///
/// A transfer that was faster than its rate earns no credit: the lag is never below zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lag(u64);

impl Lag {
    /// Counts `moved` bytes in `elapsed` milliseconds.
    pub(super) fn count(&mut self, elapsed: u32, rate: u32, moved: u64) {
        let due = u64::from(elapsed) * u64::from(rate);
        self.0 = self.0.saturating_add(due).saturating_sub(moved.saturating_mul(MILLIS));
    }

    /// Returns in how many milliseconds the lag reaches `slack` times the rate, if nothing is
    /// moved. Zero means now. Returns [`FOR_EVER`] if there is no rate or no limit.
    pub(super) fn left(self, slack: Option<Duration>, rate: u32) -> u64 {
        let rate = u64::from(rate);
        match limit(slack) {
            slack if slack == FOR_EVER || rate == 0 => FOR_EVER,
            slack => (slack * rate).saturating_sub(self.0).div_ceil(rate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Option<Duration> = Some(Duration::from_secs(1));

    #[test]
    fn a_lag_that_is_too_long_to_count_stays_the_longest() {
        let (elapsed, rate) = (1 << 31, 1 << 31);
        let mut lag = Lag::default();
        // The fourth sum exceeds 64 bits by one.
        for _ in 0..8 {
            lag.count(elapsed, rate, 0);
            assert_eq!(lag.left(SECOND, rate), 0);
        }
    }

    #[test]
    fn more_bytes_than_can_be_counted_end_every_lag() {
        for moved in [1 << 61, u64::MAX / MILLIS + 1, u64::MAX] {
            let mut lag = Lag::default();
            lag.count(1000, 1, 0);
            assert_eq!(lag.left(SECOND, 1), 0);
            lag.count(0, 1, moved);
            assert_eq!(lag.left(SECOND, 1), MILLIS, "{moved}");
        }
    }
}
