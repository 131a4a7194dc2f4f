//! The reasons why an encoder refuses a frame.

use core::fmt;

use crate::opcode::Opcode;

/// The error of [`Encoder`](super::Encoder): RFC 6455 §5 forbids the frame here. The encoder is
/// unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodeError {
    /// A data frame or a second Close frame after a Close frame, RFC 6455 §5.5.1.
    Closed,
    /// A client's frame without a mask key, RFC 6455 §5.1.
    MaskKeyMissing,
    /// A server's frame with a mask key, RFC 6455 §5.1.
    MaskKeyUnwanted,
    /// A control frame without FIN, RFC 6455 §5.5.
    FragmentedControl {
        /// The control frame's opcode.
        opcode: Opcode,
    },
    /// A reserved bit on a control or continuation frame, where extensions define none.
    ReservedBits {
        /// The three bits, RSV1 the highest (`0b100`).
        rsv: u8,
    },
    /// A Close frame with a payload of one byte: neither empty nor a whole code, RFC 6455 §5.5.1.
    TruncatedCloseCode,
    /// A control frame with a payload of more than 125 bytes, RFC 6455 §5.5.
    ControlTooLong {
        /// The requested payload length.
        len: u64,
    },
    /// A payload of 2^63 bytes or more, RFC 6455 §5.2.
    LengthOverflow {
        /// The requested payload length.
        len: u64,
    },
    /// A continuation frame without a message in progress, RFC 6455 §5.4.
    UnexpectedContinuation,
    /// A new message while another one is unfinished, RFC 6455 §5.4.
    ExpectedContinuation {
        /// The opcode that was requested instead of a continuation.
        opcode: Opcode,
    },
    /// A new header before the payload of the previous frame is complete.
    PayloadOwed {
        /// The number of payload bytes still missing.
        remaining: u64,
    },
    /// More payload than the frame's header announced.
    PayloadTooLong {
        /// The number of payload bytes left in the frame.
        remaining: u64,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeError::Closed => f.write_str("data or close frame after a close frame"),
            EncodeError::MaskKeyMissing => f.write_str("client frame without a mask key"),
            EncodeError::MaskKeyUnwanted => f.write_str("server frame with a mask key"),
            EncodeError::FragmentedControl { opcode } => write!(f, "fragmented {opcode} frame"),
            EncodeError::ReservedBits { rsv } => {
                write!(f, "reserved bits {rsv:03b} on a frame that does not begin a message")
            }
            EncodeError::TruncatedCloseCode => {
                f.write_str("close frame with a payload of one byte")
            }
            EncodeError::ControlTooLong { len } => {
                write!(f, "control frame of {len} bytes exceeds 125 bytes")
            }
            EncodeError::LengthOverflow { len } => {
                write!(f, "payload of {len} bytes is not below 2^63")
            }
            EncodeError::UnexpectedContinuation => {
                f.write_str("continuation frame without a message in progress")
            }
            EncodeError::ExpectedContinuation { opcode } => {
                write!(f, "{opcode} frame inside a fragmented message")
            }
            EncodeError::PayloadOwed { remaining } => {
                write!(
                    f,
                    "new frame header before {remaining} remaining payload bytes were written"
                )
            }
            EncodeError::PayloadTooLong { remaining } => {
                write!(f, "payload exceeds the {remaining} bytes left in the frame")
            }
        }
    }
}

impl core::error::Error for EncodeError {}
