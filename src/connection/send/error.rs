//! Why a call to send was refused.

use core::fmt;

use crate::message::Message;

/// Why a message, a fragment, a ping or a pong was not queued. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// As much output waits as [`Config::max_output`](crate::Config::max_output) allows: send again
    /// when some of it is written.
    Full,
    /// A Close was sent or received, the connection has failed, or the transport has ended.
    Closing,
    /// A message that was begun with [`start_text`](crate::Connection::start_text) or
    /// [`start_binary`](crate::Connection::start_binary) is not finished: RFC 6455 §5.4 allows no
    /// other before its end, only pings, pongs and a Close.
    MessageOpen,
    /// A ping or pong of more than 125 bytes.
    TooLong,
    /// A fragment that breaks the text it belongs to, or ends it within a code point.
    NotUtf8,
    /// The opening handshake of an `Endpoint` is not over.
    NotOpen,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Full => "not sent: output is full",
            SendError::Closing => "not sent: connection is closing",
            SendError::MessageOpen => "not sent: another message is not finished",
            SendError::NotUtf8 => "not sent: text message would not be UTF-8",
            SendError::NotOpen => "not sent: opening handshake is not over",
            SendError::TooLong => "not sent: ping or pong is longer than 125 bytes",
        })
    }
}

impl core::error::Error for SendError {}

/// A message that [`Connection::send`](crate::Connection::send) did not queue, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsent {
    /// Why it was not queued.
    pub error: SendError,
    /// The message, to be sent later.
    pub message: Message,
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl core::error::Error for Unsent {}

/// Drops the message.
impl From<Unsent> for SendError {
    fn from(unsent: Unsent) -> Self {
        unsent.error
    }
}

/// A Close that may not be sent, by [`Connection::close`](crate::Connection::close).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseError {
    /// 1010 from a server: it is what a client says of a server, RFC 6455 §7.4.1.
    ClientOnlyCode,
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseError::ClientOnlyCode => f.write_str("close code 1010 is for clients only"),
        }
    }
}

impl core::error::Error for CloseError {}
