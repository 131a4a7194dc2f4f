//! Which end of the connection this endpoint is: RFC 6455 §1.3, §5.1.

/// Which end of the connection an endpoint is.
///
/// The role decides who masks (RFC 6455 §5.1) and who closes the transport first (§7.1.1); in
/// everything else both ends are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that opened the connection. It masks every frame that it sends.
    Client,
    /// The end that accepted the connection. It never masks.
    Server,
}

impl Role {
    /// Whether this endpoint masks the frames that it sends.
    pub const fn masks(self) -> bool {
        matches!(self, Role::Client)
    }

    /// The role of the endpoint at the other end.
    pub const fn peer(self) -> Role {
        match self {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        }
    }
}
