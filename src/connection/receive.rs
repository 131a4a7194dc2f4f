//! The receiving half: from input to events.

use alloc::boxed::Box;
use alloc::string::ToString;

use bytes::{Buf, BytesMut};

use super::input::Input;
use super::state::Occurrence;
use super::{Closure, Connection, Event};
use crate::close::CloseReason;
use crate::error::{ProtocolError, Violation};
use crate::frame::{CloseBody, Current, ShortBytes};
use crate::message::{Assembler, Payload, Text};
use crate::opcode::Opcode;
use crate::utf8::Invalid;

impl Connection {
    /// Takes bytes that were read off the front of `input`, up to and including those that complete
    /// the next event.
    ///
    /// `None` says that all of `input` was taken. Until then, call it again with the same `input`;
    /// what is left in `input` when the caller stops earlier is the caller's to give again. Bytes
    /// after the peer's Close, and after an error, are taken and dropped.
    ///
    /// A message that lies whole in `input` is lent from there, without a copy or an allocation;
    /// one that does not is owned by its event. Either way `input` is overwritten.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`], once, at the first byte that shows that the peer breaks RFC 6455 or goes
    /// over a limit. The Close frame that says so is in the [output](Self::output) then, still to
    /// be written, unless our Close was sent before.
    #[inline]
    pub fn receive<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        self.receive_from(input)
    }

    /// As [`receive`](Self::receive), for input that is a buffer: what would be lent is split off
    /// from it instead, without a copy.
    ///
    /// Such an event keeps the whole buffer in memory; where that is too much, as when a few bytes
    /// are kept for long, copy them out.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    pub fn receive_bytes(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<Event<'static>>, ProtocolError> {
        self.receive_from(input)
    }

    #[inline]
    fn receive_from<'a>(
        &mut self,
        input: &mut impl Input<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        if !self.state.is_receiving() {
            input.skip(input.bytes().len());
            return Ok(None);
        }
        self.next_event(input).inspect_err(|error| self.fail(error))
    }

    fn next_event<'a>(
        &mut self,
        input: &mut impl Input<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        while let Some((frame, piece)) = self.next_piece(input)? {
            let event = if frame.opcode.is_control() {
                self.take_control(frame, piece)?
            } else {
                self.take_data(frame, piece)?
            };
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// The next piece of a frame's payload, unmasked, and the frame as it was before the piece.
    /// Every frame has at least one piece, which is empty where the frame is.
    #[inline]
    fn next_piece<'a>(
        &mut self,
        input: &mut impl Input<'a>,
    ) -> Result<Option<(Current, Payload<'a>)>, ProtocolError> {
        if self.decoder.current().is_none() {
            if input.bytes().is_empty() {
                return Ok(None);
            }
            let (taken, _) = self.decoder.header(input.bytes())?;
            input.skip(taken);
        }
        let Some(frame) = self.decoder.current() else { return Ok(None) };
        let Some(len) = frame.len_in(input.bytes().len()) else { return Ok(None) };
        let mut piece = input.take(len);
        self.decoder.payload(&mut piece);
        Ok(Some((frame, piece)))
    }

    /// A piece of a message, RFC 6455 §5.4, §5.6: lent where it is all of it.
    #[inline]
    fn take_data<'a>(
        &mut self,
        frame: Current,
        piece: Payload<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let is_whole = frame.fin && !frame.begun && frame.remaining == piece.len() as u64;
        match frame.opcode {
            Opcode::Binary if is_whole => Ok(Some(Event::Binary(piece))),
            Opcode::Text if is_whole => {
                let start = self.start_of(&piece);
                let text = Text::from_utf8(piece).map_err(|error| invalid_utf8(start, error))?;
                Ok(Some(Event::Text(text)))
            }
            _ => self.collect(frame, &piece),
        }
    }

    /// A piece of a message that did not come whole: copied to those before it.
    fn collect(
        &mut self,
        frame: Current,
        piece: &[u8],
    ) -> Result<Option<Event<'static>>, ProtocolError> {
        let start = self.start_of(piece);
        let to_come = frame.remaining - piece.len() as u64;
        let is_last = frame.fin && to_come == 0;
        // More fragments may bring any number of bytes.
        let expected = if frame.fin { to_come } else { u64::MAX };

        let message = self.message.get_or_insert_with(|| Assembler::new(frame.opcode));
        message.append(piece, expected).map_err(|error| invalid_utf8(start, error))?;
        match self.message.take_if(|_| is_last) {
            None => Ok(None),
            Some(Assembler::Binary(data)) => {
                Ok(Some(Event::Binary(Payload::Owned(data.into_bytes()))))
            }
            // RFC 6455 §8.1: a message as a whole is UTF-8. Its end shows that it is not.
            Some(Assembler::Text(text)) => match text.finish() {
                Some(text) => Ok(Some(Event::Text(text))),
                None => {
                    let last = self.decoder.offset() - 1;
                    Err(ProtocolError::new(Violation::InvalidUtf8, last))
                }
            },
        }
    }

    /// A piece of a control frame, RFC 6455 §5.5: collected where a read has cut it.
    fn take_control<'a>(
        &mut self,
        frame: Current,
        piece: Payload<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let is_last = frame.remaining == piece.len() as u64;
        if is_last && !frame.begun {
            return self.control_event(frame.opcode, piece).map(Some);
        }
        let collected = self.control.get_or_insert_with(|| Box::new(ShortBytes::EMPTY));
        collected.append(&piece);
        if is_last {
            let payload = Payload::Owned(BytesMut::from(&collected[..]));
            self.control = None;
            return self.control_event(frame.opcode, payload).map(Some);
        }
        if frame.opcode == Opcode::Close {
            let start = self.decoder.offset() - collected.len() as u64;
            CloseBody::check_prefix(collected).map_err(|fault| in_payload(start, fault))?;
        }
        Ok(None)
    }

    /// A whole control frame.
    fn control_event<'a>(
        &mut self,
        opcode: Opcode,
        payload: Payload<'a>,
    ) -> Result<Event<'a>, ProtocolError> {
        match opcode {
            Opcode::Close => self.close_event(payload),
            Opcode::Ping => {
                self.answer_ping(&payload);
                Ok(Event::Ping(payload))
            }
            _ => Ok(Event::Pong(payload)),
        }
    }

    /// RFC 6455 §5.5.1: the peer's Close, answered with its own code unless we have sent ours.
    fn close_event<'a>(&mut self, payload: Payload<'a>) -> Result<Event<'a>, ProtocolError> {
        let start = self.start_of(&payload);
        let body = CloseBody::parse(&payload).map_err(|fault| in_payload(start, fault))?;
        let code = body.status.map(|(code, _)| code);

        self.closure = code.map_or(Closure::NoStatus, Closure::Code);
        self.queue_close(code.map(|code| (code, CloseReason::EMPTY)), Occurrence::ReceiveClose);
        Ok(Event::Close { code, reason: reason_of(payload) })
    }

    /// Where in the stream the bytes begin that were taken last.
    fn start_of(&self, taken: &[u8]) -> u64 {
        self.decoder.offset() - taken.len() as u64
    }

    /// RFC 6455 §7.1.7: says why in a Close frame, and reads no more.
    #[cold]
    fn fail(&mut self, error: &ProtocolError) {
        let reason = error.violation().to_string();
        let status = (error.close_code(), CloseReason::truncated(&reason));
        self.queue_close(Some(status), Occurrence::Violation);
    }
}

/// An error at an index of a payload that starts at `start`.
fn in_payload(start: u64, (violation, at): (Violation, usize)) -> ProtocolError {
    ProtocolError::new(violation, start + at as u64)
}

fn invalid_utf8(start: u64, error: Invalid) -> ProtocolError {
    in_payload(start, (Violation::InvalidUtf8, error.at))
}

/// The reason in the body of a Close frame, which was judged before.
fn reason_of(body: Payload<'_>) -> Text<'_> {
    let reason = match body {
        Payload::Borrowed(body) => Payload::Borrowed(body.get_mut(2..).unwrap_or_default()),
        Payload::Owned(mut body) => {
            body.advance(body.len().min(2));
            Payload::Owned(body)
        }
    };
    Text::from_utf8(reason).unwrap_or(Text::EMPTY)
}
