//! When a buffer that is kept for what comes next is too large for that: one policy for all buffers.

/// Counts the rounds in a row that used little of a buffer.
#[derive(Clone, Copy, Default)]
pub(crate) struct Retain {
    /// `idle_rounds < MAX_IDLE_ROUNDS`
    idle_rounds: u8,
}

impl Retain {
    pub(crate) const fn new() -> Self {
        Retain { idle_rounds: 0 }
    }

    /// Notes a round that used `used` bytes of a buffer of `capacity`. Returns whether the buffer
    /// should shrink now, because this was the sixteenth round in a row that
    /// [used little](uses_little) of it.
    #[inline]
    pub(crate) fn should_shrink(&mut self, used: usize, capacity: usize) -> bool {
        self.should_shrink_after(uses_little(used, capacity))
    }

    /// Does the same for a round of which the caller says whether it was idle.
    #[inline]
    pub(crate) fn should_shrink_after(&mut self, idle_round: bool) -> bool {
        self.idle_rounds = if idle_round { self.idle_rounds + 1 } else { 0 };
        let is_due = self.idle_rounds == MAX_IDLE_ROUNDS;
        if is_due {
            self.idle_rounds = 0;
        }
        is_due
    }
}

/// Whether `used` bytes are less than a quarter of a buffer of `capacity`.
#[inline]
pub(crate) const fn uses_little(used: usize, capacity: usize) -> bool {
    used < capacity / 4
}

/// The rounds in a row with little use after which a buffer shrinks: bursts that come more often than
/// that do not allocate each time.
const MAX_IDLE_ROUNDS: u8 = 16;

/// The most bytes that a release moves to give back the memory around them, so that it takes constant
/// time.
pub(crate) const MAX_RELEASE_MOVE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixteenth_idle_round_in_a_row_shrinks_and_starts_anew() {
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
