//! The state of a connection, and how it is closed: RFC 6455 §7.

use super::state::Occurrence;
use super::{CloseError, CloseStatus, Connection, State};
use crate::close::{CloseCode, CloseReason};
use crate::frame::CloseBody;
use crate::role::Role;

/// State and closing.
impl Connection {
    /// Returns the state of the connection.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns how the connection ended, RFC 6455 §7.1.5, or would end if the transport ended now.
    pub const fn close_status(&self) -> CloseStatus {
        self.closure
    }

    /// Begins the closing handshake, RFC 6455 §7.1.2: queues a Close frame, after which nothing can
    /// be sent. What the peer sends before its own Close is still received.
    ///
    /// The Close is queued even if the output is full. If `reason` is a `&str` longer than 123
    /// bytes, it is shortened to at most 123, between two code points; see [`CloseReason`]. The
    /// peer may answer late or never: how long to wait before dropping the transport is up to you.
    ///
    /// If a Close was already sent, the connection has failed, or the transport has ended, nothing
    /// happens: the peer may close at the same time as you.
    ///
    /// # Errors
    ///
    /// [`CloseError`] if a server passes 1010. Nothing changes then.
    pub fn close<'a>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'a>>,
    ) -> Result<(), CloseError> {
        // RFC 6455 §7.4.1: only a client sends 1010, because of what a server did not negotiate.
        if code == CloseCode::MANDATORY_EXTENSION && self.config.role() == Role::Server {
            return Err(CloseError::ClientOnlyCode);
        }
        if self.state == State::Open {
            let status = Some((code, reason.into()));
            self.queue_close(CloseBody { status }, Occurrence::SendClose);
        }
        Ok(())
    }

    /// Reports that you have shut down the writing half of the transport, as
    /// [`TransportAction::ShutdownWrite`](super::TransportAction::ShutdownWrite) asks. From then on
    /// the action is [`TransportAction::AwaitEof`](super::TransportAction::AwaitEof). Calling it
    /// again changes nothing.
    ///
    /// ```
    /// use bytes::Buf;
    /// use sansock::{Config, Connection, Input, TransportAction};
    ///
    /// let mut server = Connection::new(Config::server());
    /// // A masked Close without a code, RFC 6455 §5.5.1, which is answered.
    /// server.receive(&mut Input::new(&mut b"\x88\x80\0\0\0\0".to_vec()[..]))?;
    /// server.output().advance(2); // written
    /// assert_eq!(server.transport_action(), TransportAction::ShutdownWrite);
    /// // Here the program shuts down the writing half.
    /// server.sent_eof();
    /// assert_eq!(server.transport_action(), TransportAction::AwaitEof);
    /// # Ok::<(), sansock::ProtocolError>(())
    /// ```
    pub fn sent_eof(&mut self) {
        self.has_sent_eof = true;
    }

    /// Reports that the transport has ended. Returns how the connection ended, RFC 6455 §7.1.5.
    ///
    /// If the transport still takes bytes, you may write the output that is left. Calling it again
    /// changes nothing.
    pub fn receive_eof(&mut self) -> CloseStatus {
        self.enter(Occurrence::Eof);
        self.closure
    }
}
