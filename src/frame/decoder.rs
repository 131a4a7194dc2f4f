//! From bytes to frames: a state machine that holds a header in pieces and nothing else.

use core::fmt;

use super::MAX_HEADER;
use super::header::{Header, Rsv};
use super::rules::{Fault, Limits, OpenMessage, Rules};
use super::short::ShortBytes;
use crate::error::ProtocolError;
use crate::mask;
use crate::opcode::Opcode;
use crate::role::Role;

/// Decodes the stream of frames that the peer sends, in place.
///
/// Each frame is given as a [`Part::Header`], as soon as the last byte of its header is there, and
/// then at least one [`Part::Payload`], empty for an empty frame. It keeps the rules of RFC 6455 §5
/// for headers: masking by role, reserved bits, opcodes, lengths, control frames, the order of
/// fragments, and [`Limits`]. What payloads must be, UTF-8 or a [`CloseBody`](super::CloseBody), is
/// for who collects them.
///
/// After an error the stream has no more meaning: the decoder takes whatever else comes and gives
/// nothing.
///
/// ```
/// use sansock::frame::{Decoder, Part};
/// use sansock::{Opcode, Role};
///
/// // A masked "Hello", RFC 6455 §5.7.
/// let mut bytes = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let mut input = &mut bytes[..];
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
    rules: Rules,
    state: State,
    open: Option<OpenMessage>,
    /// Bytes taken since the start of the stream.
    offset: u64,
}

/// A part of a frame.
#[derive(PartialEq, Eq)]
pub enum Part<'a> {
    /// A new frame begins.
    Header(Header),
    /// The next piece of its payload, unmasked.
    Payload {
        /// The piece: a part of the input.
        bytes: &'a mut [u8],
        /// Whether the payload ends with it.
        last: bool,
    },
}

/// Shows a payload's length alone, so that logs hold nobody's data.
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
enum State {
    /// Between two frames, or within a header of which the first bytes are held: less than a whole.
    Head(ShortBytes<MAX_HEADER>),
    /// Within a payload; the first byte of `key` unmasks the next byte of it.
    Payload { current: Current, key: [u8; 4] },
    /// After an error.
    Failed,
}

impl State {
    const BETWEEN_FRAMES: State = State::Head(ShortBytes::EMPTY);
}

impl Decoder {
    /// A decoder for an endpoint of this role, with [`Limits::DEFAULT`] and no reserved bits.
    pub const fn new(role: Role) -> Self {
        let rules = Rules { role, allowed: Rsv::NONE, limits: Limits::DEFAULT };
        Decoder { rules, state: State::BETWEEN_FRAMES, open: None, offset: 0 }
    }

    /// The same with other limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.rules.limits = limits;
        self
    }

    /// The same with reserved bits that a negotiated extension gives a meaning, on the first frames of
    /// messages.
    #[must_use]
    pub const fn with_rsv(mut self, allowed: Rsv) -> Self {
        self.rules.allowed = allowed;
        self
    }

    /// Takes the next part of a frame off the front of `input`, unmasking it in place.
    ///
    /// `None` says that all of `input` was taken and the frame goes on in bytes yet to come.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`] at the first byte that breaks a rule for headers, once.
    pub fn decode<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Part<'a>>, ProtocolError> {
        let Some(frame) = self.current() else {
            let (taken, header) = self.header(input)?;
            split_front(input, taken);
            return Ok(header.map(Part::Header));
        };
        let Some(len) = frame.len_in(input.len()) else { return Ok(None) };
        let bytes = split_front(input, len);
        let last = self.payload(bytes);
        Ok(Some(Part::Payload { bytes, last }))
    }

    /// How many bytes of the stream were taken so far.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The frame whose payload, or the rest of it, comes next; `None` where a header does.
    #[inline]
    pub(crate) const fn current(&self) -> Option<Current> {
        match self.state {
            State::Payload { current, .. } => Some(current),
            _ => None,
        }
    }

    /// Takes a header off the front of `input`: gives how many bytes it took, and the header where
    /// it is whole. To be called where [`current`](Self::current) is `None`.
    #[inline]
    pub(crate) fn header(
        &mut self,
        input: &[u8],
    ) -> Result<(usize, Option<Header>), ProtocolError> {
        match &self.state {
            State::Head(held) if held.is_empty() => {
                match self.rules.read(self.open.as_ref(), input) {
                    Ok(Some((header, len))) => {
                        self.begin(&header, len);
                        Ok((len, Some(header)))
                    }
                    Ok(None) => self.header_in_pieces(input),
                    Err(fault) => Err(self.fail(fault, 0)),
                }
            }
            _ => self.header_in_pieces(input),
        }
    }

    /// A header of which a part was held, or will be.
    #[cold]
    fn header_in_pieces(&mut self, input: &[u8]) -> Result<(usize, Option<Header>), ProtocolError> {
        let State::Head(mut head) = self.state else {
            // RFC 6455 §7.1.7: after a failure no data is processed.
            self.offset += input.len() as u64;
            return Ok((input.len(), None));
        };
        let held = head.len();
        for (i, byte) in input.iter().enumerate() {
            head.append(&[*byte]);
            match self.rules.read(self.open.as_ref(), &head) {
                Ok(Some((header, _))) => {
                    self.begin(&header, i + 1);
                    return Ok((i + 1, Some(header)));
                }
                Ok(None) => {}
                Err(fault) => return Err(self.fail(fault, held)),
            }
        }
        self.offset += input.len() as u64;
        self.state = State::Head(head);
        Ok((input.len(), None))
    }

    /// Unmasks the next piece of the payload, which is `piece`, and says whether it is the last.
    ///
    /// `piece` is at most as long as [`Current::remaining`].
    #[inline]
    pub(crate) fn payload(&mut self, piece: &mut [u8]) -> bool {
        let State::Payload { current, key } = &mut self.state else { return true };
        if self.rules.role == Role::Server {
            mask::apply(piece, *key, 0);
            *key = mask::rotate(*key, piece.len());
        }
        self.offset += piece.len() as u64;
        current.begun = true;
        current.remaining = current.remaining.saturating_sub(piece.len() as u64);
        if current.remaining > 0 {
            return false;
        }
        if current.fin && current.opcode.is_data() {
            self.open = None;
        }
        self.state = State::BETWEEN_FRAMES;
        true
    }

    /// Notes a whole header, the last `len` bytes of which were just taken.
    #[inline]
    fn begin(&mut self, header: &Header, len: usize) {
        self.offset += len as u64;
        if header.opcode.is_data() {
            let open = self.open.get_or_insert(OpenMessage { len: 0, fragments: 0 });
            open.len += header.payload_len;
            open.fragments += 1;
        }
        let current = Current {
            opcode: header.opcode,
            fin: header.fin,
            remaining: header.payload_len,
            begun: false,
        };
        self.state = State::Payload { current, key: header.mask_key.unwrap_or_default() };
    }

    /// Notes a failure in the header of which `held` bytes were taken before this input.
    #[cold]
    fn fail(&mut self, (violation, at): Fault, held: usize) -> ProtocolError {
        self.state = State::Failed;
        ProtocolError::new(violation, self.offset - held as u64 + at as u64)
    }
}

/// The frame within which a decoder is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current {
    pub(crate) opcode: Opcode,
    pub(crate) fin: bool,
    /// Bytes of payload to come.
    pub(crate) remaining: u64,
    /// Whether any of the payload has come.
    pub(crate) begun: bool,
}

impl Current {
    /// The length of the piece of payload that the next `available` bytes begin with, or `None`
    /// where there has to be one and is none.
    #[inline]
    pub(crate) fn len_in(&self, available: usize) -> Option<usize> {
        let len = usize::try_from(self.remaining).map_or(available, |len| len.min(available));
        (len > 0 || self.remaining == 0).then_some(len)
    }
}

/// Takes `len` bytes, or all where there are fewer, off the front of `input`.
#[inline]
pub(crate) fn split_front<'a>(input: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
    let all = core::mem::take(input);
    let (front, rest) = all.split_at_mut(len.min(all.len()));
    *input = rest;
    front
}
