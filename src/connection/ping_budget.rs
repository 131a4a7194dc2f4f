//! How many pings are answered: the budget of a [`PingPolicy`].

use super::PingPolicy;

/// What is left of the budget.
#[derive(Clone, Copy)]
pub(super) struct PingBudget {
    /// Thousandths of pings, as a second earns `per_second` pings in milliseconds.
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

    /// Adds what a time earns, up to the full budget.
    pub(super) fn refill(&mut self, policy: PingPolicy, millis: u32) {
        if let PingPolicy::Budget { per_second, .. } = policy {
            let left = self.left.saturating_add(per_second.saturating_mul(millis));
            self.left = left.min(PingBudget::full(policy).left);
        }
    }
}

/// What the answer to a ping costs.
const PING: u32 = 1000;
