//! The door for programs that have requests and responses of the crate `http`.

use alloc::string::ToString;
use alloc::vec::Vec;

use http::response::Builder;
use http::{StatusCode, Version};

use super::client::{self, ClientHandshake, ResponseHead};
use super::error::HeadError;
use super::fields::HeaderFields;
use super::server::{RequestHead, Response, Upgrade};
use crate::negotiated::Negotiated;

/// Takes the head of a request, to be checked by [`RequestHead::upgrade`].
///
/// ```
/// use sansock::handshake::server::RequestHead;
///
/// let request = http::Request::get("/chat")
///     .header("Host", "a.example")
///     .header("Upgrade", "websocket")
///     .header("Connection", "Upgrade")
///     .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
///     .header("Sec-WebSocket-Version", "13")
///     .body(())?;
/// let response = match RequestHead::try_from(&request)?.upgrade() {
///     Ok(upgrade) => upgrade.accept_http()?.0.map(|()| Vec::new()),
///     Err(refusal) => refusal.response().to_http()?,
/// };
/// assert_eq!(response.status(), 101);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`RequestHead::from_parts`]. A version other than 1.0 and 1.1 is [`HeadError::HttpVersion`].
impl<B> TryFrom<&http::Request<B>> for RequestHead {
    type Error = HeadError;

    fn try_from(request: &http::Request<B>) -> Result<Self, HeadError> {
        let minor_version = minor_version(request.version())?;
        let target = request.uri().to_string();
        RequestHead::from_parts(
            request.method().as_str(),
            &target,
            minor_version,
            request.headers(),
        )
    }
}

/// Takes the head of a response, for [`ClientHandshake::receive_head`].
///
/// # Errors
///
/// As [`ResponseHead::from_parts`]. A version other than 1.0 and 1.1 is [`HeadError::HttpVersion`].
impl<B> TryFrom<&http::Response<B>> for ResponseHead {
    type Error = HeadError;

    fn try_from(response: &http::Response<B>) -> Result<Self, HeadError> {
        let minor_version = minor_version(response.version())?;
        ResponseHead::from_parts(response.status().as_u16(), minor_version, response.headers())
    }
}

impl Upgrade<'_> {
    /// Accepts the handshake of a server that has an HTTP library with types of the crate `http`.
    /// Returns the response and what both ends agreed on.
    ///
    /// # Errors
    ///
    /// [`http::Error`] if the crate does not take a header that you have added.
    pub fn accept_http(self) -> Result<(http::Response<()>, Negotiated), http::Error> {
        let (fields, negotiated) = self.accept_fields();
        let response = http::Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        Ok((with_fields(response, &fields).body(())?, negotiated))
    }
}

impl Response {
    /// Returns the response with its content, in types of the crate `http`.
    ///
    /// # Errors
    ///
    /// [`http::Error`] if the crate does not take a header that you have added.
    pub fn to_http(&self) -> Result<http::Response<Vec<u8>>, http::Error> {
        let response = http::Response::builder().status(self.status());
        with_fields(response, &self.fields()).body(self.content().to_vec())
    }
}

impl client::Request {
    /// Starts a handshake of a client that has an HTTP library with types of the crate `http`.
    /// Returns the request to send, and the [`ClientHandshake`] that judges the response.
    ///
    /// `nonce` is that of [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// [`http::Error`] if the crate does not take a header that you have added.
    pub fn start_http(
        &self,
        nonce: [u8; 16],
    ) -> Result<(http::Request<()>, ClientHandshake), http::Error> {
        let (fields, handshake) = self.start_fields(nonce);
        let mut request = http::Request::get(self.target());
        for (name, value) in fields.iter() {
            request = request.header(name, value);
        }
        Ok((request.body(())?, handshake))
    }
}

fn with_fields(response: Builder, fields: &HeaderFields) -> Builder {
    fields.iter().fold(response, |response, (name, value)| response.header(name, value))
}

fn minor_version(version: Version) -> Result<u8, HeadError> {
    match version {
        Version::HTTP_10 => Ok(0),
        Version::HTTP_11 => Ok(1),
        _ => Err(HeadError::HttpVersion),
    }
}
