//! Answering while an event is held.

use std::fmt;

use sansock::connection::SendError;
use sansock::endpoint::Endpoint;
use sansock::{CloseCode, CloseReason, Message};

use crate::Error;

/// The sending side of a [`WebSocket`](crate::WebSocket), which is there beside each event, so that
/// you can answer without a copy.
///
/// Nothing here waits: what is queued is written by the next call to the WebSocket.
pub struct Sender<'a> {
    pub(crate) endpoint: &'a mut Endpoint,
}

impl Sender<'_> {
    /// Queues a text message.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the connection is closing, or if the output is full.
    pub fn queue_text(&mut self, text: &str) -> Result<(), Error> {
        Ok(self.endpoint.send_text(text)?)
    }

    /// Queues a binary message.
    ///
    /// # Errors
    ///
    /// As [`queue_text`](Self::queue_text).
    pub fn queue_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        Ok(self.endpoint.send_binary(data)?)
    }

    /// Queues a message that you own.
    ///
    /// # Errors
    ///
    /// As [`queue_text`](Self::queue_text).
    pub fn queue(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        Ok(self.endpoint.send(message).map_err(SendError::from)?)
    }

    /// Switches compression on or off for the messages that you send from now on: see
    /// [`Connection::set_compression`](sansock::Connection::set_compression).
    #[cfg(feature = "deflate")]
    pub fn set_compression(&mut self, is_on: bool) {
        self.endpoint.set_compression(is_on);
    }

    /// Queues a ping of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`queue_text`](Self::queue_text).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        Ok(self.endpoint.ping(payload)?)
    }

    /// Begins the closing handshake, RFC 6455 §7.1.2. Receive until the end after it.
    ///
    /// # Errors
    ///
    /// [`Error::Close`] for a code that this end may not send.
    pub fn close<'r>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'r>>,
    ) -> Result<(), Error> {
        Ok(self.endpoint.close(code, reason)?)
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for Sender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
