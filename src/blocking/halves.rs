//! The halves of a blocking WebSocket, for two threads.

use core::fmt;
use std::sync::MutexGuard;

use super::error::Error;
use super::receiver::Receiver;
use super::shared::{Half, State};
use super::transport::SharedTransport;
use super::wire::needs_room;
use crate::close::{CloseCode, CloseReason};
use crate::connection::{CloseStatus, Event, SendError};
use crate::endpoint::Endpoint;
use crate::message::Message;

/// The half of a WebSocket that receives: see [`WebSocket::split`](super::WebSocket::split).
///
/// Receive until the end: pings, the peer's Close and deadlines are noticed here. When the connection
/// has ended here, sending is an error, also for a thread that waits in it. If you drop this half
/// before, the transport ends when the other is dropped as well.
pub struct ReceiveHalf<S: SharedTransport> {
    pub(super) receiver: Receiver<Half<S>>,
}

impl<S: SharedTransport> ReceiveHalf<S> {
    /// Waits for the next message: see [`WebSocket::receive`](super::WebSocket::receive).
    ///
    /// Does not wait for writes before the peer's Close. After that, waits until the answer is
    /// written.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::receive`](super::WebSocket::receive).
    pub fn receive(&mut self) -> Result<Option<Message>, Error> {
        self.receiver.receive()
    }

    /// Returns the next event of what was read, or `None` if [more has to be read](Self::fill): see
    /// [`WebSocket::next_event`](super::WebSocket::next_event).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::next_event`](super::WebSocket::next_event).
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        Ok(self.receiver.next_event()?.map(|(event, _)| event))
    }

    /// Waits until something was read: see [`WebSocket::fill`](super::WebSocket::fill).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::fill`](super::WebSocket::fill).
    pub fn fill(&mut self) -> Result<bool, Error> {
        self.receiver.fill()
    }

    /// Returns how the connection ended, RFC 6455 §7.1.5, or would end if the transport ended now.
    pub fn close_status(&self) -> CloseStatus {
        self.receiver.wire.lock().endpoint.close_status()
    }

    /// Borrows the stream. To read from it breaks the connection.
    pub fn get_ref(&self) -> &S {
        &self.receiver.wire.stream
    }
}

/// Receives messages until the end, as the iterator of a [`WebSocket`](super::WebSocket) does.
impl<S: SharedTransport> Iterator for ReceiveHalf<S> {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.next_message()
    }
}

/// The half of a WebSocket that sends: see [`WebSocket::split`](super::WebSocket::split).
///
/// Each call waits until the transport has taken what it sends. If the stream has a write timeout
/// and that passes, the rest stays queued, and is written by the next call of either half.
pub struct SendHalf<S: SharedTransport> {
    pub(super) shared: Half<S>,
}

impl<S: SharedTransport> SendHalf<S> {
    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the connection is closing. [`Error::Io`] if the transport fails, or if its
    /// write timeout passes while the output is full: the message was not queued then.
    /// [`Error::Expired`] if a deadline has passed.
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send_with(|endpoint| endpoint.send_text(text))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.send_with(|endpoint| endpoint.send_binary(data))
    }

    /// Sends a message that you own.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text). To keep the message for another try, send a clone.
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.send_with(|endpoint| endpoint.send(message).map_err(SendError::from))
    }

    /// Switches compression on or off for the messages that you send from now on: see
    /// [`Connection::set_compression`](crate::Connection::set_compression).
    #[cfg(feature = "deflate")]
    pub fn set_compression(&mut self, is_on: bool) {
        self.shared.lock().endpoint.set_compression(is_on);
    }

    /// Sends a ping of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_with(|endpoint| endpoint.ping(payload))
    }

    /// Begins the closing handshake: see [`Connection::close`](crate::Connection::close). The other
    /// half receives its end.
    ///
    /// # Errors
    ///
    /// [`Error::Close`] for a code that this end may not send, and otherwise as
    /// [`send_text`](Self::send_text).
    pub fn close<'r>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'r>>,
    ) -> Result<(), Error> {
        let mut state = self.shared.lock();
        state.endpoint.close(code, reason)?;
        self.write(state)
    }

    /// Borrows the stream. To write to it breaks the connection.
    pub fn get_ref(&self) -> &S {
        &self.shared.stream
    }

    /// Waits until a message can be queued, and sends it.
    fn send_with<E: Into<Error>>(
        &mut self,
        queue: impl FnOnce(&mut Endpoint) -> Result<(), E>,
    ) -> Result<(), Error> {
        let mut state = self.shared.lock();
        while needs_room(&state.endpoint) {
            state = self.shared.write_all(state)?;
        }
        queue(&mut state.endpoint).map_err(Into::into)?;
        self.write(state)
    }

    /// Waits until what is queued is written, or the transport takes no more.
    fn write(&self, state: MutexGuard<'_, State>) -> Result<(), Error> {
        match self.shared.write_all(state) {
            Err(error) if !error.is_would_block() => Err(error),
            _ => Ok(()),
        }
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl<S: SharedTransport> fmt::Debug for ReceiveHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiveHalf")
            .field("endpoint", &self.receiver.wire.lock().endpoint)
            .field("input", &self.receiver.input)
            .finish_non_exhaustive()
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl<S: SharedTransport> fmt::Debug for SendHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendHalf")
            .field("endpoint", &self.shared.lock().endpoint)
            .finish_non_exhaustive()
    }
}
