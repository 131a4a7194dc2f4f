//! The opening handshake over HTTP/1.1, RFC 6455 §4, for both roles. Over HTTP/2 and HTTP/3 see
//! [`connect`].
//!
//! Like the rest of the crate, it does no I/O. You pass in received bytes, and get back bytes to
//! send and a [`Negotiated`](crate::Negotiated) to make a connection from. The contract is the same
//! for [`client::ClientHandshake`] and [`server::ServerHandshake`]:
//!
//! * `receive` takes bytes from the front of an [`Input`](crate::Input), up to the end of the
//!   peer's head, and returns what the head means. If more bytes are needed, it returns `None`; all
//!   bytes were taken then.
//! * Bytes after the head stay in the input and are never examined. After an accepted handshake
//!   they are the beginning of the stream of frames, and belong to the connection. If TLS starts
//!   between the head and the frames, the input must be empty
//!   ([`Input::expect_empty`](crate::Input::expect_empty)).
//! * After an error, and after a complete head, no more bytes are taken.
//! * Only the head is buffered, up to the [`HeadLimits`].
//! * The caller sets its own deadline for the whole handshake. If the handshake is not accepted,
//!   the caller closes the transport.
//!
//! ```
//! use sansock::Input;
//! use sansock::handshake::{client, server};
//!
//! // The client: the host to connect to, and the bytes to send first. The nonce is random.
//! let request = client::Request::new("ws://example.com/chat")?.subprotocol("superchat")?;
//! assert_eq!((request.host(), request.port(), request.is_secure()), ("example.com", 80, false));
//! let (mut bytes, mut opening) = request.start(*b"the sample nonce");
//!
//! // The server: reads the request and answers it.
//! let request = server::ServerHandshake::default().receive(&mut Input::new(&mut bytes))?;
//! let request = request.expect("the head is complete");
//! let (mut bytes, agreed) = request.upgrade()?.select_subprotocol(&["superchat"]).accept();
//! assert_eq!(agreed.subprotocol(), Some("superchat"));
//!
//! // The client again: the answer arrives together with the first frame.
//! bytes.extend(b"\x81\x02hi");
//! let mut input = Input::new(&mut bytes);
//! let outcome = opening.receive(&mut input)?;
//! assert_eq!(input.as_bytes(), b"\x81\x02hi");
//! match outcome.expect("the head is complete") {
//!     client::Outcome::Established { negotiated, .. } => assert_eq!(negotiated, agreed),
//!     client::Outcome::Http(response) => panic!("not a WebSocket: {}", response.status()),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # With an HTTP library
//!
//! If your program has an HTTP library, pass in what that has parsed, and get back the header fields
//! to send. All checks are the same:
//!
//! | | a server | a client |
//! | --- | --- | --- |
//! | bytes | [`ServerHandshake`](server::ServerHandshake), [`Upgrade::accept`](server::Upgrade::accept) | [`Request::start`](client::Request::start), [`ClientHandshake`](client::ClientHandshake) |
//! | parts | [`RequestHead::from_parts`](server::RequestHead::from_parts), [`Upgrade::accept_fields`](server::Upgrade::accept_fields), [`Response::fields`](server::Response::fields) | [`Request::start_fields`](client::Request::start_fields), [`ResponseHead::from_parts`](client::ResponseHead::from_parts) |
//! | types of `http`, with the feature `http` | `RequestHead::try_from`, `Upgrade::accept_http`, `Response::to_http` | `Request::start_http`, `ResponseHead::try_from` |
//! | the same over HTTP/2 and HTTP/3 | `ConnectHead::from_http`, `Upgrade::accept_http`, `ConnectRefusal::to_http` | `Request::start_connect_http`, `ConnectHandshake::receive_http` |
//!
//! [`accept_key`] alone is the last resort. Its documentation lists what you must check yourself.

mod authority;
mod error;
mod excerpt;
mod extensions;
mod fields;
mod grammar;
mod head;
mod headers;
#[cfg(feature = "http")]
mod http_types;
mod key;
mod limits;
mod lines;
mod offers;

pub mod client;
pub mod connect;
pub mod server;

pub use error::{BuildError, HeadError};
pub use excerpt::Excerpt;
pub use extensions::{Extension, ExtensionList, ExtensionParams, InvalidExtensions};
pub use fields::HeaderFields;
pub use headers::{HeaderIter, Headers};
pub use key::{InvalidKey, accept_key};
pub use limits::HeadLimits;
