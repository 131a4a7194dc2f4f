//! `WebSocket`s on tokio, by [`sansock`].
//!
//! [`accept`] serves a client, and `connect` (with the feature `connect`) or [`client`] connects to a
//! server. A [`WebSocket`] then receives and sends messages. Pings, the closing handshake, deadlines
//! and the end of the stream are its own work.
//!
//! ```
//! use sansock::CloseCode;
//! use tokio::net::{TcpListener, TcpStream};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let server = tokio::spawn(async move {
//!     let (stream, _) = listener.accept().await?;
//!     let mut ws = sansock_tokio::accept(stream).await?;
//!     while let Some(message) = ws.receive().await? {
//!         ws.send(message).await?;
//!     }
//!     Ok::<_, sansock_tokio::Error>(())
//! });
//!
//! let request = sansock_tokio::Request::new("ws://a.example/")?;
//! let mut ws = sansock_tokio::client(&request, TcpStream::connect(address).await?).await?;
//! ws.send("hello").await?;
//! assert_eq!(ws.receive().await?, Some("hello".into()));
//! ws.close(CloseCode::NORMAL, "").await?;
//! assert_eq!(ws.receive().await?, None);
//! server.await??;
//! # Ok(())
//! # }
//! ```
//!
//! In a server on hyper or axum, take the requests by the module `hyper`, and over an HTTP/2
//! connection of your own, the streams by the module `h2`. Each has a feature of its name.
//!
//! # Cancellation
//!
//! Any future of this crate may be dropped at any time, for example in `select!`:
//!
//! | future | if you drop it |
//! | --- | --- |
//! | [`receive`](WebSocket::receive), [`fill`](WebSocket::fill) | nothing is lost: the next call goes on |
//! | [`send`](WebSocket::send) and its like | the message is sent whole, or not at all |
//! | [`close`](WebSocket::close) | the Close frame is queued if the future was polled |
//! | [`accept`], [`client`], `connect` | the stream is dropped |
//!
//! A message of a `send` that you drop was queued if the future was polled and the output was not
//! full. To know, wait by [`ready`](WebSocket::ready), and then [`queue`](WebSocket::queue) it, which
//! does not wait. What is queued is written by the next call of any kind.
//!
//! # Deadlines
//!
//! The deadlines of [`Settings`] are kept: of the opening handshake, of silence, of writes, and of
//! closing. They need a runtime with time enabled. Without deadlines they do not.
//!
//! A peer is only looked at while you wait for the WebSocket, in any of its futures.

#![forbid(unsafe_code)]

#[cfg(feature = "connect")]
mod connect;
#[cfg(any(feature = "connect", feature = "h2", feature = "hyper"))]
mod deadline;
mod driver;
#[cfg(any(feature = "h2", feature = "hyper"))]
mod gather;
#[cfg(feature = "h2")]
pub mod h2;
mod halves;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(any(feature = "h2", feature = "hyper"))]
mod offers;
mod open;
mod pool;
mod sender;
mod sync;
mod timer;
mod waiting;
mod websocket;

pub use sansock;
pub use sansock::blocking::Error;
pub use sansock::endpoint::{Opened, Settings};
pub use sansock::handshake::client::Request;
pub use sansock::{CloseCode, Message};
#[cfg(feature = "rustls")]
pub use tokio_rustls::rustls;

#[cfg(feature = "connect")]
pub use connect::{ClientStream, ConnectError, Connector, connect};
pub use halves::{ReceiveHalf, ReuniteError, SendHalf};
pub use open::{accept, accept_with, client, client_with};
pub use sender::Sender;
pub use websocket::WebSocket;

/// The examples of README.md compile.
#[cfg(all(doctest, feature = "connect"))]
#[doc = include_str!("../README.md")]
struct Readme;
