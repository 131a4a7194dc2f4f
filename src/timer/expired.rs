//! Reasons to drop a peer.

use core::fmt;

/// The reason why a peer is to be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expired {
    /// Nothing was received for [`Timeouts::ping`](super::Timeouts::ping), and then nothing for
    /// [`Timeouts::pong`](super::Timeouts::pong) after a ping.
    NoPong,
    /// The transport took no output for [`Timeouts::write`](super::Timeouts::write), or fell behind
    /// [`Timeouts::write_rate`](super::Timeouts::write_rate) by that much time.
    WriteStalled,
    /// The peer did not end the connection within [`Timeouts::close`](super::Timeouts::close).
    CloseTimeout,
    /// A message or a control frame took longer than
    /// [`Timeouts::message`](super::Timeouts::message), or fell behind
    /// [`Timeouts::message_rate`](super::Timeouts::message_rate) by more than is allowed. The
    /// connection has failed, and its last output reports it.
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
