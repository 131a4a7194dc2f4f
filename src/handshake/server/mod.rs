//! The server's side of the opening handshake, RFC 6455 §4.2.
//!
//! [`ServerHandshake`] turns bytes into a [`RequestHead`]. [`RequestHead::upgrade`] checks that it
//! is an opening handshake. It returns an [`Upgrade`] to accept, or a [`Refusal`] with its HTTP
//! response. For every other answer, make a [`Response`]: a page for a plain GET, a 401, or a 403
//! for an origin that you do not accept. Send every answer to a HEAD request
//! [`without_content`](Response::without_content); the response of a refusal does this itself.
//!
//! ```
//! use sansock::Input;
//! use sansock::handshake::server::{ServerHandshake, Response};
//!
//! let mut handshake = ServerHandshake::default();
//! let mut read = *b"GET /chat HTTP/1.1\r\nHost: a.example\r\n";
//! assert!(handshake.receive(&mut Input::new(&mut read))?.is_none(), "more bytes are needed");
//!
//! let mut read = *b"Origin: https://evil.example\r\n\r\n";
//! let request = handshake.receive(&mut Input::new(&mut read))?.expect("the head is complete");
//! assert_eq!(request.target(), "/chat");
//!
//! let response = if request.origin() != Some(b"https://a.example") {
//!     Response::new(403)?.body("who are you?").encode()
//! } else {
//!     match request.upgrade() {
//!         Ok(upgrade) => upgrade.accept().0,
//!         Err(refusal) => refusal.response().encode(),
//!     }
//! };
//! assert!(response.starts_with(b"HTTP/1.1 403 Forbidden\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! After any response other than the 101, close the connection. Each such response has
//! `Connection: close`. Ignore what the client sends after its head.

#[cfg(feature = "deflate")]
mod deflate;
mod handshake;
mod origin;
mod refusal;
mod request;
mod response;
mod upgrade;

pub use handshake::ServerHandshake;
pub use origin::{InvalidOrigin, Origin, OriginPolicy};
pub use refusal::Refusal;
pub use request::RequestHead;
pub use response::Response;
pub use upgrade::{Http1, Upgrade};
