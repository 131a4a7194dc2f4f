//! Receiving from input that the caller owns.

use alloc::string::ToString;

use bytes::{Buf, BytesMut};

use crate::connection::{Connection, Event};
use crate::error::{ProtocolError, Violation};
use crate::frame::{CurrentFrame, SingleFrame};
use crate::input::Input;
use crate::mask::{self, Key};
use crate::message::{Payload, Received, Text};
use crate::opcode::Opcode;
use crate::utf8::InvalidUtf8;

/// Receiving.
impl Connection {
    /// Takes bytes from the front of `input`, up to the end of the next event, and returns the
    /// event.
    ///
    /// `None` means that all of `input` was taken. Call it with the same `input` until then. If you
    /// stop earlier, what is left in `input` was not received: pass it again later. After the
    /// peer's Close and after an error, bytes are taken and discarded.
    ///
    /// A message that is one frame, whole in `input`, is borrowed from there, without a copy or an
    /// allocation. Any other message is owned by its event. Either way, treat what was taken from
    /// `input` as overwritten.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`] at the first byte that shows that the peer breaks RFC 6455 or exceeds a
    /// limit. It is returned once. Unless our Close was sent before, a Close frame that says why is
    /// then in the [output](Self::output): write it.
    #[inline(always)]
    pub fn receive<'a>(
        &mut self,
        input: &mut Input<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        self.receive_from(input, |event| event)
    }

    /// Does the same as [`receive`](Self::receive) for input in a `BytesMut`. What `receive` would
    /// borrow is split off from `input` instead, without a copy.
    ///
    /// Such an event keeps the whole buffer allocated. If that is too much, for example if you keep
    /// a few bytes for long, copy them out.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn receive_from_bytes_mut(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<Event<'static>>, ProtocolError> {
        self.receive_from(input, |event| event)
    }
}

impl Connection {
    /// Takes bytes up to the end of the next event. The most frequent case, a message in one frame
    /// that is whole in `input`, is inlined.
    ///
    /// Events and errors are wrapped here, where they are made, so that this case needs no copy.
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

    /// Takes the message at the front of `bytes` if it is one frame and whole. Returns `None` if
    /// not, or if messages are streamed.
    #[inline]
    pub(super) fn whole_message(&mut self, bytes: &[u8]) -> Option<SingleFrame> {
        if self.is_streaming { None } else { self.decoder.whole_message(bytes) }
    }

    /// Takes all of `input` if it is an inner part of a data frame's payload and there is room for
    /// it, which is the most frequent case of small reads. Otherwise takes nothing and returns
    /// `false`.
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

    /// Takes bytes up to the end of the next event, however the frames are cut. Fails the
    /// connection after an error.
    ///
    /// The event is written through a reference. If it were returned, the event of the most
    /// frequent case would share its memory, and could not stay in registers.
    #[inline(never)]
    pub(super) fn receive_in_pieces<'a>(
        &mut self,
        input: &mut impl Source<'a>,
        event: &mut Option<Event<'a>>,
    ) -> Result<(), ProtocolError> {
        self.next_event(input, event).inspect_err(|error| self.fail(error))
    }

    /// Takes bytes up to the end of the next event, which is written to `event`.
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
                if self.only_reassembles && self.decoder.is_at_fragment(input.bytes()) {
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
            // Every frame has at least one piece, which is empty if the frame is.
            let Some(len) = frame.len_in(input.bytes().len()) else { return Ok(()) };
            if frame.opcode.is_control() {
                self.decoder.advance(len);
                *event = self.take_control(frame, input.take(len))?;
            } else if !self.only_reassembles && self.take_specially(frame, len, input, event)? {
                // It is streamed or inflated.
            } else if frame.is_whole_message(len) {
                self.decoder.advance(len);
                let message = borrowed(frame.opcode, input.take(len), frame.key);
                *event = Some(message.map_err(|invalid| self.error_in(len, bad_text(invalid)))?);
            } else {
                self.reassemble(frame, len, input)?;
                if frame.is_end_of_message(len) {
                    *event = Some(self.finish_message()?);
                }
            }
            if event.is_some() {
                return Ok(());
            }
        }
    }

    /// Takes the next piece of a message that is not reassembled as it comes. `input` holds `len` bytes
    /// of its payload. Returns `false` if it is reassembled.
    fn take_specially<'a>(
        &mut self,
        frame: CurrentFrame,
        len: usize,
        input: &mut impl Source<'a>,
        event: &mut Option<Event<'a>>,
    ) -> Result<bool, ProtocolError> {
        #[cfg(feature = "deflate")]
        if self.is_compressed(frame) {
            *event = self.take_compressed(frame, len, input)?;
            return Ok(true);
        }
        if self.is_streaming {
            *event = self.pass_on(frame, len, input)?;
        }
        Ok(self.is_streaming)
    }

    /// Takes fragments, RFC 6455 §5.4, up to the end of their message or to anything that is not a
    /// plain fragment. Appends each whole fragment to the message. Of a fragment that is not whole
    /// in `input`, takes only the header. Returns how many bytes it took.
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

    /// Takes the next chunk of a streamed message. `input` holds `available` bytes of the payload.
    /// Returns `None` if they complete no code point.
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
        Ok(chunk_event(chunk, last))
    }

    /// Takes a piece of a message that is not whole in one input, and appends it to the pieces
    /// before it.
    fn reassemble<'a>(
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

    /// Returns the message that was reassembled. If it were inlined, each fragment would cost more.
    #[inline(never)]
    fn finish_message(&mut self) -> Result<Event<'static>, ProtocolError> {
        self.assembler.finish().map(Event::from).ok_or_else(|| self.cut_text())
    }

    /// Returns the error for a text that ends within a code point. RFC 6455 §8.1: the whole message
    /// is UTF-8. Its last byte shows that it is not.
    fn cut_text(&self) -> ProtocolError {
        self.error_in(1, bad_text(InvalidUtf8 { offset: 0 }))
    }

    /// Returns an error at index `at` of the last `len` bytes that were taken.
    pub(super) fn error_in(
        &self,
        len: usize,
        (violation, at): (Violation, usize),
    ) -> ProtocolError {
        ProtocolError::new(violation, self.decoder.offset() - len as u64 + at as u64)
    }

    /// Fails the connection because of invalid UTF-8 in the last `len` bytes that were taken.
    /// Returns the error.
    #[cold]
    #[inline(never)]
    pub(super) fn fail_text(&mut self, len: usize, invalid: InvalidUtf8) -> ProtocolError {
        let error = self.error_in(len, bad_text(invalid));
        self.fail(&error);
        error
    }

    /// RFC 6455 §7.1.7: queues a Close frame that says why, and receives no more.
    #[cold]
    fn fail(&mut self, error: &ProtocolError) {
        self.fail_with(error.close_code(), &error.violation().to_string());
    }
}

/// An input to take bytes from, so that one state machine reads both kinds of input. Taken payloads
/// are borrowed for `'a` or split off.
pub(crate) trait Source<'a> {
    /// Returns all bytes that are left.
    fn bytes(&self) -> &[u8];

    /// Drops `len` bytes from the front.
    fn skip(&mut self, len: usize);

    /// Takes `len` bytes from the front. At least `len` bytes must be left.
    fn take(&mut self, len: usize) -> Payload<'a>;

    /// Takes out the memory for messages that are inflated.
    #[cfg(feature = "deflate")]
    fn take_spare(&mut self) -> &'a mut [u8] {
        &mut []
    }

    /// Puts back what is left of that memory.
    #[cfg(feature = "deflate")]
    fn put_back_spare(&mut self, _spare: &'a mut [u8]) {}
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

    #[cfg(feature = "deflate")]
    fn take_spare(&mut self) -> &'a mut [u8] {
        Input::take_spare(self)
    }

    #[cfg(feature = "deflate")]
    fn put_back_spare(&mut self, spare: &'a mut [u8]) {
        Input::put_back_spare(self, spare);
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

/// Unmasks the payload of a whole message in place, and returns its event.
#[inline(always)]
pub(super) fn borrowed(
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

/// Returns the event for a chunk of a streamed message, or `None` if there is nothing to tell.
pub(super) fn chunk_event(chunk: Received<'_>, last: bool) -> Option<Event<'_>> {
    match chunk {
        Received::Text(text) => {
            (last || !text.is_empty()).then_some(Event::TextChunk { text, last })
        }
        Received::Binary(data) => {
            (last || !data.is_empty()).then_some(Event::BinaryChunk { data, last })
        }
    }
}

/// Returns the violation for a text that is not UTF-8, RFC 6455 §8.1, and its index.
fn bad_text(InvalidUtf8 { offset: at }: InvalidUtf8) -> (Violation, usize) {
    (Violation::InvalidUtf8, at)
}
