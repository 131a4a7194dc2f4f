//! The number by which a read buffer knows which connection its bytes belong to.

use core::sync::atomic::{AtomicU32, Ordering};

/// A number that identifies a connection in its process. Numbers repeat after 2^32 connections.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionId(u32);

impl ConnectionId {
    /// No connection.
    pub(super) const NONE: ConnectionId = ConnectionId(0);

    /// Returns a number that no connection has had.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        ConnectionId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
