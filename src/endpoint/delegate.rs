//! What an endpoint has of its connection: sending, output, time and memory.

use core::time::Duration;

use super::{Endpoint, Phase};
use crate::close::{CloseCode, CloseReason};
use crate::connection::{CloseError, Connection, Output, SendError, TransportAction, Unsent};
use crate::message::Message;
use crate::timer::Expired;

/// Sending.
impl Endpoint {
    /// Returns the connection, or `None` during the opening handshake.
    ///
    /// Its [`output`](Connection::output) is this endpoint's, and so are its events: use the
    /// methods of the endpoint for these.
    #[inline]
    pub fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.phase {
            Phase::Open(ws, _) => Some(ws),
            Phase::Opening(_) => None,
        }
    }

    /// Queues a text message: see [`Connection::send_text`].
    ///
    /// # Errors
    ///
    /// [`SendError`], which is [`NotOpen`](SendError::NotOpen) during the opening handshake.
    #[inline]
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.connection().ok_or(SendError::NotOpen)?.send_text(text)
    }

    /// Queues a binary message: see [`Connection::send_binary`].
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    #[inline]
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), SendError> {
        self.connection().ok_or(SendError::NotOpen)?.send_binary(data)
    }

    /// Queues a message that you own: see [`Connection::send`].
    ///
    /// # Errors
    ///
    /// [`Unsent`], which hands the message back.
    #[inline]
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Unsent> {
        match self.connection() {
            Some(ws) => ws.send(message),
            None => Err(Unsent { error: SendError::NotOpen, message: message.into() }),
        }
    }

    /// Switches compression on or off for the messages that you send from now on: see
    /// [`Connection::set_compression`]. During the opening handshake, it has no effect.
    #[cfg(feature = "deflate")]
    pub fn set_compression(&mut self, is_on: bool) {
        if let Some(ws) = self.connection() {
            ws.set_compression(is_on);
        }
    }

    /// Queues a ping: see [`Connection::ping`].
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection().ok_or(SendError::NotOpen)?.ping(payload)
    }

    /// Begins the closing handshake: see [`Connection::close`]. Does nothing during the opening
    /// handshake: answer the request, or drop the transport.
    ///
    /// # Errors
    ///
    /// [`CloseError`], as [`Connection::close`].
    pub fn close<'a>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'a>>,
    ) -> Result<(), CloseError> {
        self.connection().map_or(Ok(()), |ws| ws.close(code, reason))
    }
}

/// The transport.
impl Endpoint {
    /// Borrows the bytes to write to the transport.
    #[inline]
    pub fn output(&mut self) -> &mut Output {
        match &mut self.phase {
            Phase::Open(ws, _) => ws.output(),
            Phase::Opening(opening) => opening.ws.output(),
        }
    }

    /// Returns `true` if there is something to write.
    #[inline]
    #[must_use]
    pub fn has_output(&self) -> bool {
        self.any_connection().has_output()
    }

    /// Returns how many bytes wait to be written.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.any_connection().output_len()
    }

    /// Returns how many bytes of output the transport has taken so far.
    #[must_use]
    pub fn bytes_sent(&self) -> u64 {
        self.any_connection().bytes_sent()
    }

    /// Returns `true` if messages are refused as [`SendError::Full`]: see [`Connection::is_full`].
    #[inline]
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.any_connection().is_full()
    }

    /// Returns what the transport should do next, in every state: see [`TransportAction`].
    #[inline]
    #[must_use]
    pub fn transport_action(&self) -> TransportAction {
        match &self.phase {
            Phase::Open(ws, _) => ws.transport_action(),
            Phase::Opening(_) => TransportAction::Continue,
        }
    }

    /// Reports that you have shut down the writing half of the transport: see
    /// [`Connection::sent_eof`].
    pub fn sent_eof(&mut self) {
        if let Some(ws) = self.connection() {
            ws.sent_eof();
        }
    }

    #[inline]
    pub(super) fn any_connection(&self) -> &Connection {
        match &self.phase {
            Phase::Open(ws, _) => ws,
            Phase::Opening(opening) => &opening.ws,
        }
    }
}

/// Time and memory.
impl Endpoint {
    /// Looks at what has happened since the last poll, and queues a ping if it is time for one: see
    /// [`Timers::poll`](crate::timer::Timers::poll). Returns the time for the next poll, or `None`
    /// if there is no deadline.
    ///
    /// # Errors
    ///
    /// [`Expired`] if the peer is to be dropped. After
    /// [`HandshakeTimeout`](Expired::HandshakeTimeout) of a server, which comes once, a
    /// response of 408 is in the output; after [`MessageTimeout`](Expired::MessageTimeout) a
    /// Close frame is. If the peer is to know why, go on with
    /// [`transport_action`](Self::transport_action) and with polls.
    pub fn poll(&mut self, now: Duration) -> Result<Option<Duration>, Expired> {
        match &mut self.phase {
            Phase::Open(ws, Some(timers)) => timers.poll(ws, now),
            Phase::Open(_, None) => Ok(None),
            Phase::Opening(opening) => {
                let polled = opening.poll(now);
                self.settle();
                polled
            }
        }
    }

    /// Notes that you have not read since the last poll: see
    /// [`Timers::reading_paused`](crate::timer::Timers::reading_paused).
    pub fn reading_paused(&mut self) {
        if let Phase::Open(_, Some(timers)) = &mut self.phase {
            timers.reading_paused();
        }
    }

    /// Notes that the transport holds output, and that its flush waits: see
    /// [`Timers::flush_waits`](crate::timer::Timers::flush_waits).
    pub fn flush_waits(&mut self) {
        if let Phase::Open(_, Some(timers)) = &mut self.phase {
            timers.flush_waits();
        }
    }

    /// Frees the buffers that hold no data: see [`Connection::release_buffers`].
    pub fn release_buffers(&mut self) {
        if let Some(ws) = self.connection() {
            ws.release_buffers();
        }
    }

    /// Frees all memory that the endpoint can do without: see [`Connection::shrink_to_fit`].
    pub fn shrink_to_fit(&mut self) {
        if let Some(ws) = self.connection() {
            ws.shrink_to_fit();
        }
    }
}
