//! Receiving from a buffer in which a message stays until it is whole.

use super::ReceiveError;
use super::input::borrowed;
use crate::close::CloseCode;
use crate::connection::{Connection, Event};
use crate::error::ProtocolError;
use crate::frame::Peek;
use crate::message::ReadBuffer;

/// Receiving from a `ReadBuffer`.
impl Connection {
    /// Takes bytes from the front of a [`ReadBuffer`], up to the end of the next event, and returns
    /// the event.
    ///
    /// Use it instead of [`receive`](Self::receive) if messages are split between reads. A message
    /// in one frame stays in `input` until it is whole, and is borrowed from there, even after many
    /// reads. Its text is still validated as it arrives, and a violation is found at the same byte.
    /// A message in fragments is reassembled elsewhere and owned by its event.
    ///
    /// `None` means that you have to read more. A buffer in which bytes are left belongs to its
    /// connection. An empty buffer may serve any connection.
    ///
    /// # Errors
    ///
    /// [`ReceiveError::Protocol`] as for [`receive`](Self::receive).
    ///
    /// [`ReceiveError::ForeignBuffer`] if `input` holds bytes of another connection, or lacks bytes
    /// of this connection that were left in another buffer. To change the buffer, move these bytes
    /// by [`into_unread`](ReadBuffer::into_unread). Nothing is taken from a foreign buffer, and the
    /// connection has failed: unless our Close was sent before, a Close frame with 1011 is in the
    /// [output](Self::output).
    #[inline(always)]
    pub fn receive_buffered<'a>(
        &mut self,
        input: &'a mut ReadBuffer,
    ) -> Result<Option<Event<'a>>, ReceiveError> {
        self.receive_buffered_as(input, |event| event)
    }

    /// The same, with events and errors wrapped as in `receive_from`.
    #[inline(always)]
    pub(crate) fn receive_buffered_as<'a, Wrapped, Failed: From<ReceiveError>>(
        &mut self,
        input: &'a mut ReadBuffer,
        wrap: impl Fn(Event<'a>) -> Wrapped,
    ) -> Result<Option<Wrapped>, Failed> {
        if !self.owns(input) {
            return Err(self.fail_by_foreign_buffer().into());
        }
        let unread = input.as_received();
        let Some(message) = unread.and_then(|unread| self.whole_message(unread)) else {
            let mut event = None;
            if input.is_waiting() && self.decoder.is_between_messages() {
                self.decoder.note_held(input.len());
            } else if !input.is_empty() {
                self.receive_partial(input, &mut event).map_err(ReceiveError::from)?;
            }
            return Ok(event.map(wrap));
        };
        let payload = input.take(message.header_len, message.payload_len);
        match borrowed(message.opcode, payload.into(), message.key) {
            Ok(event) => Ok(Some(wrap(event))),
            Err(invalid) => {
                Err(ReceiveError::from(self.fail_text(message.payload_len, invalid)).into())
            }
        }
    }

    /// Returns `true` if the unread bytes are this connection's, or nobody's so far.
    #[inline]
    pub(crate) fn owns(&self, input: &mut ReadBuffer) -> bool {
        input.belongs_to(self.id) || input.claim(self.id, self.decoder.held())
    }

    /// Fails the connection with an internal error (1011): some of its bytes may be in an unknown
    /// buffer.
    #[cold]
    #[inline(never)]
    fn fail_by_foreign_buffer(&mut self) -> ReceiveError {
        self.fail_with(CloseCode::INTERNAL_ERROR, "internal error");
        ReceiveError::ForeignBuffer
    }

    /// Takes everything except a message in one frame that was whole when it was first seen.
    ///
    /// The event is written through a reference for the same reason as in `receive_in_pieces`.
    #[inline(never)]
    fn receive_partial<'a>(
        &mut self,
        input: &'a mut ReadBuffer,
        event: &mut Option<Event<'a>>,
    ) -> Result<(), ProtocolError> {
        if self.is_streaming {
            return input.take_with(|input| self.receive_in_pieces(input, event));
        }
        if !(input.has_message() && self.decoder.is_between_messages()) {
            match self.decoder.peek(input.restore()) {
                Peek::Message(frame) => input.begin_message(frame),
                Peek::PartialHeader(len) => {
                    input.begin_header(len);
                    self.decoder.note_held(input.len());
                    return Ok(());
                }
                Peek::Other => {
                    return input.take_with(|input| self.receive_in_pieces(input, event));
                }
            }
        }
        let len = input.message_received();
        match input.scan() {
            Ok(None) => self.decoder.note_held(len),
            Ok(Some(message)) => {
                self.decoder.take_message(len);
                *event = Some(message.into());
            }
            Err(invalid) => {
                self.decoder.take_message(len);
                return Err(self.fail_text(len, invalid));
            }
        }
        Ok(())
    }
}
