//! Sending by a blocking WebSocket, also while an event is held.

use core::fmt;

use super::error::Error;
use super::transport::Transport;
use super::wire::{Whole, Wire};
use crate::close::{CloseCode, CloseReason};
use crate::connection::SendError;
use crate::message::Message;

/// The sending side of a [`WebSocket`](super::WebSocket), which is there beside each event, so that
/// you can answer without a copy.
///
/// Each call writes what it sends. If the transport does not block and takes no more, the rest
/// stays queued, and is written by the next call of any kind.
pub struct Sender<'a, S> {
    pub(super) whole: &'a mut Whole<S>,
}

impl<S: Transport> Sender<'_, S> {
    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the connection is closing. [`Error::Io`] if the transport fails, or if it
    /// would block while the output is full: the message was not queued then.
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.whole.make_room()?;
        self.whole.endpoint.send_text(text)?;
        self.flush()
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.whole.make_room()?;
        self.whole.endpoint.send_binary(data)?;
        self.flush()
    }

    /// Sends a message that you own. From 4 KiB on it is not copied, unless a client has to mask a
    /// buffer that is shared.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text). To keep the message for another try, send a clone.
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.whole.make_room()?;
        self.whole.endpoint.send(message).map_err(SendError::from)?;
        self.flush()
    }

    /// Switches compression on or off for the messages that you send from now on: see
    /// [`Connection::set_compression`](crate::Connection::set_compression).
    #[cfg(feature = "deflate")]
    pub fn set_compression(&mut self, is_on: bool) {
        self.whole.endpoint.set_compression(is_on);
    }

    /// Sends a ping of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.whole.make_room()?;
        self.whole.endpoint.ping(payload)?;
        self.flush()
    }

    /// Begins the closing handshake: see [`Connection::close`](crate::Connection::close). Receive
    /// until the end after it.
    ///
    /// # Errors
    ///
    /// [`Error::Close`] for a code that this end may not send, and [`Error::Io`].
    pub fn close<'r>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'r>>,
    ) -> Result<(), Error> {
        self.whole.endpoint.close(code, reason)?;
        self.flush()
    }

    /// Writes what is queued, as much as the transport takes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the transport fails.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.whole.flush()
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl<S> fmt::Debug for Sender<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("endpoint", &self.whole.endpoint).finish_non_exhaustive()
    }
}
