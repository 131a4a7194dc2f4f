//! What an endpoint does with a connection whose opening handshake is not over.

use super::state::Occurrence;
use super::{Connection, Output};

impl Connection {
    /// Queues an HTTP head, with a body if it has one.
    pub(crate) fn queue_head(&mut self, head: &[u8]) {
        self.output.push_small(head);
    }

    /// Ends a connection that was never open: it sends nothing, also nothing that is queued.
    pub(crate) fn end_unopened(&mut self) {
        self.output = Output::default();
        self.enter(Occurrence::Eof);
    }

    /// Fails a connection that was never open: it sends what is queued, and no Close frame.
    pub(crate) fn fail_without_close(&mut self) {
        self.enter(Occurrence::Violation);
    }
}
