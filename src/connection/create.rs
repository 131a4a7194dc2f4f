//! Creating a connection.

use alloc::sync::Arc;

use super::ping_budget::PingBudget;
use super::{CloseStatus, Config, Connection, Delivery, Output, State, UnsupportedExtensions};
use crate::frame::Decoder;
use crate::message::{Assembler, ConnectionId};
use crate::negotiated::Negotiated;

/// Creating a connection.
impl Connection {
    /// Creates a connection from what its handshake has negotiated. Use this after a handshake of
    /// this crate.
    ///
    /// ```
    /// use sansock::{Config, Connection, Negotiated};
    ///
    /// // What `handshake` returns:
    /// let negotiated = Negotiated::default().with_subprotocol("chat");
    /// let server = Connection::from_negotiated(Config::server(), &negotiated)?;
    ///
    /// let negotiated = negotiated.with_extensions("x-unknown");
    /// let error = Connection::from_negotiated(Config::server(), &negotiated).unwrap_err();
    /// assert_eq!(error.to_string(), "negotiated extensions \"x-unknown\" are not supported");
    /// # Ok::<(), sansock::connection::UnsupportedExtensions>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnsupportedExtensions`] if an extension was negotiated that the connection does not
    /// implement, which the peer may use in its first frame. It implements permessage-deflate if
    /// `Config::deflate` is set and the handshake of this crate has negotiated it. A
    /// [`Relay`](crate::frame::Relay) can pass the frames of any extension on.
    pub fn from_negotiated(
        config: impl Into<Arc<Config>>,
        negotiated: &Negotiated,
    ) -> Result<Self, UnsupportedExtensions> {
        let mut ws = Connection::new(config);
        ws.agree(negotiated)?;
        Ok(ws)
    }

    /// Creates a connection whose handshake is done and has negotiated no extension.
    ///
    /// After a handshake of this crate, use [`from_negotiated`](Self::from_negotiated), which
    /// checks that.
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        Connection {
            id: ConnectionId::next(),
            decoder: Decoder::new(config.role()).with_limits(config.message_limits()),
            is_streaming: config.delivery == Delivery::Streaming,
            only_reassembles: config.delivery == Delivery::Whole,
            assembler: Assembler::default(),
            control: None,
            output: Output::default(),
            outgoing: None,
            #[cfg(feature = "deflate")]
            one_frame_below: config.one_frame_below(),
            #[cfg(feature = "deflate")]
            compression: None,
            ping_budget: PingBudget::full(config.pings),
            state: State::Open,
            closure: CloseStatus::Abnormal,
            has_sent_eof: false,
            config,
        }
    }

    /// Uses what was negotiated, before anything is received or sent.
    ///
    /// # Errors
    ///
    /// [`UnsupportedExtensions`], as [`from_negotiated`](Self::from_negotiated).
    pub(crate) fn agree(&mut self, negotiated: &Negotiated) -> Result<(), UnsupportedExtensions> {
        let Some(extensions) = negotiated.extensions() else { return Ok(()) };
        #[cfg(feature = "deflate")]
        if self.agree_on_deflate(negotiated) {
            return Ok(());
        }
        Err(UnsupportedExtensions { extensions: extensions.into() })
    }
}
