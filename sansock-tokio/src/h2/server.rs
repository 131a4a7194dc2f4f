//! The server's side of Extended CONNECT.

use std::fmt;
use std::sync::Arc;

use h2::RecvStream;
use h2::ext::Protocol;
use h2::server::SendResponse;
use http::Request;
use sansock::bytes::Bytes;
use sansock::connection::{ConfigMismatch, UnsupportedExtensions};
use sansock::handshake::connect::{ConnectHead, ConnectRefusal, ExtendedConnect};
use sansock::handshake::{BuildError, server};
use sansock::{Connection, Negotiated, Role};

use super::H2Stream;
use crate::{Settings, WebSocket};

/// An opening handshake that is about to be accepted.
pub type Upgrade<'a> = server::Upgrade<'a, ExtendedConnect>;

/// Accepts a request by Extended CONNECT, RFC 8441 §5, without a subprotocol.
///
/// The response, also one that refuses the request, is sent by the task of the connection.
///
/// # Errors
///
/// [`AcceptError`]. With [`AcceptError::Refused`], the response is sent. Otherwise nothing is, and
/// you can still answer by `respond`.
pub fn accept(
    request: Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    settings: &Settings,
) -> Result<WebSocket<H2Stream>, AcceptError> {
    accept_with(request, respond, settings, |upgrade| Ok(upgrade)).map(|(ws, _)| ws)
}

/// Does the same with a subprotocol and headers that `choose` has added. Returns what both ends
/// agreed on as well. If the configuration says how to compress, `choose` gets an upgrade that agrees
/// to permessage-deflate, if the client offers it.
///
/// # Errors
///
/// As [`accept`], and [`AcceptError::Build`] with the error of `choose`.
pub fn accept_with(
    request: Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    settings: &Settings,
    choose: impl FnOnce(Upgrade<'_>) -> Result<Upgrade<'_>, BuildError>,
) -> Result<(WebSocket<H2Stream>, Negotiated), AcceptError> {
    if settings.config.role() != Role::Server {
        return Err(AcceptError::Config(ConfigMismatch));
    }
    let protocol = request.extensions().get().map(Protocol::as_str);
    let head = ConnectHead::from_http(&request, protocol).map_err(ConnectRefusal::from);
    let upgrade = match head.as_ref().map_err(|refusal| *refusal).and_then(ConnectHead::upgrade) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Err(refuse(refusal, respond)),
    };
    #[cfg(feature = "deflate")]
    let upgrade = match &settings.config.deflate {
        Some(deflate) => upgrade.deflate(deflate),
        None => upgrade,
    };
    let (response, negotiated) = choose(upgrade)?.accept_http()?;
    let connection = Connection::from_negotiated(Arc::clone(&settings.config), &negotiated)?;
    let send = respond.send_response(response, false)?;
    let stream = H2Stream::new(send, request.into_body());
    let timeouts = settings.timeouts.clone();
    Ok((WebSocket::from_parts(stream, &[], connection, timeouts), negotiated))
}

/// Sends the response that refuses a request.
fn refuse(refusal: ConnectRefusal, respond: &mut SendResponse<Bytes>) -> AcceptError {
    let sent = refusal.to_http().map_err(AcceptError::Http).and_then(|response| {
        let (head, content) = response.into_parts();
        let response = http::Response::from_parts(head, ());
        let mut send = respond.send_response(response, content.is_empty())?;
        if !content.is_empty() {
            send.send_data(content.into(), true)?;
        }
        Ok(())
    });
    match sent {
        Ok(()) => AcceptError::Refused(refusal),
        Err(error) => error,
    }
}

/// Why a request has not become a WebSocket.
#[derive(Debug)]
#[non_exhaustive]
pub enum AcceptError {
    /// The request is no opening handshake, RFC 8441 §4 and §5. The response that says so is sent.
    Refused(ConnectRefusal),
    /// The configuration is a client's.
    Config(ConfigMismatch),
    /// A subprotocol or a header that is not possible.
    Build(BuildError),
    /// A header that the crate `http` does not take.
    Http(http::Error),
    /// You have agreed to an extension that a connection does not support.
    UnsupportedExtensions(UnsupportedExtensions),
    /// The stream or the connection has ended.
    H2(h2::Error),
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

impl From<UnsupportedExtensions> for AcceptError {
    fn from(error: UnsupportedExtensions) -> Self {
        AcceptError::UnsupportedExtensions(error)
    }
}

impl From<h2::Error> for AcceptError {
    fn from(error: h2::Error) -> Self {
        AcceptError::H2(error)
    }
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AcceptError::Refused(refusal) => write!(f, "request refused: {refusal}"),
            AcceptError::Config(error) => error.fmt(f),
            AcceptError::Build(error) => error.fmt(f),
            AcceptError::Http(error) => error.fmt(f),
            AcceptError::UnsupportedExtensions(error) => error.fmt(f),
            AcceptError::H2(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AcceptError {}
