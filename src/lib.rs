//! A sans-I/O WebSocket endpoint: bytes in, events and bytes out.
//!
//! `sansock` opens no socket, reads no clock and spawns nothing. Whatever moves bytes can drive it:
//! TCP, TLS, a Unix socket, an HTTP/2 stream, an `io_uring`, a microcontroller's radio.
//!
//! # A server and a client
//!
//! A [`Connection`] is one end of a WebSocket, after its handshake. What the transport reads goes
//! into [`receive`][Connection::receive], and what is in [`output`][Connection::output] goes to the
//! transport; that is all, and its documentation says it in full.
//!
//! ```
//! # #[cfg(feature = "rand")] {
//! use sansock::bytes::Buf;
//! use sansock::{CloseCode, Config, Connection, Event, Input};
//!
//! let mut client = Connection::new(Config::client());
//! let mut server = Connection::new(Config::server());
//! client.send_text("hello")?;
//! client.close(CloseCode::NORMAL, "")?;
//!
//! // The transport: what the client has to write is what the server reads.
//! let mut buffer = [0; 64];
//! let len = client.output().remaining();
//! client.output().copy_to_slice(&mut buffer[..len]);
//!
//! let mut input = Input::new(&mut buffer[..len]);
//! while let Some(event) = server.receive(&mut input)? {
//!     match event {
//!         Event::Text(text) => server.send_text(&text)?, // `text` is a part of `buffer`
//!         Event::Close { code, .. } => assert_eq!(code, Some(CloseCode::NORMAL)),
//!         _ => {}
//!     }
//! }
//! // The echo, and the answer to the close.
//! assert_eq!(server.output().chunk(), b"\x81\x05hello\x88\x02\x03\xE8");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layers
//!
//! Each is public and useful alone; each imports only from those before it.
//!
//! | | |
//! | --- | --- |
//! | [`Role`], [`Opcode`], [`CloseCode`], [`CloseReason`] | the RFC's words |
//! | [`ProtocolError`] | what the peer did wrong |
//! | [`mask`], [`utf8`] | the two loops that touch every byte |
//! | [`frame`] | RFC 6455 §5 on the wire, without an allocator |
//! | [`Negotiated`] | what a handshake hands to a connection |
//! | [`Message`], [`Text`], [`Payload`] | what frames carry |
//! | [`Connection`], [`Config`], [`Event`], [`ReadBuffer`], [`Output`] | one end of a WebSocket |
//! | [`timer`] | keep-alive and deadlines, with time as an argument |
//! | [`codec`] | a connection, or frames, for `tokio_util`'s `Framed` |
//! | [`handshake`] | RFC 6455 §4, both roles, sans-I/O too |
//!
//! # Features
//!
//! * `std` (default): run-time choice of instruction sets, vectored output; implies `alloc`.
//! * `alloc`: messages, connections, output. Without it [`frame`], [`mask`], [`utf8`] and the words
//!   above remain.
//! * `simd` (default): `simdutf8`.
//! * `handshake` (default): the opening handshake; implies `alloc`.
//! * `rand` (default): mask keys and nonces from the thread's generator; implies `std`.
//! * `tokio-util`: the module [`codec`]; implies `std`.
//!
//! Without `rand` a client's configuration takes a source of mask keys.
//!
// What is not there without its feature leads to the list of features.
#![cfg_attr(not(feature = "tokio-util"), doc = "[`codec`]: #features")]
#![cfg_attr(not(feature = "handshake"), doc = "[`handshake`]: #features")]
#![cfg_attr(
    not(feature = "alloc"),
    doc = "
[Connection::receive]: #features
[Connection::output]: #features
[`Connection`]: #features
[`Config`]: #features
[`Event`]: #features
[`ReadBuffer`]: #features
[`Output`]: #features
[`Message`]: #features
[`Text`]: #features
[`Payload`]: #features
[`Negotiated`]: #features
[`timer`]: #features
"
)]
#![cfg_attr(not(any(feature = "std", test)), no_std)]
// docs.rs shows which feature each item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod close;
#[cfg(feature = "tokio-util")]
pub mod codec;
#[cfg(feature = "alloc")]
pub mod connection;
mod error;
pub mod frame;
#[cfg(feature = "handshake")]
pub mod handshake;
pub mod input;
pub mod mask;
#[cfg(feature = "alloc")]
pub mod message;
#[cfg(feature = "alloc")]
mod negotiated;
pub mod opcode;
#[cfg(feature = "alloc")]
mod retain;
mod role;
#[cfg(feature = "alloc")]
pub mod timer;
pub mod utf8;

// What nearly every program names; the rest is in its module.
pub use close::{CloseCode, CloseReason};
pub use error::{ProtocolError, Violation};
pub use frame::Limits;
pub use input::Input;
pub use opcode::Opcode;
pub use role::Role;

/// The crate whose buffers this one speaks: [`Output`] is a [`bytes::Buf`].
#[cfg(feature = "alloc")]
pub use bytes;
#[cfg(feature = "alloc")]
pub use connection::{CloseStatus, Config, Connection, Event, Output, SendError, TransportAction};
#[cfg(feature = "alloc")]
pub use message::{Message, Payload, ReadBuffer, Text};
#[cfg(feature = "alloc")]
pub use negotiated::Negotiated;

/// README.md's examples compile.
#[cfg(all(doctest, feature = "handshake", feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
