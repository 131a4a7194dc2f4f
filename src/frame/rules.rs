//! The rules for headers: RFC 6455 §5.1 to §5.5, and the limits that §10.4 asks for.
//!
//! One function reads a header from as much of it as has arrived, and checks each field as soon as
//! it is there. It stores nothing: a header that is cut is read again from its start, which is at
//! most 14 bytes back.

use core::num::NonZeroU32;

use super::MAX_CONTROL_PAYLOAD;
use super::header::{FIN, Header, LEN, LEN_16, LEN_16_U64, LEN_64, MASK, MAX_LEN_16, OPCODE, Rsv};
use crate::error::Violation;
use crate::mask::Key;
use crate::opcode::Opcode;
use crate::role::Role;

/// The limits on what a peer may send. A frame or message beyond them is refused at the header that
/// announces it, before any of the payload.
///
/// ```
/// use sansock::Limits;
///
/// let limits = Limits::DEFAULT.with_message(1 << 20);
/// assert_eq!((limits.message, limits.frame), (1 << 20, 16 << 20));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes of payload in a frame. More is refused with close code 1009. 16 MiB by
    /// default.
    pub frame: u64,
    /// The most bytes of payload in all frames of a message. More is refused with close code 1009.
    /// 64 MiB by default. If a message is in one frame, the limit on frames applies too.
    pub message: u64,
    /// The most frames in a message, at least 1. More are refused with close code 1008. 16 384 by
    /// default.
    pub fragments: u32,
}

impl Limits {
    /// The limits that apply if none are set.
    pub const DEFAULT: Limits = Limits { frame: 16 << 20, message: 64 << 20, fragments: 16_384 };

    /// No limits. Use them for something that stores no payload, such as a relay.
    pub const NONE: Limits = Limits { frame: u64::MAX, message: u64::MAX, fragments: u32::MAX };

    /// Sets the limit on the payload of a frame, in bytes.
    #[must_use]
    pub const fn with_frame(mut self, frame: u64) -> Self {
        self.frame = frame;
        self
    }

    /// Sets the limit on the payload of a message, in bytes.
    #[must_use]
    pub const fn with_message(mut self, message: u64) -> Self {
        self.message = message;
        self
    }

    /// Sets the limit on the frames of a message.
    #[must_use]
    pub const fn with_fragments(mut self, fragments: u32) -> Self {
        self.fragments = fragments;
        self
    }

    /// Lowers the limits to what can be allocated, so that more is refused as too big and does not
    /// cause a panic. That is half of `isize::MAX`, because a buffer grows by doubling.
    #[cfg(feature = "alloc")]
    pub(crate) fn allocatable(self) -> Limits {
        let most = isize::MAX as u64 / 2;
        Limits { frame: self.frame.min(most), message: self.message.min(most), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}

/// What is known about the message that the peer is sending.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenMessage {
    /// The payload that its frames have announced: `len <= limits.message`, by the limits at the
    /// time.
    pub(super) len: u64,
    /// The number of its frames so far: `fragments <= limits.fragments`, by the limits at the time.
    pub(super) fragments: NonZeroU32,
}

impl OpenMessage {
    /// Returns the message with one more frame, or with its first, which has `len` bytes of
    /// payload.
    #[inline]
    pub(super) fn with_frame(open: Option<OpenMessage>, len: u64) -> OpenMessage {
        match open {
            Some(open) => {
                OpenMessage { len: open.len + len, fragments: open.fragments.saturating_add(1) }
            }
            None => OpenMessage { len, fragments: NonZeroU32::MIN },
        }
    }
}

/// What does not change from one header to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) role: Role,
    pub(super) allowed: Rsv,
    /// The three [`Limits`]. Separate fields make the struct smaller.
    pub(super) fragment_limit: u32,
    frame_limit: u64,
    message_limit: u64,
}

/// The rule that a header breaks, and the index in the header of the byte that shows it.
pub(super) type Fault = (Violation, usize);

impl Rules {
    pub(super) const fn new(role: Role, allowed: Rsv, limits: Limits) -> Self {
        Rules {
            role,
            allowed,
            fragment_limit: limits.fragments,
            frame_limit: limits.frame,
            message_limit: limits.message,
        }
    }

    pub(super) const fn with_limits(self, limits: Limits) -> Self {
        Rules::new(self.role, self.allowed, limits)
    }

    /// Reads the header at the front of `bytes`.
    ///
    /// Returns the header and its length, or `None` if the header continues beyond `bytes`.
    #[inline(always)]
    pub(super) fn read(
        &self,
        open: Option<&OpenMessage>,
        bytes: &[u8],
    ) -> Result<Option<(Header, usize)>, Fault> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let (fin, rsv, opcode) = self.first_byte(open, first).map_err(|fault| (fault, 0))?;

        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        let short_len = self.second_byte(opcode, second).map_err(|fault| (fault, 1))?;

        let Some((payload_len, rest)) = read_len(short_len, rest)? else { return Ok(None) };
        self.check_len(open, opcode, payload_len)
            .map_err(|fault| (fault, bytes.len() - rest.len() - 1))?;

        let Some((key, rest)) = self.read_mask_key(rest) else { return Ok(None) };
        let mask_key = key.map(Key::to_bytes);
        let header = Header { fin, rsv, opcode, mask_key, payload_len };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// Reads FIN, the reserved bits and the opcode. Checks each alone and in the order of frames.
    #[inline]
    fn first_byte(
        &self,
        open: Option<&OpenMessage>,
        byte: u8,
    ) -> Result<(bool, Rsv, Opcode), Violation> {
        let (fin, rsv) = (byte & FIN != 0, Rsv::of(byte));
        // RFC 6455 §5.2: RSV bits are 0 unless an extension was negotiated that defines them.
        if !self.allowed.contains(rsv) {
            return Err(Violation::ReservedBits { rsv: rsv.bits() });
        }
        // RFC 6455 §5.2: an unknown opcode fails the connection.
        let opcode = Opcode::from_u8(byte & OPCODE)
            .ok_or(Violation::ReservedOpcode { opcode: byte & OPCODE })?;
        if opcode.is_control() {
            // RFC 6455 §5.5: control frames are not fragmented. They may come within a message.
            if !fin {
                return Err(Violation::FragmentedControl { opcode });
            }
            // RFC 7692 §6.1: the bit that marks compressed messages is not for control frames.
            if rsv != Rsv::NONE {
                return Err(Violation::ReservedBits { rsv: rsv.bits() });
            }
            return Ok((fin, rsv, opcode));
        }
        match (open, opcode) {
            // RFC 6455 §5.4: a message is one frame, or a first frame and its continuations. The
            // fragments of two messages are not interleaved.
            (None, Opcode::Continuation) => Err(Violation::UnexpectedContinuation),
            (Some(_), Opcode::Text | Opcode::Binary) => {
                Err(Violation::ExpectedContinuation { opcode })
            }
            // RFC 6455 §5.2: extensions define the bits. RFC 7692 §6.1, the extension in use, has
            // them only on the first frame of a message.
            (Some(_), _) if rsv != Rsv::NONE => Err(Violation::ReservedBits { rsv: rsv.bits() }),
            // RFC 6455 §10.4: an implementation protects itself from too many fragments.
            (Some(open), _) if open.fragments.get() >= self.fragment_limit => {
                Err(Violation::TooManyFragments { limit: self.fragment_limit })
            }
            _ => Ok((fin, rsv, opcode)),
        }
    }

    /// Checks the mask bit, and returns the length as far as it is in the second byte.
    #[inline]
    fn second_byte(&self, opcode: Opcode, byte: u8) -> Result<u8, Violation> {
        // RFC 6455 §5.1: a client masks every frame, a server none.
        match (self.role, byte & MASK != 0) {
            (Role::Server, false) => return Err(Violation::UnmaskedFrame),
            (Role::Client, true) => return Err(Violation::MaskedFrame),
            _ => {}
        }
        let short_len = byte & LEN;
        if opcode.is_control() {
            // RFC 6455 §5.5: the payload of a control frame has at most 125 bytes.
            if usize::from(short_len) > MAX_CONTROL_PAYLOAD {
                return Err(Violation::ControlTooLong { opcode });
            }
            // RFC 6455 §5.5.1: if a Close has a body, it begins with a two-byte code.
            if opcode == Opcode::Close && short_len == 1 {
                return Err(Violation::TruncatedCloseCode);
            }
        }
        Ok(short_len)
    }

    /// Reads the mask key at the front of `bytes`, if the peer masks its frames. Returns the key
    /// and what follows it, or `None` if the key continues beyond `bytes`.
    #[inline]
    pub(super) fn read_mask_key<'a>(&self, bytes: &'a [u8]) -> Option<(Option<Key>, &'a [u8])> {
        match self.role {
            Role::Client => Some((None, bytes)),
            Role::Server => {
                bytes.split_first_chunk().map(|(&key, rest)| (Some(Key::new(key)), rest))
            }
        }
    }

    /// Checks the limits of RFC 6455 §10.4 on data frames. Control frames have a limit of their
    /// own.
    #[inline]
    pub(super) fn check_len(
        &self,
        open: Option<&OpenMessage>,
        opcode: Opcode,
        len: u64,
    ) -> Result<(), Violation> {
        if opcode.is_control() {
            return Ok(());
        }
        if len > self.frame_limit {
            return Err(Violation::FrameTooBig { len, limit: self.frame_limit });
        }
        let before = open.map_or(0, |open| open.len);
        let limit = self.message_limit;
        match before.checked_add(len) {
            Some(len) if len <= limit => Ok(()),
            sum => Err(Violation::MessageTooBig { len: sum.unwrap_or(u64::MAX), limit }),
        }
    }
}

/// Reads the payload length. `short_len` is its part in the second byte; a longer length is at the
/// front of `bytes`.
///
/// Returns the length and what follows it, or `None` if the length continues beyond `bytes`.
#[inline]
pub(super) fn read_len(short_len: u8, bytes: &[u8]) -> Result<Option<(u64, &[u8])>, Fault> {
    match short_len {
        LEN_16 => {
            let Some((len, rest)) = bytes.split_first_chunk() else { return Ok(None) };
            let len = u64::from(u16::from_be_bytes(*len));
            // RFC 6455 §5.2: the minimal number of bytes is used for the length.
            if len < LEN_16_U64 {
                return Err((Violation::LengthNotMinimal { len }, 3));
            }
            Ok(Some((len, rest)))
        }
        LEN_64 => {
            // RFC 6455 §5.2: the most significant bit of the 64 is 0.
            if bytes.first().is_some_and(|byte| byte & 0b1000_0000 != 0) {
                return Err((Violation::LengthOverflow, 2));
            }
            let Some((len, rest)) = bytes.split_first_chunk() else { return Ok(None) };
            let len = u64::from_be_bytes(*len);
            if len <= MAX_LEN_16 {
                return Err((Violation::LengthNotMinimal { len }, 9));
            }
            Ok(Some((len, rest)))
        }
        len => Ok(Some((u64::from(len), bytes))),
    }
}
