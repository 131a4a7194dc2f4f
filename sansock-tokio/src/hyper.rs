//! A `WebSocket` in a server or a client on hyper, over HTTP/1.1 and over HTTP/2, with the feature
//! `hyper`.
//!
//! [`Handshake::new`] checks a request, and [`Handshake::accept`] returns the response and a future
//! of the WebSocket. The version of the request decides how: an upgrade in HTTP/1.1, RFC 6455 §4,
//! or Extended CONNECT in HTTP/2, RFC 8441. Everything built on hyper has such requests, `axum`
//! included: see the examples `hyper_page_and_echo` and `axum_extractor`.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use hyper::body::Incoming;
//! use sansock::Config;
//! use sansock_tokio::Settings;
//! use sansock_tokio::hyper::Handshake;
//!
//! async fn serve(
//!     mut request: http::Request<Incoming>,
//! ) -> Result<http::Response<String>, Infallible> {
//!     let settings = Settings::new(Config::server());
//!     let accepted = Handshake::new(&mut request).map(|handshake| {
//!         handshake.accept_with(&settings, |upgrade| Ok(upgrade.select_subprotocol(&["chat"])))
//!     });
//!     let (response, opening) = match accepted {
//!         Ok(Ok(accepted)) => accepted,
//!         Ok(Err(error)) => return Ok(http::Response::new(error.to_string())),
//!         Err(refusal) => return Ok(refusal.response()),
//!     };
//!     tokio::spawn(async move {
//!         let mut ws = opening.await?; // after the response is sent
//!         ws.send("welcome").await
//!     });
//!     Ok(response)
//! }
//! # let _ = serve;
//! ```
//!
//! A client's handshake is a [`ClientHandshake`].
//!
//! * **HTTP/1.1**: serve the connection by a method with upgrades, such as hyper's
//!   `http1::Connection::with_upgrades`.
//! * **HTTP/2**: switch Extended CONNECT on, by hyper's `http2::Builder::enable_connect_protocol`.
//!   The request's method is CONNECT: a router must not insist on GET.
//! * Bytes that came with the request are the first that the WebSocket receives.
//! * The time that a client may take for its request is hyper's matter, such as
//!   `http1::Builder::header_read_timeout`.
//! * If you drop the WebSocket before the end, hyper ends an HTTP/2 stream as if nothing had gone
//!   wrong. The client sees that there was no Close.
//! * hyper ends an HTTP/2 connection on which many small DATA frames wait to be read, about two
//!   thousand of a few bytes. If a client may send so many messages without reading the answers,
//!   [split](crate::WebSocket::split) the WebSocket, so that one half reads while the other sends.

mod client;
mod handshake;
mod opening;
mod refusal;
mod stream;

pub use client::ClientHandshake;
pub use handshake::{AcceptError, Handshake, Upgrade};
pub use opening::Opening;
pub use refusal::Refusal;
pub use stream::UpgradedStream;
