//! From frames to bytes: headers written, payloads masked in place.

use super::MAX_CONTROL_PAYLOAD;
use super::encode_error::EncodeError;
use super::header::{Header, HeaderBytes, Rsv};
use crate::mask;
use crate::opcode::Opcode;
use crate::role::Role;

/// Encodes the stream of frames that this endpoint sends, without an allocator.
///
/// For each frame, [`header`](Self::header) gives the bytes to be sent first; then
/// [`payload`](Self::payload) makes each piece of the payload ready to be sent, in place. What
/// would break RFC 6455 §5 is refused.
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
    /// Whether a message was begun and its last frame is yet to come.
    message_open: bool,
    /// Whether a Close was begun.
    closed: bool,
    /// The payload that the last header announced and that was not given yet.
    remaining: u64,
    /// The first byte of it masks the next byte of payload.
    key: [u8; 4],
}

impl Encoder {
    /// An encoder for an endpoint of this role.
    pub const fn new(role: Role) -> Self {
        Encoder { role, message_open: false, closed: false, remaining: 0, key: [0; 4] }
    }

    /// Begins a frame, and gives the bytes of its header.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] where the payload of the frame before is not complete
    /// ([`PayloadOwed`](EncodeError::PayloadOwed)), where a mask key is missing or unwanted, where a
    /// control frame is too long or fragmented, where reserved bits are set on another frame than the
    /// first of a message, where a length is 2^63 or above, and where the
    /// frame does not follow from those before it (RFC 6455 §5.4). After a Close, everything but pings
    /// and pongs is refused ([`Closed`](EncodeError::Closed)). Nothing has changed then.
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

    /// Makes the next piece of the frame's payload ready to be sent: a client masks it in place, a
    /// server leaves it as it is.
    ///
    /// # Errors
    ///
    /// [`EncodeError::PayloadTooLong`] where the header announced less; `piece` is unchanged then.
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
        // RFC 7692 §6.1: what extensions mark is the first frame of a message.
        if rsv != Rsv::NONE && !matches!(opcode, Opcode::Text | Opcode::Binary) {
            return Err(EncodeError::ReservedBits { rsv: rsv.bits() });
        }
        // RFC 6455 §5.5: control frames are short and whole.
        if opcode.is_control() && !fin {
            return Err(EncodeError::FragmentedControl { opcode });
        }
        if opcode.is_control() && len > MAX_CONTROL_PAYLOAD as u64 {
            return Err(EncodeError::ControlTooLong { len });
        }
        // RFC 6455 §5.5.1: a Close that has a body begins it with a two-byte code.
        if opcode == Opcode::Close && len == 1 {
            return Err(EncodeError::TruncatedCloseCode);
        }
        // RFC 6455 §5.2: the most significant bit of a 64-bit length is 0.
        if len > i64::MAX as u64 {
            return Err(EncodeError::LengthOverflow { len });
        }
        // RFC 6455 §5.5.1: no more data frames after a Close; and one Close is enough.
        if self.closed && (opcode.is_data() || opcode == Opcode::Close) {
            return Err(EncodeError::Closed);
        }
        // RFC 6455 §5.4: a message is one frame, or a first one and continuations of it.
        match (self.message_open, opcode) {
            (false, Opcode::Continuation) => Err(EncodeError::UnexpectedContinuation),
            (true, Opcode::Text | Opcode::Binary) => {
                Err(EncodeError::ExpectedContinuation { opcode })
            }
            _ => Ok(()),
        }
    }
}
