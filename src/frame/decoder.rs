//! The decoder: a state machine that stores nothing but a header that is cut.

use core::fmt;

use super::MAX_HEADER;
use super::current_frame::CurrentFrame;
use super::fast_path::SingleFrame;
#[cfg(feature = "alloc")]
use super::fast_path::{self, Fragment};
use super::header::{Header, Rsv};
use super::rules::{Fault, Limits, OpenMessage, Rules};
use super::short::ShortBytes;
use crate::error::ProtocolError;
use crate::input::Input;
use crate::mask::{self, Key};
use crate::role::Role;

/// Decodes the stream of frames that the peer sends, in place.
///
/// For each frame, it returns a [`Part::Header`] as soon as the last byte of the header has
/// arrived. Then it returns at least one [`Part::Payload`], which is empty for an empty frame.
///
/// It checks the rules of RFC 6455 §5 for headers: masking by role, reserved bits, opcodes,
/// lengths, control frames, the order of fragments, and [`Limits`]. It does not check payloads. If
/// you need valid UTF-8 or a valid [`CloseBody`](super::CloseBody), check the payloads yourself.
///
/// After an error, the rest of the stream has no meaning: the decoder takes all further bytes and
/// returns `None`.
///
/// ```
/// use sansock::frame::{Decoder, Part};
/// use sansock::{Input, Opcode, Role};
///
/// // A masked "Hello", RFC 6455 §5.7.
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let mut input = Input::new(&mut bytes);
/// let mut decoder = Decoder::new(Role::Server);
///
/// let Some(Part::Header(header)) = decoder.decode(&mut input)? else { panic!() };
/// assert_eq!((header.fin, header.opcode, header.payload_len), (true, Opcode::Text, 5));
/// let Some(Part::Payload { bytes, last }) = decoder.decode(&mut input)? else { panic!() };
/// assert_eq!((&*bytes, last), (&b"Hello"[..], true));
/// assert!(decoder.decode(&mut input)?.is_none() && input.is_empty());
/// # Ok::<(), sansock::ProtocolError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    pub(super) rules: Rules,
    pub(super) state: State,
    open: Option<OpenMessage>,
    /// The number of bytes taken since the start of the stream.
    pub(super) offset: u64,
    /// Within a message, or within a control frame between two messages: the offset at which it
    /// began, `mark <= offset`. Between two messages: if `mark > offset`, the bytes up to `mark`
    /// have arrived and stay with the caller.
    pub(super) mark: u64,
}

/// A part of a frame: its header, or a piece of its payload.
#[derive(PartialEq, Eq)]
pub enum Part<'a> {
    /// The header of a new frame.
    Header(Header),
    /// The next piece of the frame's payload, unmasked.
    Payload {
        /// The piece, borrowed from the input.
        bytes: &'a mut [u8],
        /// `true` if the payload ends with this piece.
        last: bool,
    },
}

/// Shows only the length of a payload, so that logs contain no user data.
impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Header(header) => f.debug_tuple("Header").field(header).finish(),
            Part::Payload { bytes, last } => {
                let (len, more) = (bytes.len(), if *last { "" } else { " of more" });
                write!(f, "Payload({len} bytes{more})")
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    BetweenMessages,
    /// Within a header, whose first bytes are stored here; or between two frames of a message.
    Header(ShortBytes<MAX_HEADER>),
    /// Within a payload.
    Payload(CurrentFrame),
    /// After an error, or after [`stop`](Decoder::stop).
    Stopped,
}

impl Decoder {
    /// Creates a decoder for an endpoint of this role, with [`Limits::DEFAULT`] and without
    /// reserved bits.
    pub const fn new(role: Role) -> Self {
        let rules = Rules::new(role, Rsv::NONE, Limits::DEFAULT);
        Decoder { rules, state: State::BetweenMessages, open: None, offset: 0, mark: 0 }
    }

    /// Sets the limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.rules = self.rules.with_limits(limits);
        self
    }

    /// Allows these reserved bits on the first frame of each message. Use it for the bits that a
    /// negotiated extension defines.
    #[must_use]
    pub const fn with_rsv(mut self, allowed: Rsv) -> Self {
        self.rules.allowed = allowed;
        self
    }

    /// Takes the next part of a frame from the front of `input`, and unmasks it in place.
    ///
    /// Returns `None` if all of `input` was taken and the next part needs more bytes.
    ///
    /// # Errors
    ///
    /// Returns [`ProtocolError`], once, at the first byte that breaks a rule for headers.
    pub fn decode<'a>(&mut self, input: &mut Input<'a>) -> Result<Option<Part<'a>>, ProtocolError> {
        let Some(frame) = self.current() else {
            let taken = self.header(input.as_bytes())?;
            input.take(taken);
            return Ok(self.current().map(|frame| Part::Header(frame.header())));
        };
        let Some(len) = frame.len_in(input.len()) else { return Ok(None) };
        let bytes = input.take(len);
        mask::unmask(bytes, frame.key);
        Ok(Some(Part::Payload { bytes, last: self.advance(len) }))
    }

    /// Returns the number of bytes taken since the start of the stream.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the number of bytes that have arrived, including those that stay with the caller.
    #[cfg(feature = "alloc")]
    pub(crate) fn received(&self) -> u64 {
        self.offset.max(self.mark)
    }

    /// Returns the number of bytes that have arrived and stay with the caller.
    #[cfg(feature = "alloc")]
    pub(crate) fn held(&self) -> u64 {
        self.mark.saturating_sub(self.offset)
    }

    /// Returns the offset at which the unfinished message, or control frame between two messages,
    /// began. Returns `None` if there is neither, or after a stop.
    #[cfg(feature = "alloc")]
    pub(crate) fn unfinished(&self) -> Option<u64> {
        match self.state {
            State::Stopped => None,
            _ if self.is_between_messages() => (self.held() > 0).then_some(self.offset),
            _ => Some(self.mark),
        }
    }

    /// Returns how many bytes of payload of the unfinished message have arrived.
    ///
    /// The payload of a control frame does not count. If the header stays with the caller, it
    /// counts too.
    #[cfg(feature = "alloc")]
    pub(crate) fn message_received(&self) -> u64 {
        let announced = self.open.map_or(0, |open| open.len);
        let to_come = match self.state {
            State::Payload(frame) if frame.opcode.is_data() => frame.remaining,
            _ => 0,
        };
        self.held() + announced - to_come
    }

    /// Returns `true` between two messages.
    #[inline]
    pub(crate) const fn is_between_messages(&self) -> bool {
        matches!(self.state, State::BetweenMessages)
    }

    /// Takes the message at the front of `bytes`, if it is whole and in one frame.
    ///
    /// Otherwise it returns `None` and takes nothing. `None` does not tell what `bytes` begin with.
    #[inline]
    pub(crate) fn whole_message(&mut self, bytes: &[u8]) -> Option<SingleFrame> {
        if !matches!(self.state, State::BetweenMessages) {
            return None;
        }
        let message = self.rules.whole_message(bytes)?;
        self.offset += (message.header_len + message.payload_len) as u64;
        Some(message)
    }

    /// Takes the fragments of one message from the front of `bytes`, and passes each whole fragment
    /// and its payload to `append`.
    ///
    /// It stops after the last fragment of the message. If a fragment is not whole, it takes only
    /// the header of that fragment.
    ///
    /// Returns the number of bytes taken, and either whether the message ends with them or the
    /// first error of `append`. After an error, `append` is not called again. If nothing was taken,
    /// the result does not tell what `bytes` begin with.
    #[cfg(feature = "alloc")]
    #[inline(always)]
    pub(crate) fn fragments<E>(
        &mut self,
        bytes: &[u8],
        mut append: impl FnMut(&Fragment<'_>, &[u8]) -> Result<(), E>,
    ) -> (usize, Result<bool, E>) {
        let mut is_end = Ok(false);
        if self.open.is_none() {
            self.mark = self.offset;
        }
        let (mut open, mut rest, mut cut) = (self.open, bytes, None);
        while let Some(fragment) = self.rules.fragment(open.as_ref(), rest) {
            open = Some(OpenMessage::with_frame(open, fragment.payload_len as u64));
            rest = fragment.rest;
            let Some((payload, after)) = rest.split_at_checked(fragment.payload_len) else {
                cut = Some(fragment);
                break;
            };
            rest = after;
            is_end = append(&fragment, payload).map(|()| fragment.fin);
            if !matches!(is_end, Ok(false)) {
                break;
            }
        }
        let taken = bytes.len() - rest.len();
        if taken > 0 {
            self.offset += taken as u64;
            self.open = open;
            match cut {
                Some(fragment) => self.state = State::Payload(CurrentFrame::of_fragment(&fragment)),
                None => self.end_frame(matches!(is_end, Ok(true))),
            }
        }
        (taken, is_end)
    }

    /// Returns `true` if `bytes` may begin with a fragment. Call [`fragments`](Self::fragments)
    /// only then.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn is_at_fragment(&self, bytes: &[u8]) -> bool {
        let is_between_frames = match &self.state {
            State::BetweenMessages => true,
            State::Header(held) => held.is_empty(),
            State::Payload(_) | State::Stopped => false,
        };
        is_between_frames && bytes.first().is_some_and(|&first| fast_path::begins_fragment(first))
    }

    /// Returns the frame whose payload, or the rest of it, comes next. Returns `None` if a header
    /// comes next.
    #[inline]
    pub(crate) const fn current(&self) -> Option<CurrentFrame> {
        match self.state {
            State::Payload(current) => Some(current),
            _ => None,
        }
    }

    /// Takes a header, or as much of it as is there, from the front of `input`. Returns the number
    /// of bytes taken.
    ///
    /// Call it only if [`current`](Self::current) is `None`. If `current` is still `None`
    /// afterwards, all of `input` was taken.
    #[inline]
    pub(crate) fn header(&mut self, input: &[u8]) -> Result<usize, ProtocolError> {
        if self.is_between_messages() {
            self.mark = self.offset;
        }
        match self.state {
            State::Header(held) if !held.is_empty() => self.header_continued(held, input),
            // RFC 6455 §7.1.7: after a failure no data is processed.
            State::Stopped => {
                self.offset += input.len() as u64;
                Ok(input.len())
            }
            _ => match self.rules.read(self.open.as_ref(), input) {
                Ok(Some((header, len))) => {
                    self.begin(&header, len);
                    Ok(len)
                }
                Ok(None) if input.is_empty() => Ok(0),
                // A header that is not whole is shorter than `MAX_HEADER`, so it fits.
                Ok(None) => Ok(self.hold(ShortBytes::EMPTY, input)),
                Err(fault) => Err(self.fail(fault, 0)),
            },
        }
    }

    /// Reads a header again from its start. `held` are its bytes from earlier inputs.
    fn header_continued(
        &mut self,
        held: ShortBytes<MAX_HEADER>,
        input: &[u8],
    ) -> Result<usize, ProtocolError> {
        match self.rules.read(self.open.as_ref(), &held.followed_by(input)) {
            Ok(Some((header, len))) => {
                let taken = len - held.len();
                self.begin(&header, taken);
                Ok(taken)
            }
            Ok(None) => Ok(self.hold(held, input)),
            Err(fault) => Err(self.fail(fault, held.len())),
        }
    }

    /// Stores all of `input`, which is a part of a header, after the bytes in `held`.
    fn hold(&mut self, held: ShortBytes<MAX_HEADER>, input: &[u8]) -> usize {
        self.state = State::Header(held.followed_by(input));
        self.offset += input.len() as u64;
        input.len()
    }

    /// Takes the next `len` bytes of the payload, and returns `true` if they are the last.
    ///
    /// `len` is at most [`CurrentFrame::remaining`]. The caller unmasks the bytes, with the key
    /// that [`current`](Self::current) returned before this call.
    #[inline]
    pub(crate) fn advance(&mut self, len: usize) -> bool {
        let State::Payload(current) = &mut self.state else { return true };
        self.offset += len as u64;
        current.begun = true;
        current.remaining = current.remaining.saturating_sub(len as u64);
        if current.remaining > 0 {
            current.key = current.key.map(|key| key.turned(len));
            return false;
        }
        let ends_message = current.fin && current.opcode.is_data();
        self.end_frame(ends_message);
        true
    }

    /// Ends a frame, and its message if `ends_message`.
    fn end_frame(&mut self, ends_message: bool) {
        if ends_message {
            self.open = None;
        }
        self.state = match self.open {
            None => State::BetweenMessages,
            Some(_) => State::Header(ShortBytes::EMPTY),
        };
    }

    /// Returns the role of this endpoint.
    pub(crate) const fn role(&self) -> Role {
        self.rules.role
    }

    /// Changes the limits from the next header on.
    #[cfg(feature = "alloc")]
    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.rules = self.rules.with_limits(limits);
    }

    /// Allows reserved bits as [`with_rsv`](Self::with_rsv) does, from the next header on.
    #[cfg(feature = "deflate")]
    pub(crate) fn set_rsv(&mut self, allowed: Rsv) {
        self.rules.allowed = allowed;
    }

    /// Stops decoding: all further bytes are taken, and nothing is returned for them.
    pub(crate) fn stop(&mut self) {
        self.state = State::Stopped;
    }

    /// Begins a frame. The last `len` bytes of its header have just been taken.
    #[inline]
    fn begin(&mut self, header: &Header, len: usize) {
        self.offset += len as u64;
        if header.opcode.is_data() {
            self.open = Some(OpenMessage::with_frame(self.open, header.payload_len));
        }
        self.state = State::Payload(CurrentFrame {
            fin: header.fin,
            rsv: header.rsv,
            opcode: header.opcode,
            begun: false,
            key: header.mask_key.map(Key::new),
            remaining: header.payload_len,
        });
    }

    /// Stops after a fault in a header, of which `held` bytes were taken before this input.
    #[cold]
    fn fail(&mut self, (violation, at): Fault, held: usize) -> ProtocolError {
        self.stop();
        ProtocolError::new(violation, self.offset - held as u64 + at as u64)
    }
}
