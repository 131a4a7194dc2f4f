//! A decoder of messages: what a device without an allocator needs beyond frames.

use core::fmt;

use super::MAX_CONTROL_PAYLOAD;
use super::close_body::{CloseBody, InvalidCloseBody};
use super::control_frame::{ControlFrame, control_frame};
use super::current_frame::CurrentFrame;
use super::decoder::{Decoder, Part};
use super::rules::Limits;
use super::short::ShortBytes;
use crate::close::CloseReason;
use crate::error::{ProtocolError, Violation};
use crate::input::Input;
use crate::opcode::Opcode;
use crate::role::Role;
use crate::utf8::{InvalidUtf8, Validator};

/// Decodes the messages that the peer sends, in place, and answers its pings and its Close.
///
/// It is what a [`Decoder`] lacks to be one direction of a connection (RFC 6455 §5.4 to §7): it
/// joins the pieces of control frames, validates text over frames, judges a Close, and says what to
/// answer. It stores one control frame and no message, and needs no allocator.
///
/// After each piece of input, send what [`answer`](Self::answer) returns, between two frames of
/// your own. Your messages are encoded by an [`Encoder`](super::Encoder). Send none of them after
/// [`is_closed`](Self::is_closed) returns `true`.
///
/// ```
/// use sansock::frame::{MessageDecoder, MessagePart};
/// use sansock::{Input, Role};
///
/// // A device that is a client. A server sends "Hi" in two frames, and a ping between them.
/// let mut bytes = *b"\x01\x01H\x89\x01?\x80\x01i";
/// let mut input = Input::new(&mut bytes);
/// let mut decoder = MessageDecoder::new(Role::Client);
/// let mut text = [0; 2];
/// let mut len = 0;
/// let key = || [0x37, 0xfa, 0x21, 0x3d]; // from a strong source of entropy, fresh for each frame
/// let mut to_send = [0; 7];
/// while let Some(part) = decoder.decode(&mut input)? {
///     if let MessagePart::Text { bytes, .. } = part {
///         text[len..][..bytes.len()].copy_from_slice(bytes);
///         len += bytes.len();
///     }
///     if let Some(frame) = decoder.answer(key) {
///         to_send.copy_from_slice(&frame);
///     }
/// }
/// assert_eq!(&text, b"Hi");
/// assert_eq!(&to_send, b"\x8A\x81\x37\xfa\x21\x3d\x08"); // a pong with "?"
/// # Ok::<(), sansock::ProtocolError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MessageDecoder {
    decoder: Decoder,
    /// The validator of a text in progress. `None` within binary and between messages.
    text: Option<Validator>,
    control: ControlPayload,
    /// The opcode and the payload to answer with.
    due: Option<(Opcode, ControlPayload)>,
    /// `true` if the peer's Close was decoded, or a rule was broken.
    is_over: bool,
    /// `true` if a Close was returned to be sent.
    has_closed: bool,
}

/// The payload of a control frame: at most 125 bytes, stored inline.
pub type ControlPayload = ShortBytes<MAX_CONTROL_PAYLOAD>;

/// A piece of a message, or a whole control frame.
#[non_exhaustive]
pub enum MessagePart<'a> {
    /// The next piece of a text.
    Text {
        /// The piece, borrowed from the input. With the pieces before it, it is valid UTF-8, except
        /// that the last code point may continue in the next piece.
        bytes: &'a mut [u8],
        /// `true` if the message ends with this piece. The piece may be empty.
        last: bool,
    },
    /// The next piece of a binary message.
    Binary {
        /// The piece, borrowed from the input.
        bytes: &'a mut [u8],
        /// `true` if the message ends with this piece. The piece may be empty.
        last: bool,
    },
    /// A ping. [`MessageDecoder::answer`] returns its pong.
    Ping(ControlPayload),
    /// A pong.
    Pong(ControlPayload),
    /// The peer's Close. Nothing comes after it. [`MessageDecoder::answer`] returns ours.
    Close(CloseFrame),
}

/// The body of a Close frame that was received and judged, RFC 6455 §5.5.1.
#[derive(Clone, Copy)]
pub struct CloseFrame(ControlPayload);

impl CloseFrame {
    /// Returns the code and the reason.
    pub fn body(&self) -> CloseBody<'_> {
        // It was judged when it was received.
        CloseBody::parse(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CloseFrame").field(&self.body().status.map(|(code, _)| code)).finish()
    }
}

/// Shows only the length of a payload, so that logs contain no user data.
impl fmt::Debug for MessagePart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bytes, last) = match self {
            MessagePart::Text { bytes, last } => ("Text", bytes, last),
            MessagePart::Binary { bytes, last } => ("Binary", bytes, last),
            MessagePart::Ping(payload) => return f.debug_tuple("Ping").field(payload).finish(),
            MessagePart::Pong(payload) => return f.debug_tuple("Pong").field(payload).finish(),
            MessagePart::Close(frame) => return f.debug_tuple("Close").field(frame).finish(),
        };
        write!(f, "{name}({} bytes{})", bytes.len(), if *last { "" } else { " of more" })
    }
}

impl MessageDecoder {
    /// Creates a decoder for an endpoint of this role, with [`Limits::DEFAULT`].
    pub const fn new(role: Role) -> Self {
        MessageDecoder {
            decoder: Decoder::new(role),
            text: None,
            control: ControlPayload::EMPTY,
            due: None,
            is_over: false,
            has_closed: false,
        }
    }

    /// Sets the limits. A device that stores whole messages sets the size of its buffer.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.decoder = self.decoder.with_limits(limits);
        self
    }

    /// Takes the next piece of a message, or the next control frame, from the front of `input`.
    ///
    /// Returns `None` if all of `input` was taken and the next part needs more bytes. After a Close
    /// or an error, all input is taken and dropped.
    ///
    /// # Errors
    ///
    /// Returns [`ProtocolError`], once, at the first byte that breaks a rule. The next
    /// [`answer`](Self::answer) is a Close with its code.
    pub fn decode<'a>(
        &mut self,
        input: &mut Input<'a>,
    ) -> Result<Option<MessagePart<'a>>, ProtocolError> {
        loop {
            let frame = self.decoder.current();
            let part = self.decoder.decode(input).map_err(|error| self.fail(error))?;
            let taken = match (frame, part) {
                (_, None) => return Ok(None),
                (Some(frame), Some(Part::Payload { bytes, last })) => {
                    self.take(frame, bytes, last).map_err(|error| self.fail(error))?
                }
                // A header: its payload says more.
                _ => None,
            };
            if taken.is_some() {
                return Ok(taken);
            }
        }
    }

    /// Returns the next frame to send: a pong for the latest ping, a Close that answers the peer's,
    /// or a Close after an error. Returns `None` if nothing is to be answered.
    ///
    /// A client's frame is masked with a key from `mask_key`, which a server never calls. The keys
    /// must come from a strong source of entropy, RFC 6455 §5.3, §10.3.
    ///
    /// Only the latest ping is answered (RFC 6455 §5.5.3) if several are decoded before you call it.
    pub fn answer(&mut self, mask_key: impl FnOnce() -> [u8; 4]) -> Option<ControlFrame> {
        let (opcode, payload) = self.due?;
        let frame = self.encode(opcode, &payload, mask_key);
        self.due = None;
        Some(frame)
    }

    /// Returns a Close to send, RFC 6455 §7.1.2. After it you send nothing more, and decode until
    /// the peer's Close arrives, or the transport ends.
    ///
    /// Returns `None` if a Close was returned before, or [`answer`](Self::answer) is about to
    /// return one. A server must not send 1010, RFC 6455 §7.4.1.
    pub fn close(
        &mut self,
        body: CloseBody<'_>,
        mask_key: impl FnOnce() -> [u8; 4],
    ) -> Option<ControlFrame> {
        if self.is_closed() {
            return None;
        }
        let frame = self.encode(Opcode::Close, &body.to_bytes(), mask_key);
        self.due = None;
        Some(frame)
    }

    /// Returns `true` once a Close of ours was returned or is due. Send no more messages then.
    pub fn is_closed(&self) -> bool {
        self.has_closed || matches!(self.due, Some((Opcode::Close, _)))
    }

    /// Returns `true` once the peer's Close was decoded or a rule was broken. Nothing more is
    /// decoded then. As soon as our Close is sent, a server ends the transport, and a client waits
    /// for its end (RFC 6455 §7.1.1).
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    fn take<'a>(
        &mut self,
        frame: CurrentFrame,
        bytes: &'a mut [u8],
        is_end_of_frame: bool,
    ) -> Result<Option<MessagePart<'a>>, ProtocolError> {
        if frame.opcode.is_control() {
            if !frame.begun {
                self.control = ControlPayload::EMPTY;
            }
            self.control.append(bytes);
            return self.take_control(frame.opcode, is_end_of_frame);
        }
        if !frame.begun && frame.opcode != Opcode::Continuation {
            self.text = (frame.opcode == Opcode::Text).then(Validator::new);
        }
        let last = frame.fin && is_end_of_frame;
        self.validate(bytes, last)?;
        if bytes.is_empty() && !last {
            return Ok(None);
        }
        Ok(Some(match self.text {
            Some(_) => MessagePart::Text { bytes, last },
            None => MessagePart::Binary { bytes, last },
        }))
    }

    /// RFC 6455 §8.1: the text of all frames together is UTF-8.
    fn validate(&mut self, bytes: &[u8], last: bool) -> Result<(), ProtocolError> {
        let Some(text) = &mut self.text else { return Ok(()) };
        if let Err(InvalidUtf8 { offset }) = text.push(bytes) {
            return Err(self.error_in(bytes.len(), (Violation::InvalidUtf8, offset)));
        }
        if last && !text.is_complete() {
            return Err(self.error_in(1, (Violation::InvalidUtf8, 0)));
        }
        Ok(())
    }

    fn take_control<'a>(
        &mut self,
        opcode: Opcode,
        is_end_of_frame: bool,
    ) -> Result<Option<MessagePart<'a>>, ProtocolError> {
        let payload = self.control;
        if opcode == Opcode::Close {
            let judged = match is_end_of_frame {
                true => CloseBody::parse(&payload).map(drop),
                false => CloseBody::check_prefix(&payload),
            };
            judged.map_err(|InvalidCloseBody { violation, offset }| {
                self.error_in(payload.len(), (violation, offset))
            })?;
        }
        Ok(match opcode {
            _ if !is_end_of_frame => None,
            Opcode::Close => {
                // RFC 6455 §5.5.1: the answer repeats the code.
                self.end(payload);
                Some(MessagePart::Close(CloseFrame(payload)))
            }
            Opcode::Ping => {
                if !self.is_closed() {
                    self.due = Some((Opcode::Pong, payload));
                }
                Some(MessagePart::Ping(payload))
            }
            _ => Some(MessagePart::Pong(payload)),
        })
    }

    /// Returns the error at the index `at` of the last `len` bytes that were taken.
    fn error_in(&self, len: usize, (violation, at): (Violation, usize)) -> ProtocolError {
        ProtocolError::new(violation, self.decoder.offset() - len as u64 + at as u64)
    }

    fn fail(&mut self, error: ProtocolError) -> ProtocolError {
        let status = Some((error.close_code(), CloseReason::EMPTY));
        self.end(CloseBody { status }.to_bytes());
        error
    }

    /// Stops decoding, and answers with a Close unless one was sent.
    fn end(&mut self, close: ControlPayload) {
        self.decoder.stop();
        self.is_over = true;
        self.due = (!self.has_closed).then_some((Opcode::Close, close));
    }

    /// Encodes a frame. If `mask_key` panics, nothing has changed.
    fn encode(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        mask_key: impl FnOnce() -> [u8; 4],
    ) -> ControlFrame {
        let key = self.decoder.role().masks().then(mask_key);
        self.has_closed |= opcode == Opcode::Close;
        control_frame(opcode, payload, key)
    }
}
