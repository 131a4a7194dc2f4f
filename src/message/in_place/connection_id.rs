//! By what a read buffer knows whose bytes it holds.

use core::sync::atomic::{AtomicU32, Ordering};

/// Tells the connections of a process apart, until more than 2^32 were made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionId(u32);

impl ConnectionId {
    /// No connection.
    pub(super) const NONE: ConnectionId = ConnectionId(0);

    /// Returns an identity that none has had.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
