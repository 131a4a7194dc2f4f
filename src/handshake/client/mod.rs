//! The client's side of the opening handshake, RFC 6455 §4.1.
//!
//! Make a [`Request`] from a URI. It returns the host and the port to connect to.
//! [`Request::start`] returns the bytes to send and a [`ClientHandshake`], which reads the server's
//! bytes and returns an [`Outcome`]. Send nothing else before that.

#[cfg(feature = "deflate")]
mod deflate;
mod handshake;
mod offer;
mod redirect;
mod request;
mod response;
mod uri;

#[cfg(feature = "deflate")]
pub use deflate::InvalidDeflate;
pub use handshake::{ClientHandshake, InvalidResponse, Outcome};
pub use redirect::InvalidRedirect;
pub use request::Request;
#[cfg(feature = "rand")]
pub use request::nonce;
pub use response::ResponseHead;
pub use uri::InvalidUri;

pub(super) use offer::Offer;
