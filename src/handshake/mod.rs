//! The opening handshake over HTTP/1.1, RFC 6455 §4, for both roles.
//!
//! Sans I/O, like the rest: bytes go in, and what comes out is bytes to send and a
//! [`Negotiated`](crate::Negotiated) to make a connection from. The contract is the same for
//! [`client::ClientHandshake`] and [`server::ServerHandshake`]:
//!
//! * `receive` takes bytes off the front of an [`Input`](crate::Input), up to the end of the peer's
//!   head, and returns what they mean. "More bytes are needed" is a value, `None`; all bytes were
//!   taken then.
//! * What follows the head stays in the input, and is never looked at. After an accepted handshake
//!   it is the beginning of the stream of frames, and belongs to the connection; where TLS begins
//!   between the two, it must be empty ([`Input::expect_empty`](crate::Input::expect_empty)).
//! * After an error, and after a complete head, nothing is taken any more.
//! * Nothing is buffered beyond the head, and no more of that than [`HeadLimits`] allow.
//! * The caller has a deadline of its own for the whole, and closes the transport after whatever is
//!   not an accepted handshake.
//!
//! ```
//! use sansock::Input;
//! use sansock::handshake::{client, server};
//!
//! // The client: what to connect to, and what to send first. Sixteen random bytes go in.
//! let request = client::Request::new("ws://example.com/chat")?.subprotocol("superchat")?;
//! assert_eq!((request.host(), request.port(), request.is_secure()), ("example.com", 80, false));
//! let (mut bytes, mut opening) = request.start(*b"the sample nonce");
//!
//! // The server: a request, then an answer.
//! let request = server::ServerHandshake::default().receive(&mut Input::new(&mut bytes))?;
//! let request = request.expect("the head is complete");
//! let (mut bytes, agreed) = request.upgrade()?.select_subprotocol(&["superchat"]).accept();
//! assert_eq!(agreed.subprotocol(), Some("superchat"));
//!
//! // The client again: the answer, and the first frame, which came with it.
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
//! A server with an HTTP library of its own can take [`accept_key`] alone, and checks what is listed
//! there itself.

mod authority;
mod error;
mod excerpt;
mod extensions;
mod grammar;
mod head;
mod headers;
mod key;
mod limits;
mod lines;

pub mod client;
pub mod server;

pub use error::{BuildError, HeadError};
pub use excerpt::Excerpt;
pub use headers::{HeaderIter, Headers};
pub use key::{InvalidKey, accept_key};
pub use limits::HeadLimits;
