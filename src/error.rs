//! Errors of the peer. Errors of the caller are defined next to the API that returns them.

use core::fmt;

use crate::close::CloseCode;
use crate::opcode::Opcode;

/// The peer broke RFC 6455 or exceeded a limit. The connection has failed.
///
/// The error carries the rule that was broken ([`violation`](Self::violation)), its place in the
/// stream ([`offset`](Self::offset)), the close code to send ([`close_code`](Self::close_code)),
/// and the section of the RFC ([`section`](Self::section)): of RFC 6455, or of RFC 7692 for
/// [`Violation::InvalidDeflate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProtocolError {
    violation: Violation,
    offset: u64,
}

impl ProtocolError {
    /// Creates an error at `offset`, in bytes from the start of the stream of frames.
    pub(crate) const fn new(violation: Violation, offset: u64) -> Self {
        ProtocolError { violation, offset }
    }

    /// Returns the rule that was broken.
    pub const fn violation(&self) -> Violation {
        self.violation
    }

    /// Returns the offset, in the stream of frames, of the byte that completes the offending field.
    /// If a text ends inside a code point, that is the last byte of its last frame. For what a
    /// compressed message inflates to, it is the first byte of the message.
    ///
    /// The offset is the same however the stream was cut into reads.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the code that the Close frame for this error carries, RFC 6455 §7.4.1.
    pub const fn close_code(&self) -> CloseCode {
        self.violation.close_code()
    }

    /// Returns the section of the RFC that was broken, for example `"5.1"`.
    pub const fn section(&self) -> &'static str {
        self.violation.section()
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (violation, rfc) = (self.violation, self.violation.rfc());
        write!(f, "{violation} at byte {} (RFC {rfc} §{})", self.offset, self.section())
    }
}

impl core::error::Error for ProtocolError {}

/// A rule that the peer broke, with the value that broke it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Violation {
    /// A reserved bit is set, but no negotiated extension assigns it a meaning.
    ReservedBits {
        /// The three bits. RSV1 is the highest (`0b100`).
        rsv: u8,
    },
    /// An opcode that is not defined.
    ReservedOpcode {
        /// The opcode.
        opcode: u8,
    },
    /// A control frame without FIN.
    FragmentedControl {
        /// The control frame's opcode.
        opcode: Opcode,
    },
    /// A continuation frame without a message in progress.
    UnexpectedContinuation,
    /// A new message before the previous one was finished.
    ExpectedContinuation {
        /// The opcode that arrived instead of a continuation.
        opcode: Opcode,
    },
    /// An unmasked frame from a client.
    UnmaskedFrame,
    /// A masked frame from a server.
    MaskedFrame,
    /// A control frame that declares more than 125 bytes.
    ControlTooLong {
        /// The control frame's opcode.
        opcode: Opcode,
    },
    /// A length of 2^63 or above.
    LengthOverflow,
    /// A length that is encoded in more bytes than it needs.
    LengthNotMinimal {
        /// The length.
        len: u64,
    },
    /// A frame that exceeds the limit.
    FrameTooBig {
        /// The payload length that the header declares.
        len: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A message that exceeds the limit.
    MessageTooBig {
        /// The length that the message would have with the frame that was declared last. For a
        /// compressed message that inflates to too much, one more than the limit.
        len: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A message in more fragments than the limit allows.
    TooManyFragments {
        /// The limit.
        limit: u32,
    },
    /// More pings in a row than the configuration answers.
    TooManyPings {
        /// The limit.
        limit: u32,
    },
    /// A Close frame with a payload of one byte: neither empty nor a whole code.
    TruncatedCloseCode,
    /// A close code that must not be sent.
    InvalidCloseCode {
        /// The code.
        code: u16,
    },
    /// A close reason that is not UTF-8.
    InvalidCloseReason,
    /// A text message that is not UTF-8.
    InvalidUtf8,
    /// A compressed message that cannot be inflated, RFC 7692 §7.2.2: its data is invalid, or it
    /// ends within a block.
    InvalidDeflate,
    /// A compressed message in which more DEFLATE streams end than its length allows.
    TooManyDeflateStreams,
    /// A long compressed message that is not whole in one read, while as many of them are received
    /// as the configuration's `max_inflaters` allows.
    TooManyInflaters,
}

impl Violation {
    /// Returns the code that the Close frame for this violation carries, RFC 6455 §7.4.1.
    pub const fn close_code(&self) -> CloseCode {
        self.verdict().0
    }

    /// Returns the section of the RFC that was broken, for example `"5.1"`: of RFC 6455, or of RFC
    /// 7692 for [`InvalidDeflate`](Self::InvalidDeflate).
    pub const fn section(&self) -> &'static str {
        self.verdict().1
    }

    /// Returns the number of the RFC that [`section`](Self::section) is of.
    const fn rfc(&self) -> u16 {
        match self {
            Violation::InvalidDeflate => 7692,
            _ => 6455,
        }
    }

    /// Returns the close code and the section of each rule.
    const fn verdict(&self) -> (CloseCode, &'static str) {
        match self {
            Violation::ReservedBits { .. }
            | Violation::ReservedOpcode { .. }
            | Violation::LengthOverflow
            | Violation::LengthNotMinimal { .. } => (CloseCode::PROTOCOL_ERROR, "5.2"),
            Violation::UnmaskedFrame | Violation::MaskedFrame => (CloseCode::PROTOCOL_ERROR, "5.1"),
            Violation::UnexpectedContinuation | Violation::ExpectedContinuation { .. } => {
                (CloseCode::PROTOCOL_ERROR, "5.4")
            }
            Violation::FragmentedControl { .. } | Violation::ControlTooLong { .. } => {
                (CloseCode::PROTOCOL_ERROR, "5.5")
            }
            Violation::TruncatedCloseCode => (CloseCode::PROTOCOL_ERROR, "5.5.1"),
            Violation::InvalidCloseCode { .. } => (CloseCode::PROTOCOL_ERROR, "7.4"),
            Violation::InvalidCloseReason => (CloseCode::INVALID_PAYLOAD, "5.5.1"),
            Violation::InvalidUtf8 => (CloseCode::INVALID_PAYLOAD, "8.1"),
            Violation::FrameTooBig { .. } | Violation::MessageTooBig { .. } => {
                (CloseCode::MESSAGE_TOO_BIG, "10.4")
            }
            Violation::TooManyFragments { .. }
            | Violation::TooManyPings { .. }
            | Violation::TooManyDeflateStreams => (CloseCode::POLICY_VIOLATION, "10.4"),
            Violation::InvalidDeflate => (CloseCode::INVALID_PAYLOAD, "7.2.2"),
            Violation::TooManyInflaters => (CloseCode::TRY_AGAIN_LATER, "10.4"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::ReservedBits { rsv } => {
                write!(f, "reserved bits {rsv:03b} without a negotiated meaning")
            }
            Violation::ReservedOpcode { opcode } => write!(f, "reserved opcode {opcode:#x}"),
            Violation::FragmentedControl { opcode } => write!(f, "fragmented {opcode} frame"),
            Violation::UnexpectedContinuation => {
                f.write_str("continuation frame without a message in progress")
            }
            Violation::ExpectedContinuation { opcode } => {
                write!(f, "{opcode} frame inside a fragmented message")
            }
            Violation::UnmaskedFrame => f.write_str("unmasked frame from a client"),
            Violation::MaskedFrame => f.write_str("masked frame from a server"),
            Violation::ControlTooLong { opcode } => {
                write!(f, "{opcode} frame exceeds 125 bytes")
            }
            Violation::LengthOverflow => f.write_str("length is 2^63 or above"),
            Violation::LengthNotMinimal { len } => {
                write!(f, "length {len} is not encoded in the fewest bytes")
            }
            Violation::FrameTooBig { len, limit } => {
                write!(f, "frame of {len} bytes exceeds the limit of {limit}")
            }
            Violation::MessageTooBig { len, limit } => {
                write!(f, "message of {len} bytes exceeds the limit of {limit}")
            }
            Violation::TooManyFragments { limit } => {
                write!(f, "message in more than {limit} fragments")
            }
            Violation::TooManyPings { limit } => write!(f, "more than {limit} pings in a row"),
            Violation::TruncatedCloseCode => f.write_str("close frame with a payload of one byte"),
            Violation::InvalidCloseCode { code } => write!(f, "invalid close code {code}"),
            Violation::InvalidCloseReason => f.write_str("close reason is not UTF-8"),
            Violation::InvalidUtf8 => f.write_str("text is not UTF-8"),
            Violation::InvalidDeflate => f.write_str("compressed message cannot be inflated"),
            Violation::TooManyDeflateStreams => {
                f.write_str("compressed message has too many final blocks")
            }
            Violation::TooManyInflaters => {
                f.write_str("too many compressed messages are received at the same time")
            }
        }
    }
}
