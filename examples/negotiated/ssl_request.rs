//! The question that comes before TLS, as `PostgreSQL` asks it: may TLS begin?
//!
//! ```text
//! client                          server
//!   00 00 00 08 04 D2 16 2F  -->
//!                            <--  'S' TLS begins, or 'N' it does not
//! ```
//!
//! Both are in the clear, and anyone on the way can add bytes to them. A program that keeps such
//! bytes in its buffer, and treats them after the TLS handshake as if they had come through it, lets
//! a stranger speak for the peer (CVE-2021-23214 in a server, CVE-2021-23222 in a client). No honest
//! peer sends anything behind either of the two before it has seen what comes next. So both ends
//! read as much as there is, and fail if it is more than they wait for.

use sansock::Input;
use sansock::input::UnexpectedBytes;

/// The request: its length, 8, and the number 80877103, both as big-endian integers of 32 bits.
pub(crate) const REQUEST: [u8; 8] = [0x00, 0x00, 0x00, 0x08, 0x04, 0xD2, 0x16, 0x2F];

/// The answer that lets the client begin the TLS handshake.
pub(crate) const ACCEPT: u8 = b'S';

/// The answer that there is no TLS here.
pub(crate) const DECLINE: u8 = b'N';

/// What a client begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// Too little to tell: a part of the request, or nothing.
    Incomplete,
    /// The request, and nothing behind it.
    Request,
    /// Not the request. An HTTP request is not mistaken for it, as it does not begin with 0.
    Other,
}

/// Judges all bytes that have come from a client so far.
///
/// # Errors
///
/// [`UnexpectedBytes`] if bytes follow the request.
pub(crate) fn judge_opening(read: &mut [u8]) -> Result<Opening, UnexpectedBytes> {
    let common = read.iter().zip(&REQUEST).take_while(|(left, right)| left == right).count();
    if common < REQUEST.len() {
        let is_all = common == read.len();
        return Ok(if is_all { Opening::Incomplete } else { Opening::Other });
    }
    let rest = read.get_mut(common..).unwrap_or_default();
    Input::new(rest).expect_empty().map(|()| Opening::Request)
}

/// Judges all bytes that have come from a server so far. Returns its answer, or `None` if there is
/// none yet. Other answers than the two may be the beginning of anything.
///
/// # Errors
///
/// [`UnexpectedBytes`] if bytes follow one of the two answers.
pub(crate) fn judge_answer(read: &mut [u8]) -> Result<Option<u8>, UnexpectedBytes> {
    let Some((&mut answer, rest)) = read.split_first_mut() else { return Ok(None) };
    if [ACCEPT, DECLINE].contains(&answer) {
        Input::new(rest).expect_empty()?;
    }
    Ok(Some(answer))
}
