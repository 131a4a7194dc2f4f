//! The two ends of a connection: RFC 6455 §1.3, §5.1.

/// The end of the connection that an endpoint is.
///
/// The role decides which end masks (RFC 6455 §5.1) and which end closes the transport first
/// (§7.1.1). In everything else both ends are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that opened the connection. It masks every frame that it sends.
    Client,
    /// The end that accepted the connection. It never masks.
    Server,
}

impl Role {
    /// Returns `true` if this endpoint masks the frames that it sends.
    pub const fn masks(self) -> bool {
        matches!(self, Role::Client)
    }

    /// Returns the role of the endpoint at the other end.
    pub const fn peer(self) -> Role {
        match self {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        }
    }
}
