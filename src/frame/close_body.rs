//! The body of a Close frame: RFC 6455 §5.5.1, §7.4.

use core::fmt;

use super::MAX_CONTROL_PAYLOAD;
use super::short::ShortBytes;
use crate::close::{CloseCode, CloseReason};
use crate::error::Violation;
use crate::opcode::Opcode;
use crate::utf8::{self, Validator};

/// The body of a Close frame: empty, or a code and a reason. The reason may be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CloseBody<'a> {
    /// The code and the reason, or `None` for an empty body.
    pub status: Option<(CloseCode, CloseReason<'a>)>,
}

/// The error for a Close frame's body that breaks RFC 6455 §5.5.1 or §7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidCloseBody {
    /// The rule that the body breaks.
    pub violation: Violation,
    /// The index in the body of the byte that shows the violation.
    pub offset: usize,
}

impl fmt::Display for InvalidCloseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} of a close frame's body", self.violation, self.offset)
    }
}

impl core::error::Error for InvalidCloseBody {}

impl<'a> CloseBody<'a> {
    /// Parses a whole body.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCloseBody`] at the first byte of `payload` that breaks a rule.
    pub fn parse(payload: &'a [u8]) -> Result<CloseBody<'a>, InvalidCloseBody> {
        Self::check_len(payload)?;
        let Some((code, reason)) = payload.split_first_chunk() else {
            // RFC 6455 §5.5.1: if there is a body, it begins with a two-byte code.
            return match payload {
                [] => Ok(CloseBody { status: None }),
                _ => Err(InvalidCloseBody { violation: Violation::TruncatedCloseCode, offset: 0 }),
            };
        };
        let code = parse_code(*code)?;
        let reason = utf8::from_utf8(reason).map_err(|error| invalid_reason(error.offset))?;
        let reason = CloseReason::new(reason).ok_or(invalid_reason(CloseReason::MAX_LEN))?;
        Ok(CloseBody { status: Some((code, reason)) })
    }

    /// Checks the beginning of a body that is not complete yet.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`parse`](Self::parse) that no further bytes can repair.
    pub fn check_prefix(payload: &[u8]) -> Result<(), InvalidCloseBody> {
        Self::check_len(payload)?;
        let Some((code, reason)) = payload.split_first_chunk() else { return Ok(()) };
        parse_code(*code)?;
        Validator::new().push(reason).map_err(|error| invalid_reason(error.offset))
    }

    /// Encodes the body as it is sent on the wire.
    pub fn to_bytes(&self) -> ShortBytes<MAX_CONTROL_PAYLOAD> {
        let mut bytes = ShortBytes::EMPTY;
        if let Some((code, reason)) = self.status {
            bytes.append(&code.as_u16().to_be_bytes());
            bytes.append(reason.as_str().as_bytes());
        }
        bytes
    }

    /// RFC 6455 §5.5: a control frame has a payload of at most 125 bytes.
    fn check_len(payload: &[u8]) -> Result<(), InvalidCloseBody> {
        if payload.len() > MAX_CONTROL_PAYLOAD {
            let too_long = Violation::ControlTooLong { opcode: Opcode::Close };
            return Err(InvalidCloseBody { violation: too_long, offset: MAX_CONTROL_PAYLOAD });
        }
        Ok(())
    }
}

/// Parses a close code, and checks that a Close frame may contain it, RFC 6455 §7.4.
fn parse_code(code: [u8; 2]) -> Result<CloseCode, InvalidCloseBody> {
    let code = u16::from_be_bytes(code);
    let violation = Violation::InvalidCloseCode { code };
    CloseCode::new(code).ok_or(InvalidCloseBody { violation, offset: 1 })
}

/// Returns the error for a reason that becomes invalid at its index `at`.
const fn invalid_reason(at: usize) -> InvalidCloseBody {
    InvalidCloseBody { violation: Violation::InvalidCloseReason, offset: size_of::<u16>() + at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_judged_alike_whole_and_as_a_prefix() {
        for code in 0..=u16::MAX {
            let bytes = code.to_be_bytes();
            let violation = Violation::InvalidCloseCode { code };
            let expected = CloseCode::new(code).ok_or(InvalidCloseBody { violation, offset: 1 });
            let whole = CloseBody::parse(&bytes).map(|body| body.status.unwrap().0);
            assert_eq!(whole, expected);
            assert_eq!(CloseBody::check_prefix(&bytes), expected.map(|_| ()));
        }
    }

    #[test]
    fn a_body_is_written_as_it_is_parsed() {
        for reason in ["", "bye", &"x".repeat(123)] {
            let status = Some((CloseCode::GOING_AWAY, CloseReason::new(reason).unwrap()));
            let body = CloseBody { status };
            let bytes = body.to_bytes();
            assert_eq!(bytes.len(), 2 + reason.len());
            assert_eq!(CloseBody::parse(&bytes), Ok(body));
            for end in 0..bytes.len() {
                assert_eq!(CloseBody::check_prefix(&bytes[..end]), Ok(()));
            }
        }
        assert!(CloseBody::default().to_bytes().is_empty());
    }

    #[test]
    fn a_reason_breaks_at_the_byte_that_breaks_it() {
        let violation = Violation::InvalidCloseReason;
        let invalid = |offset| InvalidCloseBody { violation, offset };
        assert_eq!(CloseBody::parse(b"\x03\xe8ok\xce"), Err(invalid(4)));
        assert_eq!(CloseBody::check_prefix(b"\x03\xe8ok\xce"), Ok(()));
        assert_eq!(CloseBody::parse(b"\x03\xe8\xceok"), Err(invalid(3)));
        assert_eq!(CloseBody::check_prefix(b"\x03\xe8\xceo"), Err(invalid(3)));
        let truncated = InvalidCloseBody { violation: Violation::TruncatedCloseCode, offset: 0 };
        assert_eq!(CloseBody::parse(b"\x03"), Err(truncated));
        assert_eq!(CloseBody::check_prefix(b"\x03"), Ok(()));
        let too_long = Violation::ControlTooLong { opcode: Opcode::Close };
        let long = [b"\x03\xe8", &[b'x'; 124][..]].concat();
        let too_long = Err(InvalidCloseBody { violation: too_long, offset: 125 });
        assert_eq!(CloseBody::parse(&long).map(|_| ()), too_long);
        assert_eq!(CloseBody::check_prefix(&long), too_long);
        assert_eq!(CloseBody::check_prefix(&long[..125]), Ok(()));
    }
}
