//! Requests that are no opening handshake, and the responses to them.

use std::fmt;

use http::{Response, StatusCode};
use sansock::handshake::connect::ConnectRefusal;
use sansock::handshake::server;

/// The reason why a request is not accepted, with the response to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// A request of HTTP/1.1 that is no opening handshake, RFC 6455 §4.2.1.
    Http1(server::Refusal),
    /// A request of HTTP/2 that is no opening handshake, RFC 8441.
    Http2(ConnectRefusal),
    /// A valid request without hyper's means to hand the connection over: something has taken it
    /// before, or the request does not come from hyper.
    NotUpgradable,
}

impl Refusal {
    /// Returns the response: the status, its headers, and a line of text with the reason. `B` is
    /// the body of your responses: a `String`, or what is made of one.
    pub fn response<B: From<String>>(&self) -> Response<B> {
        self.try_response()
            .unwrap_or_else(|_| {
                // Never: the crate takes the headers of every refusal.
                let mut response = Response::new(self.to_string());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response
            })
            .map(B::from)
    }

    fn try_response(&self) -> Result<Response<String>, http::Error> {
        let response = match self {
            Refusal::Http1(refusal) => refusal.response().to_http()?,
            Refusal::Http2(refusal) => refusal.to_http()?,
            Refusal::NotUpgradable => Response::builder()
                .status(StatusCode::INTERNAL_SERVER_ERROR)
                .header(http::header::CONTENT_TYPE, "text/plain")
                .body(self.to_string().into())?,
        };
        Ok(response.map(|content| String::from_utf8_lossy(&content).into_owned()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Http1(refusal) => refusal.fmt(f),
            Refusal::Http2(refusal) => refusal.fmt(f),
            Refusal::NotUpgradable => f.write_str("request has lost its means to be upgraded"),
        }
    }
}

impl std::error::Error for Refusal {}
