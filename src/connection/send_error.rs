//! Why something was not sent.

use core::fmt;

/// A message that was not queued, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendError<M> {
    /// Why.
    pub why: SendRefusal,
    /// The message, where it was given up.
    pub message: M,
}

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendRefusal {
    /// As much output waits as [`Config::max_output`](super::Config::max_output) allows; send again
    /// when some of it is written.
    Full,
    /// A Close was sent or received, the connection has failed, or the transport has ended.
    Closing,
    /// A message that was begun with [`start_text`](super::Connection::start_text) or
    /// [`start_binary`](super::Connection::start_binary) is not finished: RFC 6455 §5.4 allows no
    /// other before its end, only pings, pongs and a Close.
    MessageOpen,
    /// A ping or pong of more than 125 bytes.
    TooLong,
    /// A fragment that breaks the text it belongs to, or ends it within a code point.
    NotUtf8,
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl From<SendRefusal> for SendError<()> {
    fn from(why: SendRefusal) -> Self {
        SendError { why, message: () }
    }
}

impl<M> SendError<M> {
    /// The same error, with the message dropped.
    pub fn without_message(self) -> SendError<()> {
        SendError { why: self.why, message: () }
    }
}

impl<M: fmt::Debug> core::error::Error for SendError<M> {}

impl fmt::Display for SendRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendRefusal::Full => "output is full",
            SendRefusal::Closing => "connection is closing",
            SendRefusal::MessageOpen => "another message is not finished",
            SendRefusal::NotUtf8 => "fragment that is not UTF-8",
            SendRefusal::TooLong => "ping or pong of more than 125 bytes",
        })
    }
}
