//! What an endpoint is made of.

use alloc::sync::Arc;
use core::time::Duration;

use crate::connection::Config;
use crate::handshake::HeadLimits;
use crate::timer::Timeouts;

/// The settings of any number of [`Endpoint`](super::Endpoint)s.
///
/// ```
/// use core::time::Duration;
/// use sansock::Config;
/// use sansock::endpoint::Settings;
///
/// let mut config = Config::server();
/// config.limits.message = 1 << 20;
/// let mut settings = Settings::new(config);
/// settings.handshake_timeout = Some(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The role, the limits and the mask keys of the connection.
    pub config: Arc<Config>,
    /// The limits on the peer's HTTP head.
    pub head_limits: HeadLimits,
    /// How long the opening handshake may take, from the creation of the endpoint: for a server to
    /// your answer to the request, for a client to the end of the response, its body included
    /// if it refuses. 10 seconds by default; `None` is for ever.
    pub handshake_timeout: Option<Duration>,
    /// The deadlines of the connection. [`Timeouts::DEFAULT`] by default; `None` is no deadlines,
    /// and no memory for them.
    pub timeouts: Option<Arc<Timeouts>>,
    /// Which requests a server answers by itself. None by default.
    pub requests: RequestPolicy,
    /// The bytes of the body that a client keeps of a response that refuses it. 64 KiB by default.
    pub refusal_body: usize,
}

impl Settings {
    /// Returns the default settings with this configuration.
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        Settings {
            config: config.into(),
            head_limits: HeadLimits::DEFAULT,
            handshake_timeout: Some(Duration::from_secs(10)),
            timeouts: Some(Arc::new(Timeouts::DEFAULT)),
            requests: RequestPolicy::Ask,
            refusal_body: 64 << 10,
        }
    }
}

/// Which requests a server answers by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestPolicy {
    /// None: each is delivered as [`Event::Request`](super::Event::Request), and waits for your
    /// answer.
    #[default]
    Ask,
    /// All: every opening handshake is accepted, without a subprotocol and with the compression that
    /// the configuration says, and every other request is refused.
    AcceptUnseen,
}
