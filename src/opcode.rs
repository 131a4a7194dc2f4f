//! Opcodes: RFC 6455 §5.2, §11.8.

use core::fmt;

/// The type of a frame. Reserved opcodes cannot be represented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of a message that began with a text or binary frame.
    Continuation = 0x0,
    /// The first or only frame of a text message.
    Text = 0x1,
    /// The first or only frame of a binary message.
    Binary = 0x2,
    /// A part of the closing handshake, RFC 6455 §5.5.1.
    Close = 0x8,
    /// A check that the peer is still there, RFC 6455 §5.5.2.
    Ping = 0x9,
    /// The answer to a ping, or an unsolicited sign of life, RFC 6455 §5.5.3.
    Pong = 0xA,
}

impl Opcode {
    /// Returns the opcode with this four-bit value, or `None` if it is reserved or above `0xF`.
    pub const fn from_u8(value: u8) -> Option<Opcode> {
        match value {
            0x0 => Some(Opcode::Continuation),
            0x1 => Some(Opcode::Text),
            0x2 => Some(Opcode::Binary),
            0x8 => Some(Opcode::Close),
            0x9 => Some(Opcode::Ping),
            0xA => Some(Opcode::Pong),
            _ => None,
        }
    }

    /// Returns the four-bit value on the wire.
    pub const fn as_u8(self) -> u8 {
        self as u8
    }

    /// Returns `true` if frames with this opcode are control frames: at most 125 bytes, never
    /// fragmented, and allowed between the fragments of a message (RFC 6455 §5.5).
    pub const fn is_control(self) -> bool {
        self.as_u8() & 0x8 != 0
    }

    /// Returns `true` if frames with this opcode carry a message or a fragment (RFC 6455 §5.6).
    pub const fn is_data(self) -> bool {
        !self.is_control()
    }
}

/// Returns the value as [`Opcode::as_u8`] does.
impl From<Opcode> for u8 {
    fn from(opcode: Opcode) -> u8 {
        opcode.as_u8()
    }
}

/// Checks the value as [`Opcode::from_u8`] does.
impl TryFrom<u8> for Opcode {
    type Error = ReservedOpcode;

    fn try_from(opcode: u8) -> Result<Self, ReservedOpcode> {
        Opcode::from_u8(opcode).ok_or(ReservedOpcode { opcode })
    }
}

/// A number that is not an opcode, RFC 6455 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReservedOpcode {
    /// The number.
    pub opcode: u8,
}

impl fmt::Display for ReservedOpcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "reserved opcode {:#x}", self.opcode)
    }
}

impl core::error::Error for ReservedOpcode {}

/// Writes the RFC's name of the opcode, in lower case.
impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Opcode::Continuation => "continuation",
            Opcode::Text => "text",
            Opcode::Binary => "binary",
            Opcode::Close => "close",
            Opcode::Ping => "ping",
            Opcode::Pong => "pong",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_u8_knows_the_six_defined_opcodes_and_no_other() {
        let defined: [(u8, Opcode); 6] = [
            (0x0, Opcode::Continuation),
            (0x1, Opcode::Text),
            (0x2, Opcode::Binary),
            (0x8, Opcode::Close),
            (0x9, Opcode::Ping),
            (0xA, Opcode::Pong),
        ];
        for value in 0..=u8::MAX {
            let expected = defined.iter().find(|(v, _)| *v == value).map(|(_, opcode)| *opcode);
            assert_eq!(Opcode::from_u8(value), expected);
            if let Some(opcode) = expected {
                assert_eq!(opcode.as_u8(), value);
                assert_eq!(opcode.is_control(), value >= 0x8);
                assert_ne!(opcode.is_control(), opcode.is_data());
            }
        }
    }
}
