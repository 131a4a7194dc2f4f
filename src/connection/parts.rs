//! Taking a connection apart, and rebuilding it.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

#[cfg(feature = "deflate")]
use super::compression::Compression;
use super::ping_budget::PingBudget;
use super::send::OutgoingMessage;
use super::{CloseStatus, Config, Connection, Delivery, Output, PingPolicy, State};
use crate::frame::{Decoder, MAX_CONTROL_PAYLOAD, ShortBytes};
use crate::message::{Assembler, ConnectionId};

/// The parts of a connection, by [`Connection::into_parts`].
///
/// You can take a connection apart after any byte, and rebuild it by [`Connection::from_parts`].
/// Nothing is lost.
///
/// ```
/// use bytes::Buf;
/// use sansock::{Config, Connection, Event, Input, Role};
///
/// let mut server = Connection::new(Config::server());
/// server.send_text("unsent")?;
/// // The first seven bytes of a masked "Hello", RFC 6455 §5.7. After them the transport changes.
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
    /// The configuration. You may replace it by another one with the same role and delivery, which
    /// must say how to compress if the ends have agreed on compression. New
    /// limits apply from the next header on. A different ping policy starts with a full budget.
    pub config: Arc<Config>,
    /// The output that is not written yet. You may take its bytes and send them by other means.
    pub output: Output,
    /// The partially received header, message or control frame, the message that is partially sent
    /// in fragments, and the connection's state.
    pub progress: Progress,
}

/// The progress of a connection: all of it except the configuration and the output.
pub struct Progress {
    id: ConnectionId,
    decoder: Decoder,
    is_streaming: bool,
    only_reassembles: bool,
    assembler: Assembler,
    control: Option<Box<ShortBytes<MAX_CONTROL_PAYLOAD>>>,
    outgoing: Option<OutgoingMessage>,
    #[cfg(feature = "deflate")]
    compression: Option<Box<Compression>>,
    ping_budget: PingBudget,
    /// The policy of `ping_budget`.
    pings: PingPolicy,
    state: State,
    closure: CloseStatus,
    has_sent_eof: bool,
}

/// Taking a connection apart.
impl Connection {
    /// Takes the connection apart. Use it to change the configuration, or to continue over another
    /// transport.
    ///
    /// The parts contain no unread input. What [`receive`](Self::receive) took is in
    /// [`Parts::progress`]. What it did not take is still in your input. Bytes in a
    /// [`ReadBuffer`](crate::ReadBuffer) stay there; take them out by
    /// [`into_unread`](crate::ReadBuffer::into_unread).
    #[must_use]
    pub fn into_parts(self) -> Parts {
        let Connection { config, output, .. } = self;
        let progress = Progress {
            id: self.id,
            decoder: self.decoder,
            is_streaming: self.is_streaming,
            only_reassembles: self.only_reassembles,
            assembler: self.assembler,
            control: self.control,
            outgoing: self.outgoing,
            #[cfg(feature = "deflate")]
            compression: self.compression,
            ping_budget: self.ping_budget,
            pings: config.pings,
            state: self.state,
            closure: self.closure,
            has_sent_eof: self.has_sent_eof,
        };
        Parts { config, output, progress }
    }

    /// Rebuilds a connection from its parts.
    ///
    /// # Errors
    ///
    /// [`ConfigMismatch`] if the configuration has a different role or delivery than the connection
    /// that was taken apart, or does not compress although the ends have agreed on it.
    pub fn from_parts(parts: Parts) -> Result<Self, ConfigMismatch> {
        let Parts { config, output, progress } = parts;
        let mut decoder = progress.decoder;
        let is_streaming = config.delivery == Delivery::Streaming;
        if (config.role(), is_streaming) != (decoder.role(), progress.is_streaming) {
            return Err(ConfigMismatch);
        }
        #[cfg(feature = "deflate")]
        if progress.compression.is_some() && config.deflate.is_none() {
            return Err(ConfigMismatch);
        }
        decoder.set_limits(config.message_limits());
        let ping_budget = if config.pings == progress.pings {
            progress.ping_budget
        } else {
            PingBudget::full(config.pings)
        };
        #[cfg_attr(not(feature = "deflate"), allow(unused_mut))]
        let mut ws = Connection {
            id: progress.id,
            config,
            decoder,
            is_streaming,
            only_reassembles: progress.only_reassembles,
            output,
            assembler: progress.assembler,
            control: progress.control,
            outgoing: progress.outgoing,
            #[cfg(feature = "deflate")]
            one_frame_below: 0,
            #[cfg(feature = "deflate")]
            compression: progress.compression,
            ping_budget,
            state: progress.state,
            closure: progress.closure,
            has_sent_eof: progress.has_sent_eof,
        };
        #[cfg(feature = "deflate")]
        ws.update_one_frame_below();
        Ok(ws)
    }
}

/// The error of [`Connection::from_parts`]: the configuration has a different role or delivery than
/// the connection that was taken apart, or does not compress although the ends have agreed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConfigMismatch;

impl fmt::Display for ConfigMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("config has another role, delivery mode or compression than the connection")
    }
}

impl core::error::Error for ConfigMismatch {}

/// Shows only lengths and the state, so that logs contain no user data.
impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("output", &self.output)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// Shows only lengths and the state, so that logs contain no user data.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("state", &self.state)
            .field("received", &self.decoder.received())
            .finish_non_exhaustive()
    }
}
