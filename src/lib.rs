//! A WebSocket endpoint whose core does no I/O: bytes in, events and bytes out.
//!
//! `sansock` implements RFC 6455 for servers and clients. It opens no socket, reads no clock, starts no
//! thread and depends on no runtime. Your program reads and writes the transport, and anything that
//! moves bytes will do: TCP, TLS, a Unix socket, an HTTP/2 stream, an `io_uring`, a microcontroller's
//! radio.
//!
//! It does not do TLS, DNS or HTTP beyond the opening handshake. With the feature `deflate`, it compresses
//! messages: see the module of that name.
//!
//! # Which part to use
//!
//! | your program | uses |
//! | --- | --- |
//! | is a server or client with blocking sockets | [`blocking`] |
//! | is a server or client with a loop of its own | [`endpoint::Endpoint`] |
//! | has an HTTP library that does the handshake | [`Connection`], and [`handshake::accept_key`] if it needs it |
//! | is a proxy | [`frame::Relay`] |
//! | is a device without an allocator | [`frame::MessageDecoder`], [`frame::Encoder`] |
//!
//! ## Blocking sockets
//!
//! ```no_run
//! # #[cfg(all(feature = "handshake", feature = "std"))] {
//! use sansock::blocking;
//! use std::net::TcpListener;
//!
//! let (stream, _) = TcpListener::bind("127.0.0.1:9001")?.accept()?;
//! let mut ws = blocking::accept(stream)?;
//! while let Some(message) = ws.receive()? {
//!     ws.send(message)?;
//! }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## A loop of your own
//!
//! Pass what you read to [`receive`][endpoint::Endpoint::receive] until it returns `None`, then write
//! [`output`][endpoint::Endpoint::output], then do what
//! [`transport_action`][endpoint::Endpoint::transport_action] says. An endpoint begins with the opening
//! handshake, and has the deadlines of both. The page of [`Connection`] has the whole contract.
//!
//! ```
//! # #[cfg(all(feature = "rand", feature = "handshake"))] {
//! use core::time::Duration;
//! use sansock::bytes::Buf;
//! use sansock::endpoint::{self, Endpoint, Settings};
//! use sansock::handshake::client;
//! use sansock::{CloseCode, Config, Event, Input};
//!
//! // The transport: what one end has to write is what the other end reads.
//! fn carry(from: &mut Endpoint) -> Vec<u8> {
//!     let len = from.output_len();
//!     from.output().copy_to_bytes(len).to_vec()
//! }
//!
//! let mut server = Endpoint::server(&Settings::new(Config::server()), Duration::ZERO)?;
//! let request = client::Request::new("ws://a.example/chat")?;
//! let settings = Settings::new(Config::client());
//! let mut client = Endpoint::client(&settings, &request, client::nonce(), Duration::ZERO)?;
//!
//! let mut read = carry(&mut client);
//! assert_eq!(server.receive(&mut Input::new(&mut read))?, Some(endpoint::Event::Request));
//! let agreed = server.accept()?;
//! assert_eq!(agreed.subprotocol(), None);
//! let mut read = carry(&mut server);
//! let opened = client.receive(&mut Input::new(&mut read))?;
//! assert!(matches!(opened, Some(endpoint::Event::Opened(_))));
//!
//! client.send_text("hello")?;
//! client.close(CloseCode::NORMAL, "")?;
//!
//! let mut read = carry(&mut client);
//! let mut input = Input::new(&mut read);
//! while let Some(event) = server.receive(&mut input)? {
//!     let endpoint::Event::Connection(event) = event else { continue };
//!     match event {
//!         Event::Text(text) => server.send_text(&text)?, // `text` is borrowed from `read`
//!         Event::Close { code, .. } => assert_eq!(code, Some(CloseCode::NORMAL)),
//!         _ => {}
//!     }
//! }
//! // The echo, and the answer to the Close.
//! assert_eq!(server.output().chunk(), b"\x81\x05hello\x88\x02\x03\xE8");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## After somebody else's handshake
//!
//! If an HTTP library has answered the request, make the connection from an agreement on nothing, or on
//! the subprotocol that was chosen:
//!
//! ```
//! # #[cfg(feature = "alloc")] {
//! use sansock::{Config, Connection, Negotiated};
//!
//! let negotiated = Negotiated::default().with_subprotocol("chat");
//! let server = Connection::from_negotiated(Config::server(), &negotiated)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## A proxy
//!
//! A relay passes the frames of one peer on to another one, in constant memory:
//!
//! ```
//! use sansock::frame::Relay;
//! use sansock::{Input, Role};
//!
//! let mut to_client = Relay::new(Role::Client); // receives what a server sends
//! let mut read = *b"\x81\x05Hello";
//! let mut input = Input::new(&mut read);
//! let forwarded = to_client.forward(&mut input, || unreachable!("a server does not mask"))?;
//! let forwarded = forwarded.expect("a whole frame");
//! assert_eq!((&*forwarded.head(), forwarded.payload), (&b"\x81\x05"[..], &b"Hello"[..]));
//! # Ok::<(), sansock::ProtocolError>(())
//! ```
//!
//! ## A device without an allocator
//!
//! ```
//! use sansock::frame::{Encoder, Header, MessageDecoder, MessagePart};
//! use sansock::{Input, Opcode, Role};
//!
//! let header = Header::single(Opcode::Binary, 2, None);
//! assert_eq!(*Encoder::new(Role::Server).header(header)?, *b"\x82\x02");
//!
//! let mut read = *b"\x82\x82\0\0\0\0ok\x89\x80\0\0\0\0"; // a message, and a ping
//! let (mut decoder, mut input) = (MessageDecoder::new(Role::Server), Input::new(&mut read));
//! let unused = || unreachable!("a server does not mask");
//! while let Some(part) = decoder.decode(&mut input)? {
//!     if let MessagePart::Binary { bytes, .. } = part {
//!         assert_eq!(bytes, b"ok"); // borrowed from `read`
//!     }
//! }
//! assert_eq!(decoder.answer(unused).as_deref(), Some(&b"\x8A\0"[..])); // to send: the pong
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Who allocates, and who copies
//!
//! | a message is received | memory | copies |
//! | --- | --- | --- |
//! | *borrowed*: it is whole in your input | yours | none; it is unmasked where it is |
//! | *in place*: reads bring it into a [`ReadBuffer`] | that buffer's | none; the buffer grows with what arrives |
//! | *reassembled*: it is split between inputs or fragments | one buffer, reused from 1 KiB on | one |
//! | *streamed*: it is delivered in chunks | yours | none |
//!
//! | a message is sent | memory | copies |
//! | --- | --- | --- |
//! | by [`send_text`][Connection::send_text], [`send_binary`][Connection::send_binary] | the output's | one, masked on the way by a client |
//! | by [`send`][Connection::send], from 4 KiB on | the message's own | none; a client masks it in place, or copies it if it is shared |
//! | by [`output_with_text`][Connection::output_with_text], [`output_with_binary`][Connection::output_with_binary] | yours | none by a server; a client masks it through one block of 16 KiB |
//! | prepared ([`PreparedMessage`][message::PreparedMessage]), from 256 bytes on | one buffer for all connections | none by a server |
//!
//! # Limits
//!
//! All are on by default. A violation ends the connection with the close code.
//!
//! | limit | default | set by | close code |
//! | --- | --- | --- | --- |
//! | payload of a frame | 16 MiB | [`Limits::frame`] | 1009 |
//! | payload of a message | 64 MiB | [`Limits::message`] | 1009 |
//! | fragments of a message | 16 384 | [`Limits::fragments`] | 1008 |
//! | output | 1 MiB and one message | [`Config::max_output`] | none: the send is refused |
//! | pongs | all, until 1 KiB of output waits | [`Config::pings`] | none: the latest ping is answered |
//! | HTTP head | 16 KiB, 64 headers | [`HeadLimits`][handshake::HeadLimits] | none: HTTP status 431 |
//! | handshake, silence, slow messages and writes | none | [`timer`] | 1008, or none |
//!
//! # Layers
//!
//! Each is public and useful alone, and imports only from those before it.
//!
//! | layer | what it is |
//! | --- | --- |
//! | [`Role`], [`Opcode`], [`CloseCode`], [`CloseReason`] | the terms of the RFC |
//! | [`ProtocolError`] | what the peer did wrong |
//! | [`Input`] | a cursor over bytes that were read |
//! | [`mask`], [`utf8`] | the two loops that touch every byte |
//! | [`frame`] | RFC 6455 §5 on the wire, without an allocator |
//! | [`Negotiated`] | what a handshake has agreed on |
//! | [`Message`], [`Text`], [`Payload`], [`ReadBuffer`] | what frames carry |
//! | [`Connection`], [`Config`], [`Event`], [`Output`] | one end of a WebSocket |
//! | [`timer`] | keep-alive and deadlines, computed from the time that you pass in |
//! | [`handshake`] | RFC 6455 §4 for both roles |
//! | [`endpoint`] | the opening handshake and then the connection, over one byte stream |
//! | [`blocking`] | an endpoint over a stream of the standard library |
//!
//! # Features
//!
//! * `std` (default): chooses instruction sets at run time, writes vectored output; implies `alloc`.
//! * `alloc` (default): messages, connections, output. Without it [`frame`], [`mask`], [`utf8`],
//!   [`input`] and the terms of the RFC are available.
//! * `simd` (default): validates UTF-8 with `simdutf8`.
//! * `handshake` (default): the opening handshake over HTTP/1.1; implies `alloc`.
//! * `http`: the opening handshake with the types of the crate `http`; implies `handshake` and `std`.
//! * `rand` (default): mask keys and nonces from the thread's random number generator; implies `std`.
//!   Without it, you pass a source of mask keys to a client's configuration.
//!
//! The crate needs Rust 1.85 or newer.
//!
// What is not there without its feature leads to the list of features.
#![cfg_attr(not(all(feature = "handshake", feature = "std")), doc = "[`blocking`]: #features")]
#![cfg_attr(
    not(feature = "handshake"),
    doc = "
[`handshake`]: #features
[`handshake::accept_key`]: #features
[`endpoint`]: #features
[`endpoint::Endpoint`]: #features
[endpoint::Endpoint::receive]: #features
[endpoint::Endpoint::output]: #features
[endpoint::Endpoint::transport_action]: #features
[handshake::HeadLimits]: #features
"
)]
#![cfg_attr(
    not(feature = "alloc"),
    doc = "
[Connection::receive]: #features
[Connection::output]: #features
[Connection::transport_action]: #features
[Connection::send]: #features
[Connection::send_text]: #features
[Connection::send_binary]: #features
[Connection::output_with_text]: #features
[Connection::output_with_binary]: #features
[message::PreparedMessage]: #features
[`Config::max_output`]: #features
[`Config::pings`]: #features
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

#[cfg(all(feature = "handshake", feature = "std"))]
pub mod blocking;
pub mod close;
#[cfg(feature = "alloc")]
pub mod connection;
#[cfg(feature = "deflate")]
pub mod deflate;
#[cfg(feature = "handshake")]
pub mod endpoint;
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

/// The examples of README.md and of docs/EMBEDDING.md compile.
#[cfg(all(doctest, feature = "handshake", feature = "rand"))]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../docs/EMBEDDING.md")]
struct Readme;

/// So does that of docs/COMPRESSION.md.
#[cfg(all(doctest, feature = "deflate"))]
#[doc = include_str!("../docs/COMPRESSION.md")]
struct Compression;
