//! A request that is an opening handshake, and how it is accepted.

use std::fmt;

use http::{Request, Response, Version};
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use sansock::connection::ConfigMismatch;
#[cfg(feature = "deflate")]
use sansock::deflate::Deflate;
use sansock::handshake::BuildError;
use sansock::handshake::connect::{ConnectHead, ExtendedConnect};
use sansock::handshake::server::{self, RequestHead};
use sansock::{Negotiated, Role};

use super::opening::Opening;
use super::refusal::Refusal;
use crate::Settings;

/// A request that is a valid opening handshake, of HTTP/1.1 or HTTP/2. You can accept it, or drop
/// it and respond with something else, for example 401.
#[derive(Debug)]
#[must_use = "the client waits for a response"]
pub struct Handshake {
    head: Head,
    on_upgrade: OnUpgrade,
}

/// A checked head.
#[derive(Debug)]
enum Head {
    Http1(RequestHead),
    Http2(ConnectHead),
}

impl Handshake {
    /// Checks that a request is an opening handshake. Takes from its extensions what hyper has put
    /// there to hand the connection over.
    ///
    /// # Errors
    ///
    /// [`Refusal`] with the reason, and with the response to it. The request is then as it was, so
    /// that you can answer it in another way.
    pub fn new<B>(request: &mut Request<B>) -> Result<Self, Refusal> {
        let head = Head::new(request)?;
        match request.extensions_mut().remove::<OnUpgrade>() {
            Some(on_upgrade) => Ok(Handshake { head, on_upgrade }),
            None => Err(Refusal::NotUpgradable),
        }
    }

    /// Accepts the handshake without a subprotocol. Returns the response to send, and a future of
    /// the WebSocket. Spawn it as a task, because it waits until the response is sent.
    ///
    /// # Errors
    ///
    /// [`AcceptError::Config`] if the configuration in `settings` is a client's.
    pub fn accept<B: Default>(
        self,
        settings: &Settings,
    ) -> Result<(Response<B>, Opening), AcceptError> {
        self.accept_with(settings, |upgrade| Ok(upgrade))
    }

    /// Does the same with a subprotocol and headers that `choose` has added.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept), and [`AcceptError::Build`] with the error of `choose`.
    pub fn accept_with<B: Default>(
        self,
        settings: &Settings,
        choose: impl FnOnce(Upgrade<'_>) -> Result<Upgrade<'_>, BuildError>,
    ) -> Result<(Response<B>, Opening), AcceptError> {
        if settings.config.role() != Role::Server {
            return Err(AcceptError::Config(ConfigMismatch));
        }
        let Ok(upgrade) = self.head.upgrade() else { unreachable!("it was checked") };
        #[cfg(feature = "deflate")]
        let upgrade = match &settings.config.deflate {
            Some(deflate) => upgrade.deflate(deflate),
            None => upgrade,
        };
        let (response, negotiated) = choose(upgrade)?.accept()?;
        let opening = Opening::new(self.on_upgrade, negotiated, settings);
        Ok((response.map(|()| B::default()), opening))
    }
}

impl Head {
    fn new<B>(request: &Request<B>) -> Result<Self, Refusal> {
        let head = match request.version() {
            Version::HTTP_2 => {
                let protocol = request.extensions().get().map(Protocol::as_str);
                let head = ConnectHead::from_http(request, protocol);
                Head::Http2(head.map_err(|error| Refusal::Http2(error.into()))?)
            }
            _ => Head::Http1(
                RequestHead::try_from(request).map_err(|error| Refusal::Http1(error.into()))?,
            ),
        };
        head.upgrade().map(|_| ())?;
        Ok(head)
    }

    fn upgrade(&self) -> Result<Upgrade<'_>, Refusal> {
        let door = match self {
            Head::Http1(head) => Door::Http1(head.upgrade().map_err(Refusal::Http1)?),
            Head::Http2(head) => Door::Http2(head.upgrade().map_err(Refusal::Http2)?),
        };
        Ok(Upgrade(door))
    }
}

/// An opening handshake that is about to be accepted.
///
/// It has what the [upgrades](server::Upgrade) of both versions of HTTP have.
#[derive(Debug)]
#[must_use]
pub struct Upgrade<'a>(Door<'a>);

#[derive(Debug)]
enum Door<'a> {
    Http1(server::Upgrade<'a>),
    Http2(server::Upgrade<'a, ExtendedConnect>),
}

/// Calls a method of the upgrade that there is.
macro_rules! delegate {
    ($upgrade:expr, $method:ident($($argument:expr),*)) => {
        match $upgrade.0 {
            Door::Http1(upgrade) => upgrade.$method($($argument),*).map(Door::Http1),
            Door::Http2(upgrade) => upgrade.$method($($argument),*).map(Door::Http2),
        }
    };
}

impl Upgrade<'_> {
    /// Returns the subprotocols that the client offers, in its order of preference, RFC 6455 §1.9.
    pub fn subprotocols(&self) -> Vec<&str> {
        match &self.0 {
            Door::Http1(upgrade) => upgrade.subprotocols().collect(),
            Door::Http2(upgrade) => upgrade.subprotocols().collect(),
        }
    }

    /// Chooses the subprotocol to use.
    ///
    /// # Errors
    ///
    /// [`BuildError::UnofferedSubprotocol`] if the client did not offer exactly this name.
    pub fn subprotocol(self, subprotocol: &str) -> Result<Self, BuildError> {
        delegate!(self, subprotocol(subprotocol)).map(Upgrade)
    }

    /// Chooses the first of `supported` that the client offers, or none.
    pub fn select_subprotocol(self, supported: &[&str]) -> Self {
        Upgrade(match self.0 {
            Door::Http1(upgrade) => Door::Http1(upgrade.select_subprotocol(supported)),
            Door::Http2(upgrade) => Door::Http2(upgrade.select_subprotocol(supported)),
        })
    }

    /// Chooses the first subprotocol that the client offers and `is_supported` accepts, or none.
    pub fn select_subprotocol_by(self, is_supported: impl FnMut(&str) -> bool) -> Self {
        Upgrade(match self.0 {
            Door::Http1(upgrade) => Door::Http1(upgrade.select_subprotocol_by(is_supported)),
            Door::Http2(upgrade) => Door::Http2(upgrade.select_subprotocol_by(is_supported)),
        })
    }

    /// Does without the compression that the configuration says, for this client.
    pub fn without_extensions(self) -> Self {
        Upgrade(match self.0 {
            Door::Http1(upgrade) => Door::Http1(upgrade.without_extensions()),
            Door::Http2(upgrade) => Door::Http2(upgrade.without_extensions()),
        })
    }

    /// Adds a header to the response.
    ///
    /// # Errors
    ///
    /// [`BuildError`], as [`Response::header`](server::Response::header).
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        delegate!(self, header(name, value)).map(Upgrade)
    }

    /// Agrees to permessage-deflate, if the client offers it.
    #[cfg(feature = "deflate")]
    fn deflate(self, settings: &Deflate) -> Self {
        Upgrade(match self.0 {
            Door::Http1(upgrade) => Door::Http1(upgrade.deflate(settings)),
            Door::Http2(upgrade) => Door::Http2(upgrade.deflate(settings)),
        })
    }

    fn accept(self) -> Result<(Response<()>, Negotiated), http::Error> {
        match self.0 {
            Door::Http1(upgrade) => upgrade.accept_http(),
            Door::Http2(upgrade) => upgrade.accept_http(),
        }
    }
}

/// Why a handshake was not accepted, although the request is valid.
#[derive(Debug)]
#[non_exhaustive]
pub enum AcceptError {
    /// The configuration is a client's.
    Config(ConfigMismatch),
    /// A subprotocol or a header that is not possible.
    Build(BuildError),
    /// A header that the crate `http` does not take.
    Http(http::Error),
}

impl From<BuildError> for AcceptError {
    fn from(error: BuildError) -> Self {
        AcceptError::Build(error)
    }
}

impl From<http::Error> for AcceptError {
    fn from(error: http::Error) -> Self {
        AcceptError::Http(error)
    }
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AcceptError::Config(error) => error.fmt(f),
            AcceptError::Build(error) => error.fmt(f),
            AcceptError::Http(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AcceptError {}
