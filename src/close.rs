//! Why a connection ends: close codes and reasons, RFC 6455 §7.4 and §5.5.1.

use core::fmt;
use core::num::NonZeroU16;

/// A close code that may appear in a Close frame, RFC 6455 §7.4.
///
/// The codes are 1000 to 1003, 1007 to 1014 and 3000 to 4999. Codes that must never be on the wire
/// (0 to 999, 1004, 1005, 1006, 1015, 5000 and above) cannot be represented. Neither can codes that
/// no registered protocol has defined (1016 to 2999). Where a code is optional, `None` means no
/// code.
///
/// ```
/// use sansock::CloseCode;
///
/// assert_eq!(CloseCode::new(1000), Some(CloseCode::NORMAL));
/// assert_eq!(CloseCode::new(4321).map(CloseCode::as_u16), Some(4321));
/// assert_eq!(CloseCode::new(1005), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(NonZeroU16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: CloseCode = CloseCode::registered(1000);
    /// 1001: the endpoint is going away, for example a server stops or a user leaves a page.
    pub const GOING_AWAY: CloseCode = CloseCode::registered(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode::registered(1002);
    /// 1003: the kind of data cannot be accepted.
    pub const UNSUPPORTED_DATA: CloseCode = CloseCode::registered(1003);
    /// 1007: the payload does not match its message's type, for example a text is not UTF-8.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode::registered(1007);
    /// 1008: the message breaks a policy of the endpoint.
    pub const POLICY_VIOLATION: CloseCode = CloseCode::registered(1008);
    /// 1009: the message is too big to be processed.
    pub const MESSAGE_TOO_BIG: CloseCode = CloseCode::registered(1009);
    /// 1010: the client needs an extension that the server did not agree to. Clients only.
    pub const MANDATORY_EXTENSION: CloseCode = CloseCode::registered(1010);
    /// 1011: the endpoint met a condition that prevents it from continuing.
    pub const INTERNAL_ERROR: CloseCode = CloseCode::registered(1011);
    /// 1012: the service restarts (IANA registry).
    pub const SERVICE_RESTART: CloseCode = CloseCode::registered(1012);
    /// 1013: try again later (IANA registry).
    pub const TRY_AGAIN_LATER: CloseCode = CloseCode::registered(1013);
    /// 1014: a gateway got an invalid answer from the server behind it (IANA registry).
    pub const BAD_GATEWAY: CloseCode = CloseCode::registered(1014);

    /// Returns the code with this number, or `None` if it may not appear in a Close frame.
    pub const fn new(code: u16) -> Option<CloseCode> {
        // RFC 6455 §7.4.1, §7.4.2, and the IANA registry for 1012 to 1014.
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => match NonZeroU16::new(code) {
                Some(code) => Some(CloseCode(code)),
                None => None,
            },
            _ => None,
        }
    }

    /// Returns the number on the wire.
    pub const fn as_u16(self) -> u16 {
        self.0.get()
    }

    /// Makes the constants above. A number that is not allowed does not compile.
    #[allow(clippy::panic, reason = "evaluated at compile time only")]
    const fn registered(code: u16) -> CloseCode {
        match CloseCode::new(code) {
            Some(code) => code,
            None => panic!("not a code that may be sent"),
        }
    }
}

/// Checks the number as [`CloseCode::new`] does.
impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    fn try_from(code: u16) -> Result<Self, InvalidCloseCode> {
        CloseCode::new(code).ok_or(InvalidCloseCode { code })
    }
}

/// A number that may not appear in a Close frame, RFC 6455 §7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidCloseCode {
    /// The number.
    pub code: u16,
}

impl fmt::Display for InvalidCloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid close code {}", self.code)
    }
}

impl core::error::Error for InvalidCloseCode {}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> u16 {
        code.as_u16()
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_u16().fmt(f)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.as_u16())
    }
}

/// A reason for a Close frame: UTF-8 of at most 123 bytes, RFC 6455 §5.5.1.
///
/// It is meant for logs at the other end, not for people. It is always sent with a [`CloseCode`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CloseReason<'a> {
    /// `text.len() <= CloseReason::MAX_LEN`
    text: &'a str,
}

impl<'a> CloseReason<'a> {
    /// The longest reason, in bytes: the room that a control frame has beside the two-byte code.
    pub const MAX_LEN: usize = 123;

    /// The empty reason.
    pub const EMPTY: CloseReason<'static> = CloseReason { text: "" };

    /// Returns `text` as a reason, or `None` if it is longer than [`CloseReason::MAX_LEN`] bytes.
    pub const fn new(text: &'a str) -> Option<CloseReason<'a>> {
        if text.len() <= Self::MAX_LEN { Some(CloseReason { text }) } else { None }
    }

    /// Returns as much of `text` as fits, cut between two code points.
    ///
    /// ```
    /// use sansock::CloseReason;
    ///
    /// let long = "é".repeat(100);
    /// assert_eq!(CloseReason::truncated(&long).as_str(), "é".repeat(61));
    /// ```
    pub fn truncated(text: &'a str) -> CloseReason<'a> {
        let mut len = text.len().min(Self::MAX_LEN);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        CloseReason { text: text.get(..len).unwrap_or_default() }
    }

    /// Returns the text of the reason.
    pub const fn as_str(self) -> &'a str {
        self.text
    }
}

/// Truncates the text as [`CloseReason::truncated`] does.
impl<'a> From<&'a str> for CloseReason<'a> {
    fn from(text: &'a str) -> Self {
        CloseReason::truncated(text)
    }
}

/// Truncates the text as [`CloseReason::truncated`] does.
#[cfg(feature = "alloc")]
impl<'a> From<&'a alloc::string::String> for CloseReason<'a> {
    fn from(text: &'a alloc::string::String) -> Self {
        CloseReason::truncated(text)
    }
}

/// Shows only the length, so that logs contain no user data.
impl fmt::Debug for CloseReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseReason({} bytes)", self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_allows_exactly_the_codes_that_may_be_sent() {
        for code in 0..=u16::MAX {
            let allowed = (1000..=1003).contains(&code)
                || (1007..=1014).contains(&code)
                || (3000..=4999).contains(&code);
            assert_eq!(CloseCode::new(code).map(CloseCode::as_u16), allowed.then_some(code));
        }
    }

    #[test]
    fn an_optional_code_takes_no_more_room_than_a_code() {
        assert_eq!(size_of::<Option<CloseCode>>(), 2);
    }

    #[test]
    fn a_reason_fills_a_control_frame_and_no_more() {
        let text = "x".repeat(124);
        assert!(CloseReason::new(&text[..123]).is_some());
        assert!(CloseReason::new(&text).is_none());
        assert_eq!(CloseReason::truncated(&text).as_str().len(), 123);
    }

    #[test]
    fn truncation_never_cuts_a_code_point() {
        for shift in 0..4 {
            let text = "a".repeat(shift) + &"🦀".repeat(40);
            let cut = CloseReason::truncated(&text).as_str();
            assert!(text.starts_with(cut));
            assert!(cut.len() > 123 - 4);
        }
    }
}
