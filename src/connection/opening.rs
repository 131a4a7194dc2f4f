//! What an endpoint does with a connection whose opening handshake is not over.

#[cfg(feature = "handshake")]
use super::state::Occurrence;
use super::{CloseStatus, Connection, UnsupportedExtensions};
use crate::negotiated::Negotiated;

impl Connection {
    /// Returns how the connection ended, RFC 6455 §7.1.5, or would end if the transport ended now.
    pub const fn close_status(&self) -> CloseStatus {
        self.closure
    }

    /// Checks that a connection supports what was negotiated.
    ///
    /// # Errors
    ///
    /// [`UnsupportedExtensions`], as [`from_negotiated`](Self::from_negotiated).
    pub(crate) fn check(negotiated: &Negotiated) -> Result<(), UnsupportedExtensions> {
        match negotiated.extensions() {
            Some(extensions) => Err(UnsupportedExtensions { extensions: extensions.into() }),
            None => Ok(()),
        }
    }

    /// Queues an HTTP head, with a body if it has one.
    #[cfg(feature = "handshake")]
    pub(crate) fn queue_head(&mut self, head: &[u8]) {
        self.output.push_small(head);
    }

    /// Fails a connection that was never open: it sends what is queued, and no Close frame.
    #[cfg(feature = "handshake")]
    pub(crate) fn fail_without_close(&mut self) {
        self.enter(Occurrence::Violation);
    }
}
