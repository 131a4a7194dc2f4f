//! The opening handshake by Extended CONNECT: over HTTP/2, RFC 8441, and HTTP/3, RFC 9220.
//!
//! Your program has an HTTP library, which owns the connection and its streams. This module checks
//! what the library has received, and returns what to send: pseudo-header fields by name, and header
//! fields as pairs of bytes, with names in lower case. After the handshake, frames go over the stream:
//! make a [`Connection`](crate::Connection) of the [`Negotiated`](crate::Negotiated). The end of a
//! stream is the end of a transport, and a reset is a transport that breaks.
//!
//! ```
//! use sansock::handshake::client::{Outcome, Request};
//! use sansock::handshake::connect::ConnectHead;
//!
//! // The client, if the server's SETTINGS_ENABLE_CONNECT_PROTOCOL is 1, RFC 8441 §3:
//! let request = Request::new("wss://a.example/chat")?.subprotocol("superchat")?;
//! let (pseudo, fields, handshake) = request.start_connect();
//! assert_eq!((pseudo.scheme, pseudo.authority), (Some("https"), Some("a.example")));
//!
//! // The server, which has received them:
//! let head = ConnectHead::from_parts(pseudo, fields.iter())?;
//! let upgrade = head.upgrade()?.select_subprotocol(&["superchat"]);
//! let (fields, agreed) = upgrade.accept_fields();
//!
//! // The client again, which has received `:status` 200 and these fields:
//! let Outcome::Established { negotiated, .. } = handshake.receive_head(200, fields.iter())? else {
//!     panic!("not a WebSocket");
//! };
//! assert_eq!(negotiated, agreed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod refusal;
mod server;

pub use client::ConnectHandshake;
pub use refusal::ConnectRefusal;
pub use server::{ConnectHead, ExtendedConnect};

/// The pseudo-header fields of a request, RFC 9113 §8.3.1 and RFC 8441 §4.
///
/// ```
/// use sansock::handshake::connect::PseudoFields;
///
/// let mut pseudo = PseudoFields::default();
/// (pseudo.method, pseudo.protocol) = ("CONNECT", Some("websocket"));
/// (pseudo.scheme, pseudo.authority) = (Some("https"), Some("a.example"));
/// pseudo.path = Some("/chat");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PseudoFields<'a> {
    /// `:method`
    pub method: &'a str,
    /// `:protocol`
    pub protocol: Option<&'a str>,
    /// `:scheme`
    pub scheme: Option<&'a str>,
    /// `:authority`
    pub authority: Option<&'a str>,
    /// `:path`
    pub path: Option<&'a str>,
}

/// RFC 8441 §4
const CONNECT: &str = "CONNECT";

/// RFC 8441 §5
const WEBSOCKET: &str = "websocket";
