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
    /// [`UnsupportedExtensions`] if an extension was negotiated: this crate implements none, and
    /// the peer may use it in its first frame. A [`Relay`](crate::frame::Relay) can pass such
    /// frames on.
    pub fn from_negotiated(
        config: impl Into<Arc<Config>>,
        negotiated: &Negotiated,
    ) -> Result<Self, UnsupportedExtensions> {
        Connection::check(negotiated)?;
        Ok(Connection::new(config))
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
            assembler: Assembler::default(),
            control: None,
            output: Output::default(),
            outgoing: None,
            ping_budget: PingBudget::full(config.pings),
            state: State::Open,
            closure: CloseStatus::Abnormal,
            has_sent_eof: false,
            config,
        }
    }

    /// Checks that a connection supports what was negotiated.
    ///
    /// # Errors
    ///
    /// [`UnsupportedExtensions`], as [`from_negotiated`](Self::from_negotiated).
    pub(crate) fn check(negotiated: &Negotiated) -> Result<(), UnsupportedExtensions> {
        match negotiated.extensions() {
            Some(extensions) => Err(UnsupportedExtensions { extensions: extensions.into() }),
            None => Ok(()),
        }
    }
}
