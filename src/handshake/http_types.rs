//! The door for programs that have requests and responses of the crate `http`.

use alloc::string::ToString;
use alloc::vec::Vec;

use http::response::Builder;
use http::{StatusCode, Uri, Version};

use super::client::{self, ClientHandshake, InvalidResponse, Outcome, ResponseHead};
use super::connect::{
    ConnectHandshake, ConnectHead, ConnectRefusal, ExtendedConnect, PseudoFields,
};
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

impl ConnectHead {
    /// Takes the head of a request over HTTP/2 or HTTP/3, to be checked by
    /// [`upgrade`](Self::upgrade).
    ///
    /// `protocol` is the value of `:protocol`, RFC 8441 §4. The crate `http` has no place for it: your
    /// HTTP library has a type of its own, in the extensions of the request.
    ///
    /// ```
    /// use sansock::handshake::connect::ConnectHead;
    ///
    /// let request = http::Request::connect("https://a.example/chat")
    ///     .header("sec-websocket-version", "13")
    ///     .body(())?;
    /// let response = match ConnectHead::from_http(&request, Some("websocket"))?.upgrade() {
    ///     Ok(upgrade) => upgrade.accept_http()?.0.map(|()| Vec::new()),
    ///     Err(refusal) => refusal.to_http()?,
    /// };
    /// assert_eq!(response.status(), 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_parts`](Self::from_parts).
    pub fn from_http<B>(
        request: &http::Request<B>,
        protocol: Option<&str>,
    ) -> Result<Self, HeadError> {
        let uri = request.uri();
        let pseudo = PseudoFields {
            method: request.method().as_str(),
            protocol,
            scheme: uri.scheme_str(),
            authority: uri.authority().map(|authority| authority.as_str()),
            path: uri.path_and_query().map(|path| path.as_str()),
        };
        ConnectHead::from_parts(pseudo, request.headers())
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

impl Upgrade<'_, ExtendedConnect> {
    /// Accepts the handshake of a server that has an HTTP library with types of the crate `http`.
    /// Returns the response, whose status is 200, and what both ends agreed on.
    ///
    /// # Errors
    ///
    /// [`http::Error`] if the crate does not take a header that you have added.
    pub fn accept_http(self) -> Result<(http::Response<()>, Negotiated), http::Error> {
        let (fields, negotiated) = self.accept_fields();
        let response = http::Response::builder().status(StatusCode::OK);
        Ok((with_fields(response, &fields).body(())?, negotiated))
    }
}

impl ConnectRefusal {
    /// Returns the response to this refusal, in types of the crate `http`.
    ///
    /// # Errors
    ///
    /// None are known: the crate takes the status and the headers of every refusal.
    pub fn to_http(&self) -> Result<http::Response<Vec<u8>>, http::Error> {
        let response = http::Response::builder().status(self.status());
        with_fields(response, &self.fields()).body(self.content().into_bytes())
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

    /// Starts a handshake by [Extended CONNECT](Self::start_connect) of a client that has an HTTP
    /// library with types of the crate `http`. Returns the request to send, and the
    /// [`ConnectHandshake`] that judges the response.
    ///
    /// Put `:protocol`, which is `websocket`, where your library has it: in the extensions of the
    /// request, in a type of its own. The version of the request is HTTP/2.
    ///
    /// ```
    /// use sansock::handshake::client::{Outcome, Request};
    ///
    /// let (request, handshake) = Request::new("wss://a.example/chat")?.start_connect_http()?;
    /// assert_eq!(request.method(), "CONNECT");
    /// assert_eq!(request.uri(), "https://a.example/chat");
    /// // What the library has received:
    /// let outcome = handshake.receive_http(&http::Response::new(()))?;
    /// assert!(matches!(outcome, Outcome::Established { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`http_uri`](Self::http_uri), and if the crate does not take a header that you have added.
    pub fn start_connect_http(&self) -> Result<(http::Request<()>, ConnectHandshake), http::Error> {
        let (pseudo, fields, handshake) = self.start_connect();
        let mut request = http::Request::builder()
            .method(pseudo.method)
            .uri(self.http_uri()?)
            .version(Version::HTTP_2);
        for (name, value) in fields.iter() {
            request = request.header(name, value);
        }
        Ok((request.body(())?, handshake))
    }

    /// Returns the whole URI, with the scheme `http` or `https`, for an HTTP library that connects by
    /// it.
    ///
    /// # Errors
    ///
    /// [`http::Error`] if the crate does not take the host: it has no percent-encoding there.
    pub fn http_uri(&self) -> Result<Uri, http::Error> {
        Uri::builder()
            .scheme(if self.is_secure() { "https" } else { "http" })
            .authority(self.authority())
            .path_and_query(self.target())
            .build()
    }
}

impl ConnectHandshake {
    /// Judges the final response, as [`receive_head`](Self::receive_head) does.
    ///
    /// # Errors
    ///
    /// As [`receive_head`](Self::receive_head).
    pub fn receive_http<B>(self, response: &http::Response<B>) -> Result<Outcome, InvalidResponse> {
        self.receive_head(response.status().as_u16(), response.headers())
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
