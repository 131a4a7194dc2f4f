//! The receiving half over a buffer in which a message stays until it is whole.

use super::{ReceiveError, borrowed};
use crate::close::CloseCode;
use crate::connection::{Connection, Event};
use crate::error::ProtocolError;
use crate::frame::Peek;
use crate::message::ReadBuffer;

impl Connection {
    /// Takes what was read off the front of `input`, up to and including what completes the next
    /// event.
    ///
    /// It is as [`receive`](Self::receive), but for what `input` does: a message in one frame stays
    /// there until it is whole, and is lent from there, also where many reads brought it. A text is
    /// validated as it comes all the same, and whatever breaks a rule is found at the same byte.
    /// Fragments are reassembled elsewhere, and their event owns the message.
    ///
    /// `None` says that more has to be read. A buffer in which something is left belongs to its
    /// connection; an empty one may serve any.
    ///
    /// # Errors
    ///
    /// [`ReceiveError::Protocol`] as for [`receive`](Self::receive).
    ///
    /// [`ReceiveError::ForeignBuffer`] where `input` holds bytes of another connection, or lacks bytes
    /// of this one that were left in a buffer and not [taken out of it](ReadBuffer::into_unread) to be put in
    /// here. Nothing is taken from it then, and the connection has failed: a Close frame of 1011 is in the
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
        if !(input.belongs_to(self.id) || input.claim(self.id, self.decoder.held())) {
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

    /// Fails as by an internal error (1011), as bytes of this connection may be where no one knows.
    #[cold]
    #[inline(never)]
    fn fail_by_foreign_buffer(&mut self) -> ReceiveError {
        self.fail_with(CloseCode::INTERNAL_ERROR, "internal error");
        ReceiveError::ForeignBuffer
    }

    /// A message that is not whole, or was not before; and all else.
    ///
    /// The event has a place of its own to go to, as in `receive`.
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
