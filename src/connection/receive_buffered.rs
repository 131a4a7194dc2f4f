//! The receiving half over a buffer in which a message stays until it is whole.

use super::read_buffer::ReadBuffer;
use super::receive::lend;
use super::{Connection, Event};
use crate::error::ProtocolError;
use crate::frame::Kept;
use crate::input::Input;
use crate::message::Whole;
use crate::utf8::Invalid;

impl Connection {
    /// Takes what was read off the front of `input`, up to and including what completes the next
    /// event.
    ///
    /// It is as [`receive`](Self::receive), but for what `input` does: a message in one frame stays
    /// there until it is whole, and is lent from there, also where many reads brought it. A text is
    /// validated as it comes all the same, and whatever breaks a rule is found at the same byte.
    /// Fragments are put together elsewhere, and a message of several is owned by its event.
    ///
    /// `None` says that more has to be read. A buffer in which something is left belongs to its
    /// connection.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    #[inline(always)]
    pub fn receive_buffered<'a>(
        &mut self,
        input: &'a mut ReadBuffer,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let Some(message) = self.decoder.whole_message(input.unread_as_received()) else {
            let mut event = None;
            if self.decoder.is_keeping() && input.is_waiting() {
                self.decoder.note_kept(input.len());
            } else if !input.is_empty() {
                self.receive_kept(input, &mut event)?;
            }
            return Ok(event);
        };
        let payload = input.take(message.header_len, message.payload_len);
        match lend(message.opcode, message.key, payload.into()) {
            Ok(event) => Ok(Some(event)),
            Err(invalid) => Err(self.fail_text(message.payload_len, invalid)),
        }
    }

    /// A message that is not whole, or was not before; and all else.
    ///
    /// The event has a place of its own to go to, as in `receive`.
    #[inline(never)]
    fn receive_kept<'a>(
        &mut self,
        input: &'a mut ReadBuffer,
        event: &mut Option<Event<'a>>,
    ) -> Result<(), ProtocolError> {
        if !(self.decoder.is_keeping() && input.is_ahead()) {
            // What another connection has looked at means nothing here.
            input.undo();
            match self.decoder.keep(input.unread()) {
                Some(Kept::Message(frame)) => input.begin(frame),
                Some(Kept::Header(len)) => {
                    input.keep(len);
                    return Ok(());
                }
                None => return self.receive_unread(input, event),
            }
        }
        self.look_ahead(input, event)
    }

    /// Takes what may not stay in the buffer.
    fn receive_unread<'a>(
        &mut self,
        input: &'a mut ReadBuffer,
        event: &mut Option<Event<'a>>,
    ) -> Result<(), ProtocolError> {
        let (unread, start) = input.unread_mut();
        let len = unread.len();
        let mut unread = Input::new(unread);
        let received = self.receive_in_pieces(&mut unread, event);
        *start += len - unread.len();
        received
    }

    /// Looks at the message that `input` begins with as far as it has come, and takes it where that
    /// is to its end.
    fn look_ahead<'a>(
        &mut self,
        input: &'a mut ReadBuffer,
        event: &mut Option<Event<'a>>,
    ) -> Result<(), ProtocolError> {
        let Some((ahead, payload)) = input.ahead() else { return Ok(()) };
        let (header_len, payload_len) = (ahead.header_len(), ahead.payload_len());
        let len = header_len + payload.len();
        if payload.len() < payload_len {
            self.decoder.note_kept(len);
            let invalid = match ahead.look(payload) {
                Ok(()) => {
                    let (batch, is_text) = (ahead.batch(), ahead.is_text());
                    input.looked(batch, is_text);
                    return Ok(());
                }
                Err(invalid) => invalid,
            };
            self.decoder.take_kept(len);
            input.take_all();
            return Err(self.fail_text(len, Invalid { at: header_len + invalid.at }));
        }
        let Some((ahead, payload)) = input.take_ahead() else { return Ok(()) };
        self.decoder.take_kept(header_len + payload_len);
        *event = match ahead.finish(payload) {
            Ok(Whole::Text(text)) => Some(Event::Text(text)),
            Ok(Whole::Binary(data)) => Some(Event::Binary(data)),
            Err(invalid) => return Err(self.fail_text(payload_len, invalid)),
        };
        Ok(())
    }
}
