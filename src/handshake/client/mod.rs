//! The client's side of the opening handshake, RFC 6455 §4.1.
//!
//! A [`Request`] is made from a URI, and says what to connect to. [`Request::start`] gives the
//! bytes to send and a [`ClientHandshake`], which takes the server's bytes and gives an [`Outcome`].
//! Nothing else is sent before that.

mod handshake;
mod request;
mod response;
mod uri;

pub use handshake::{ClientHandshake, InvalidResponse, Outcome};
pub use request::Request;
#[cfg(feature = "rand")]
pub use request::nonce;
pub use response::ResponseHead;
pub use uri::InvalidUri;
