//! Why a peer is to be given up.

use core::fmt;

/// Why a peer is to be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expired {
    /// Nothing was received for [`Timeouts::ping`](super::Timeouts::ping), nor for
    /// [`Timeouts::pong`](super::Timeouts::pong) after a ping.
    NoPong,
    /// None of the output was taken for [`Timeouts::write`](super::Timeouts::write).
    WriteStalled,
    /// The peer did not end the connection within [`Timeouts::close`](super::Timeouts::close).
    CloseTimeout,
    /// A message, or a control frame, took longer than
    /// [`Timeouts::message`](super::Timeouts::message), or fell behind
    /// [`Timeouts::message_rate`](super::Timeouts::message_rate) by more than is allowed. The
    /// connection has failed, and its last output says so.
    MessageTimeout,
    /// A handshake took longer than its [`HandshakeTimer`](super::HandshakeTimer) allows.
    HandshakeTimeout,
}

impl fmt::Display for Expired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expired::NoPong => "no response to ping",
            Expired::WriteStalled => "write timed out",
            Expired::CloseTimeout => "close timed out: peer did not end the connection",
            Expired::MessageTimeout => "message timed out: peer sent too slowly",
            Expired::HandshakeTimeout => "handshake timed out",
        })
    }
}

impl core::error::Error for Expired {}
