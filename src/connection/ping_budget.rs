//! The budget of a [`PingPolicy`]: how many pings are answered.

use super::PingPolicy;

/// What is left of the budget.
#[derive(Clone, Copy)]
pub(super) struct PingBudget {
    /// In thousandths of a ping: each millisecond earns `per_second` of them.
    left: u32,
}

impl PingBudget {
    /// Returns the budget of a new connection.
    pub(super) fn full(policy: PingPolicy) -> Self {
        match policy {
            PingPolicy::Budget { burst, .. } => PingBudget { left: burst.saturating_mul(PING) },
            _ => PingBudget { left: 0 },
        }
    }

    /// Pays for the answer to a ping. Returns `false` if not enough is left.
    pub(super) fn pay(&mut self) -> bool {
        let left = self.left.checked_sub(PING);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// Adds what `millis` milliseconds earn, up to the full budget.
    pub(super) fn refill(&mut self, policy: PingPolicy, millis: u32) {
        if let PingPolicy::Budget { per_second, .. } = policy {
            let left = self.left.saturating_add(per_second.saturating_mul(millis));
            self.left = left.min(PingBudget::full(policy).left);
        }
    }
}

/// The cost of the answer to one ping.
const PING: u32 = 1000;
