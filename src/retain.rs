//! Decides when a buffer that is kept for reuse shrinks: one policy for all buffers.

/// Counts the rounds in a row that used little of a buffer.
#[derive(Clone, Copy, Default)]
pub(crate) struct Retain {
    /// `low_use_rounds < MAX_LOW_USE_ROUNDS`
    low_use_rounds: u8,
}

impl Retain {
    pub(crate) const fn new() -> Self {
        Retain { low_use_rounds: 0 }
    }

    /// Counts a round that used `used` bytes of a buffer of `capacity` bytes.
    ///
    /// Returns `true` if the buffer should shrink now, because this was the sixteenth round in a
    /// row that [used little](uses_little) of it.
    #[inline]
    pub(crate) fn should_shrink(&mut self, used: usize, capacity: usize) -> bool {
        self.should_shrink_after(uses_little(used, capacity))
    }

    /// Counts a round, as [`should_shrink`](Self::should_shrink) does. The caller decides whether
    /// it used little.
    #[inline]
    pub(crate) fn should_shrink_after(&mut self, used_little: bool) -> bool {
        self.low_use_rounds = if used_little { self.low_use_rounds + 1 } else { 0 };
        let is_due = self.low_use_rounds == MAX_LOW_USE_ROUNDS;
        if is_due {
            self.low_use_rounds = 0;
        }
        is_due
    }
}

/// Returns `true` if `used` bytes are less than a quarter of `capacity`.
#[inline]
pub(crate) const fn uses_little(used: usize, capacity: usize) -> bool {
    used < capacity / 4
}

/// The number of rounds in a row with little use after which a buffer shrinks. Bursts that are
/// closer together than this do not allocate each time.
const MAX_LOW_USE_ROUNDS: u8 = 16;

/// The most bytes that a release copies to free the memory around them. The limit makes a release
/// take constant time.
pub(crate) const MAX_RELEASE_MOVE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixteenth_low_use_round_in_a_row_shrinks_and_starts_anew() {
        let mut retain = Retain::default();
        for _ in 0..3 {
            for _ in 1..16 {
                assert!(!retain.should_shrink(249, 1000));
            }
            assert!(retain.should_shrink(249, 1000));
        }
    }

    #[test]
    fn a_round_that_uses_a_quarter_starts_the_count_anew() {
        let mut retain = Retain::default();
        for _ in 0..3 {
            for _ in 1..16 {
                assert!(!retain.should_shrink(0, 1000));
            }
            assert!(!retain.should_shrink(250, 1000));
        }
    }
}
