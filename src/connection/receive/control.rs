//! Control frames that are received, RFC 6455 §5.5.

use alloc::boxed::Box;

use bytes::{Buf, BytesMut};

use crate::connection::state::Occurrence;
use crate::connection::{CloseStatus, Connection, Event, ExcessPings, PingPolicy, State};
use crate::error::{ProtocolError, Violation};
use crate::frame::{CloseBody, CurrentFrame, InvalidCloseBody, ShortBytes};
use crate::mask;
use crate::message::{Payload, Text};
use crate::opcode::Opcode;

impl Connection {
    /// Takes a piece of a control frame, RFC 6455 §5.5. If a read has cut the frame, appends the
    /// piece to those before it. Returns the event if the frame is whole.
    pub(super) fn take_control<'a>(
        &mut self,
        frame: CurrentFrame,
        mut piece: Payload<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        mask::unmask(&mut piece, frame.key);
        let is_last = frame.remaining == piece.len() as u64;
        if is_last && !frame.begun {
            return self.control_event(frame.opcode, piece).map(Some);
        }
        let reassembled = self.control.get_or_insert_with(|| Box::new(ShortBytes::EMPTY));
        reassembled.append(&piece);
        if is_last {
            let payload = BytesMut::from(&reassembled[..]).into();
            self.control = None;
            return self.control_event(frame.opcode, payload).map(Some);
        }
        if frame.opcode == Opcode::Close {
            let prefix = **reassembled;
            CloseBody::check_prefix(&prefix)
                .map_err(|invalid| self.error_in_close(prefix.len(), invalid))?;
        }
        Ok(None)
    }

    /// Handles a whole control frame, and returns its event.
    fn control_event<'a>(
        &mut self,
        opcode: Opcode,
        payload: Payload<'a>,
    ) -> Result<Event<'a>, ProtocolError> {
        match opcode {
            Opcode::Close => self.close_event(payload),
            Opcode::Ping => {
                self.answer_ping(&payload).map_err(|fault| self.error_in(1, (fault, 0)))?;
                Ok(Event::Ping(payload))
            }
            _ => Ok(Event::Pong(payload)),
        }
    }

    /// Handles the peer's Close. RFC 6455 §5.5.1: it is answered with its own code and reason,
    /// unless our Close was sent before.
    fn close_event<'a>(&mut self, payload: Payload<'a>) -> Result<Event<'a>, ProtocolError> {
        let body = CloseBody::parse(&payload)
            .map_err(|invalid| self.error_in_close(payload.len(), invalid))?;
        let code = body.status.map(|(code, _)| code);

        self.closure = code.map_or(CloseStatus::NoStatus, CloseStatus::Code);
        self.queue_close(body, Occurrence::ReceiveClose);
        Ok(Event::Close { code, reason: reason_of(payload) })
    }

    /// Answers a ping as the policy says. RFC 6455 §5.5.2: the pong repeats the payload. After our
    /// Close, no ping is answered: the Close is the last frame that we send.
    fn answer_ping(&mut self, payload: &[u8]) -> Result<(), Violation> {
        if self.state != State::Open {
            return Ok(());
        }
        let mut only_latest = false;
        match self.config.pings {
            PingPolicy::AnswerAll => {}
            PingPolicy::Manual => return Ok(()),
            PingPolicy::Budget { .. } if self.ping_budget.pay() => {}
            PingPolicy::Budget { burst, excess, .. } => match excess {
                ExcessPings::Coalesce => only_latest = true,
                ExcessPings::FailConnection => {
                    return Err(Violation::TooManyPings { limit: burst });
                }
                ExcessPings::Manual => return Ok(()),
            },
        }
        let frame = self.control_frame(Opcode::Pong, payload);
        self.output.push_pong(frame, only_latest);
        Ok(())
    }

    /// Returns the error in the body of a Close frame, of which `len` bytes were taken so far.
    fn error_in_close(&self, len: usize, invalid: InvalidCloseBody) -> ProtocolError {
        self.error_in(len, (invalid.violation, invalid.offset))
    }
}

/// Returns the reason in the body of a Close frame. The body was checked before.
fn reason_of(body: Payload<'_>) -> Text<'_> {
    let reason = match body.try_into_borrowed() {
        Ok(body) => Payload::from(body.get_mut(2..).unwrap_or_default()),
        Err(mut body) => {
            body.advance(body.len().min(2));
            Payload::from(body)
        }
    };
    Text::from_utf8(reason).unwrap_or(Text::EMPTY)
}
