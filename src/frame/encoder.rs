//! The encoder: writes headers, and masks payloads in place.

use super::MAX_CONTROL_PAYLOAD;
use super::encode_error::EncodeError;
use super::header::{Header, HeaderBytes, Rsv};
use crate::mask;
use crate::opcode::Opcode;
use crate::role::Role;

/// Encodes the stream of frames that this endpoint sends, without an allocator.
///
/// For each frame, call [`header`](Self::header), which returns the bytes to send first. Then pass
/// each piece of the payload to [`payload`](Self::payload), which prepares it in place to be sent.
/// Frames that would break RFC 6455 §5 are refused.
///
/// ```
/// use sansock::frame::{Encoder, Header};
/// use sansock::{Opcode, Role};
///
/// let mut encoder = Encoder::new(Role::Client);
/// let mut payload = *b"Hello";
/// let key = [0x37, 0xfa, 0x21, 0x3d]; // from a strong source of entropy, fresh for each frame
/// let header = encoder.header(Header::single(Opcode::Text, 5, Some(key)))?;
/// encoder.payload(&mut payload)?;
/// assert_eq!(&*header, b"\x81\x85\x37\xfa\x21\x3d"); // RFC 6455 §5.7
/// assert_eq!(&payload, b"\x7f\x9f\x4d\x51\x58");
/// # Ok::<(), sansock::frame::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    role: Role,
    /// `true` if a message was begun and its last frame is yet to come.
    message_open: bool,
    /// `true` if a Close frame was begun.
    closed: bool,
    /// The payload bytes that the last header announced and that are yet to come.
    remaining: u64,
    /// The mask key of the frame. Its first byte masks the next byte of payload.
    key: [u8; 4],
}

impl Encoder {
    /// Creates an encoder for an endpoint of this role.
    pub const fn new(role: Role) -> Self {
        Encoder { role, message_open: false, closed: false, remaining: 0, key: [0; 4] }
    }

    /// Begins a frame and returns the bytes of its header.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError`] and changes nothing if
    ///
    /// - the payload of the previous frame is not complete
    ///   ([`PayloadOwed`](EncodeError::PayloadOwed)),
    /// - a mask key is missing or unwanted,
    /// - a control frame is too long or fragmented, or a Close frame has a payload of one byte,
    /// - reserved bits are set on a frame that is not the first of a message,
    /// - a length is 2^63 or more,
    /// - the frame does not fit the order of frames in a message (RFC 6455 §5.4),
    /// - a Close frame was begun before, and the frame is not a ping or pong
    ///   ([`Closed`](EncodeError::Closed)).
    pub fn header(&mut self, header: Header) -> Result<HeaderBytes, EncodeError> {
        self.check(&header)?;
        if header.opcode.is_data() {
            self.message_open = !header.fin;
        }
        self.closed |= header.opcode == Opcode::Close;
        self.remaining = header.payload_len;
        self.key = header.mask_key.unwrap_or_default();
        Ok(header.to_bytes())
    }

    /// Prepares the next piece of the frame's payload to be sent.
    ///
    /// A client masks the piece in place; a server leaves it unchanged.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::PayloadTooLong`] if the header announced less. `piece` is then
    /// unchanged.
    pub fn payload(&mut self, piece: &mut [u8]) -> Result<(), EncodeError> {
        let Some(remaining) = self.remaining.checked_sub(piece.len() as u64) else {
            return Err(EncodeError::PayloadTooLong { remaining: self.remaining });
        };
        self.remaining = remaining;
        if self.role.masks() {
            mask::apply(piece, self.key, 0);
            self.key = mask::rotate(self.key, piece.len());
        }
        Ok(())
    }

    fn check(&self, header: &Header) -> Result<(), EncodeError> {
        if self.remaining > 0 {
            return Err(EncodeError::PayloadOwed { remaining: self.remaining });
        }
        let Header { fin, rsv, opcode, payload_len: len, .. } = *header;
        // RFC 6455 §5.1: a client masks every frame, a server none.
        match (self.role, header.mask_key) {
            (Role::Client, None) => return Err(EncodeError::MaskKeyMissing),
            (Role::Server, Some(_)) => return Err(EncodeError::MaskKeyUnwanted),
            _ => {}
        }
        // RFC 7692 §6.1: extensions set reserved bits only on the first frame of a message.
        if rsv != Rsv::NONE && !matches!(opcode, Opcode::Text | Opcode::Binary) {
            return Err(EncodeError::ReservedBits { rsv: rsv.bits() });
        }
        // RFC 6455 §5.5: control frames are short and not fragmented.
        if opcode.is_control() && !fin {
            return Err(EncodeError::FragmentedControl { opcode });
        }
        if opcode.is_control() && len > MAX_CONTROL_PAYLOAD as u64 {
            return Err(EncodeError::ControlTooLong { len });
        }
        // RFC 6455 §5.5.1: if a Close has a body, it begins with a two-byte code.
        if opcode == Opcode::Close && len == 1 {
            return Err(EncodeError::TruncatedCloseCode);
        }
        // RFC 6455 §5.2: the most significant bit of a 64-bit length is 0.
        if len > i64::MAX as u64 {
            return Err(EncodeError::LengthOverflow { len });
        }
        // RFC 6455 §5.5.1: no data frame follows a Close. A second Close is not needed.
        if self.closed && (opcode.is_data() || opcode == Opcode::Close) {
            return Err(EncodeError::Closed);
        }
        // RFC 6455 §5.4: a message is one frame, or a first frame and its continuations.
        match (self.message_open, opcode) {
            (false, Opcode::Continuation) => Err(EncodeError::UnexpectedContinuation),
            (true, Opcode::Text | Opcode::Binary) => {
                Err(EncodeError::ExpectedContinuation { opcode })
            }
            _ => Ok(()),
        }
    }
}
