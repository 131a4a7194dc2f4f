//! The errors of the calls that send.

use core::fmt;

use crate::message::Message;

/// The reason why a message, a fragment, a ping or a pong was not queued. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// As much output is queued as [`Config::max_output`](crate::Config::max_output) allows. Send
    /// again when some of it is written.
    Full,
    /// A Close was sent or received, the connection has failed, or the transport has ended.
    Closing,
    /// A message that was begun by [`start_text`](crate::Connection::start_text) or
    /// [`start_binary`](crate::Connection::start_binary) is not finished. Before its end, RFC 6455
    /// §5.4 allows only pings, pongs and a Close.
    MessageOpen,
    /// The payload of a ping or pong is longer than 125 bytes.
    TooLong,
    /// The fragment makes its text message invalid UTF-8, or ends it within a code point.
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

/// The error of [`Connection::send`](crate::Connection::send): the message, and why it was not
/// queued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsent {
    /// Why it was not queued.
    pub error: SendError,
    /// The message, which you may send later.
    pub message: Message,
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl core::error::Error for Unsent {}

/// Keeps the reason, and drops the message.
impl From<Unsent> for SendError {
    fn from(unsent: Unsent) -> Self {
        unsent.error
    }
}

/// The error of [`Connection::close`](crate::Connection::close): this Close is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseError {
    /// A server passed 1010, which only a client sends, RFC 6455 §7.4.1.
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
