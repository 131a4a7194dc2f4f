//! A connection taken apart, and put together again.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use super::ping_budget::PingBudget;
use super::send::OutgoingMessage;
use super::{CloseStatus, Config, Connection, Delivery, Output, PingPolicy, State};
use crate::frame::{Decoder, MAX_CONTROL_PAYLOAD, ShortBytes};
use crate::message::{Assembler, ConnectionId};

/// All that a connection is, by [`Connection::into_parts`]: nothing is lost by taking it apart and
/// putting it together again, at whichever byte.
///
/// ```
/// use bytes::Buf;
/// use sansock::{Config, Connection, Event, Input, Role};
///
/// let mut server = Connection::new(Config::server());
/// server.send_text("unsent")?;
/// // The first half of a masked "Hello", RFC 6455 §5.7; after that the transport is another one.
/// assert!(server.receive(&mut Input::new(&mut b"\x81\x85\x37\xfa\x21\x3d\x7f".to_vec()[..]))?.is_none());
/// let mut parts = server.into_parts();
/// assert_eq!(parts.output.chunk(), b"\x81\x06unsent");
///
/// let mut config = Config::server();
/// config.limits.message = 100; // lower from now on
/// parts.config = config.into();
/// let mut server = Connection::from_parts(parts)?;
/// let mut rest = *b"\x9f\x4d\x51\x58";
/// let mut input = Input::new(&mut rest[..]);
/// let Some(Event::Text(text)) = server.receive(&mut input)? else { panic!() };
/// assert_eq!(text.as_str(), "Hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
pub struct Parts {
    /// The configuration, which may be exchanged for another of the same role and delivery. Limits
    /// hold from the next header on, and another budget for pings from its start.
    pub config: Arc<Config>,
    /// What is not sent yet. Take the bytes to send them by other means.
    pub output: Output,
    /// What was received of a header, a message or a control frame that is not whole, what is open
    /// of a message that is sent in fragments, and how far the connection has come.
    pub progress: Progress,
}

/// Where a connection stands, but for its output.
pub struct Progress {
    id: ConnectionId,
    decoder: Decoder,
    is_streaming: bool,
    assembler: Assembler,
    control: Option<Box<ShortBytes<MAX_CONTROL_PAYLOAD>>>,
    outgoing: Option<OutgoingMessage>,
    ping_budget: PingBudget,
    /// The policy of that budget.
    pings: PingPolicy,
    state: State,
    closure: CloseStatus,
    has_sent_eof: bool,
}

impl Connection {
    /// Takes the connection apart, as for another transport or another process's rules.
    ///
    /// There is no unread input in it: what [`receive`](Self::receive) took is in
    /// [`Parts::progress`], and what it did not take is still the caller's, as is all that is in a
    /// [`ReadBuffer`](crate::ReadBuffer) ([`into_unread`](crate::ReadBuffer::into_unread)).
    #[must_use]
    pub fn into_parts(self) -> Parts {
        let Connection { config, output, .. } = self;
        let progress = Progress {
            id: self.id,
            decoder: self.decoder,
            is_streaming: self.is_streaming,
            assembler: self.assembler,
            control: self.control,
            outgoing: self.outgoing,
            ping_budget: self.ping_budget,
            pings: config.pings,
            state: self.state,
            closure: self.closure,
            has_sent_eof: self.has_sent_eof,
        };
        Parts { config, output, progress }
    }

    /// Puts a connection together again.
    ///
    /// # Errors
    ///
    /// [`ConfigMismatch`] where the configuration has another role or delivery than that
    /// of the connection that was taken apart.
    pub fn from_parts(parts: Parts) -> Result<Self, ConfigMismatch> {
        let Parts { config, output, progress } = parts;
        let mut decoder = progress.decoder;
        let is_streaming = config.delivery == Delivery::Streaming;
        if (config.role(), is_streaming) != (decoder.role(), progress.is_streaming) {
            return Err(ConfigMismatch);
        }
        decoder.set_limits(config.message_limits());
        let ping_budget = if config.pings == progress.pings {
            progress.ping_budget
        } else {
            PingBudget::full(config.pings)
        };
        Ok(Connection {
            id: progress.id,
            config,
            decoder,
            is_streaming,
            output,
            assembler: progress.assembler,
            control: progress.control,
            outgoing: progress.outgoing,
            ping_budget,
            state: progress.state,
            closure: progress.closure,
            has_sent_eof: progress.has_sent_eof,
        })
    }
}

/// The configuration has another role or delivery than the connection that was taken apart, by
/// [`Connection::from_parts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConfigMismatch;

impl fmt::Display for ConfigMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("config has a different role or delivery mode than the connection")
    }
}

impl core::error::Error for ConfigMismatch {}

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("output", &self.output)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("state", &self.state)
            .field("received", &self.decoder.received())
            .finish_non_exhaustive()
    }
}
