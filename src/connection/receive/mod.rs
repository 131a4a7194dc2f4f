//! The receiving half: from input to events.

mod control;
mod error;
mod in_place;

use alloc::string::ToString;

use bytes::{Buf, BytesMut};

use super::{Connection, Event};
use crate::error::{ProtocolError, Violation};
use crate::frame::{CurrentFrame, SingleFrame};
use crate::input::Input;
use crate::mask::{self, Key};
use crate::message::{Payload, Received, Text};
use crate::opcode::Opcode;
use crate::utf8::InvalidUtf8;

pub use error::ReceiveError;

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
    #[inline(always)]
    pub fn receive<'a>(
        &mut self,
        input: &mut Input<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        self.receive_from(input, |event| event)
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
    pub fn receive_from_bytes_mut(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<Event<'static>>, ProtocolError> {
        self.receive_from(input, |event| event)
    }

    /// The common case, a message in one frame that lies whole in `input`; all else is out of line.
    ///
    /// Events and errors are wrapped here, where they are made, so that the common case needs no copy.
    #[inline(always)]
    pub(crate) fn receive_from<'a, Wrapped, Failed: From<ProtocolError>>(
        &mut self,
        input: &mut impl Source<'a>,
        wrap: impl Fn(Event<'a>) -> Wrapped,
    ) -> Result<Option<Wrapped>, Failed> {
        let Some(message) = self.whole_message(input.bytes()) else {
            let mut event = None;
            if !self.take_inner_piece(input) {
                self.receive_in_pieces(input, &mut event)?;
            }
            return Ok(event.map(wrap));
        };
        input.skip(message.header_len);
        let payload = input.take(message.payload_len);
        match borrowed(message.opcode, payload, message.key) {
            Ok(event) => Ok(Some(wrap(event))),
            Err(invalid) => Err(self.fail_text(message.payload_len, invalid).into()),
        }
    }

    /// Takes the message that `bytes` begin with if it is in one frame and whole, unless messages are
    /// streamed.
    #[inline]
    fn whole_message(&mut self, bytes: &[u8]) -> Option<SingleFrame> {
        if self.is_streaming { None } else { self.decoder.whole_message(bytes) }
    }

    /// The common case of small reads: all of `input` is an inner part of a data frame's payload,
    /// and there is room for it. `false` says that it is not so plain, and that nothing was taken.
    #[inline(never)]
    fn take_inner_piece<'a>(&mut self, input: &mut impl Source<'a>) -> bool {
        let piece = input.bytes();
        let Some(frame) = self.decoder.current() else { return false };
        let len = piece.len();
        let is_taken = frame.is_inner(len) && self.assembler.append_in_room(piece, frame.key);
        if is_taken {
            self.decoder.advance(len);
            input.skip(len);
        }
        is_taken
    }

    /// Frames in all the ways in which they may come.
    ///
    /// The event has a place of its own to go to, so that the common case can keep its event in
    /// registers: to return it here would put both in the same memory.
    #[inline(never)]
    fn receive_in_pieces<'a>(
        &mut self,
        input: &mut impl Source<'a>,
        event: &mut Option<Event<'a>>,
    ) -> Result<(), ProtocolError> {
        self.next_event(input, event).inspect_err(|error| self.fail(error))
    }

    fn next_event<'a>(
        &mut self,
        input: &mut impl Source<'a>,
        event: &mut Option<Event<'a>>,
    ) -> Result<(), ProtocolError> {
        loop {
            let Some(frame) = self.decoder.current() else {
                if input.bytes().is_empty() {
                    return Ok(());
                }
                if !self.is_streaming && self.decoder.is_at_fragment(input.bytes()) {
                    let taken = self.take_fragments(input, event)?;
                    if event.is_some() {
                        return Ok(());
                    }
                    if taken > 0 {
                        continue;
                    }
                }
                let taken = self.decoder.header(input.bytes())?;
                input.skip(taken);
                continue;
            };
            // Every frame has at least one piece, which is empty where the frame is.
            let Some(len) = frame.len_in(input.bytes().len()) else { return Ok(()) };
            if frame.opcode.is_control() {
                self.decoder.advance(len);
                *event = self.take_control(frame, input.take(len))?;
            } else if self.is_streaming {
                *event = self.pass_on(frame, len, input)?;
            } else if frame.is_whole_message(len) {
                self.decoder.advance(len);
                let message = borrowed(frame.opcode, input.take(len), frame.key);
                *event = Some(message.map_err(|invalid| self.error_in(len, bad_text(invalid)))?);
            } else {
                self.collect(frame, len, input)?;
                if frame.is_end_of_message(len) {
                    *event = Some(self.finish_message()?);
                }
            }
            if event.is_some() {
                return Ok(());
            }
        }
    }

    /// Fragments, RFC 6455 §5.4, up to the end of their message or to what is not so plain: each that
    /// lies whole in `input` in one piece, from its header to the message, and the header of one that
    /// does not. Gives how many bytes it took.
    #[inline(never)]
    fn take_fragments<'a>(
        &mut self,
        input: &mut impl Source<'a>,
        event: &mut Option<Event<'a>>,
    ) -> Result<usize, ProtocolError> {
        let assembler = &mut self.assembler;
        let (taken, end) = self.decoder.fragments(input.bytes(), |fragment, payload| {
            let to_come = if fragment.fin { 0 } else { u64::MAX };
            assembler
                .append(fragment.opcode, payload, fragment.key, to_come)
                .map_err(|invalid| (payload.len(), invalid))
        });
        input.skip(taken);
        match end {
            Ok(false) => Ok(taken),
            Ok(true) => {
                *event = Some(self.finish_message()?);
                Ok(taken)
            }
            Err((len, invalid)) => Err(self.error_in(len, bad_text(invalid))),
        }
    }

    /// Takes the next chunk of a message that is streamed, of whose payload `available` bytes are there.
    /// Returns `None` if it completes no code point.
    fn pass_on<'a>(
        &mut self,
        frame: CurrentFrame,
        available: usize,
        input: &mut impl Source<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        let len = self.assembler.chunk_len(frame.opcode, available);
        let last = frame.is_end_of_message(len);
        let chunk = self.assembler.take_chunk(input.take(len), frame.key);
        self.decoder.advance(len);
        let chunk = chunk.map_err(|invalid| self.error_in(len, bad_text(invalid)))?;
        if last {
            self.assembler.end_stream().then_some(()).ok_or_else(|| self.cut_text())?;
        }
        Ok(match chunk {
            Received::Text(text) => {
                (last || !text.is_empty()).then_some(Event::TextChunk { text, last })
            }
            Received::Binary(data) => {
                (last || !data.is_empty()).then_some(Event::BinaryChunk { data, last })
            }
        })
    }

    /// A piece of a message that does not lie whole in one input: copied to those before it.
    fn collect<'a>(
        &mut self,
        frame: CurrentFrame,
        len: usize,
        input: &mut impl Source<'a>,
    ) -> Result<(), ProtocolError> {
        // More fragments may bring any number of bytes.
        let to_come = if frame.fin { frame.remaining - len as u64 } else { u64::MAX };
        let piece = input.bytes().get(..len).unwrap_or_default();
        let appended = self.assembler.append(frame.opcode, piece, frame.key, to_come);
        self.decoder.advance(len);
        input.skip(len);
        appended.map_err(|invalid| self.error_in(len, bad_text(invalid)))
    }

    /// Returns the message that was reassembled.
    fn finish_message(&mut self) -> Result<Event<'static>, ProtocolError> {
        self.assembler.finish().map(Event::from).ok_or_else(|| self.cut_text())
    }

    /// RFC 6455 §8.1: a message as a whole is UTF-8. Its last byte shows that it is not.
    fn cut_text(&self) -> ProtocolError {
        self.error_in(1, bad_text(InvalidUtf8 { offset: 0 }))
    }

    /// An error at an index of the last `len` bytes that were taken.
    fn error_in(&self, len: usize, (violation, at): (Violation, usize)) -> ProtocolError {
        ProtocolError::new(violation, self.decoder.offset() - len as u64 + at as u64)
    }

    /// Fails because of a text in the last `len` bytes that were taken.
    #[cold]
    #[inline(never)]
    fn fail_text(&mut self, len: usize, invalid: InvalidUtf8) -> ProtocolError {
        let error = self.error_in(len, bad_text(invalid));
        self.fail(&error);
        error
    }

    /// RFC 6455 §7.1.7: says why in a Close frame, and reads no more.
    #[cold]
    fn fail(&mut self, error: &ProtocolError) {
        self.fail_with(error.close_code(), &error.violation().to_string());
    }
}

/// What bytes are taken from: one state machine reads two kinds of input, parts of which are borrowed or
/// split off for `'a`.
pub(crate) trait Source<'a> {
    /// All that is left.
    fn bytes(&self) -> &[u8];

    /// Drops `len` bytes off the front.
    fn skip(&mut self, len: usize);

    /// Takes `len` bytes, of which there are as many, off the front.
    fn take(&mut self, len: usize) -> Payload<'a>;
}

impl<'a> Source<'a> for Input<'a> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    #[inline]
    fn skip(&mut self, len: usize) {
        Input::take(self, len);
    }

    #[inline]
    fn take(&mut self, len: usize) -> Payload<'a> {
        Input::take(self, len).into()
    }
}

impl Source<'static> for BytesMut {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn skip(&mut self, len: usize) {
        self.advance(len.min(self.len()));
    }

    fn take(&mut self, len: usize) -> Payload<'static> {
        self.split_to(len.min(self.len())).into()
    }
}

/// Returns a message that is borrowed from the input, its payload unmasked there.
#[inline(always)]
fn borrowed(
    opcode: Opcode,
    mut payload: Payload<'_>,
    key: Option<Key>,
) -> Result<Event<'_>, InvalidUtf8> {
    if opcode == Opcode::Text {
        return Text::unmask(payload, key).map(Event::Text);
    }
    mask::unmask(&mut payload, key);
    Ok(Event::Binary(payload))
}

/// RFC 6455 §8.1: text is UTF-8.
fn bad_text(InvalidUtf8 { offset: at }: InvalidUtf8) -> (Violation, usize) {
    (Violation::InvalidUtf8, at)
}
