//! A `WebSocket` over a stream of the crate `h2`, RFC 8441, for servers and clients, with the feature
//! `h2`.
//!
//! ```
//! use ::h2::client::SendRequest;
//! use ::h2::server::SendResponse;
//! use http::Request;
//! use sansock::Config;
//! use sansock::bytes::Bytes;
//! use sansock_tokio::{Error, Settings, h2};
//!
//! /// Serves a request that an `h2::server::Connection` has accepted.
//! async fn serve(
//!     request: Request<::h2::RecvStream>,
//!     mut respond: SendResponse<Bytes>,
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let settings = Settings::new(Config::server());
//!     let accepted = h2::accept_with(request, &mut respond, &settings, |upgrade| {
//!         Ok(upgrade.select_subprotocol(&["chat"]))
//!     });
//!     let (mut ws, _negotiated) = accepted?;
//!     ws.send("welcome").await?;
//!     Ok(())
//! }
//!
//! /// Opens a WebSocket on a connection of HTTP/2.
//! async fn open(client: &SendRequest<Bytes>) -> Result<(), Error> {
//!     let request = sansock_tokio::Request::new("wss://a.example/chat").expect("a URI");
//!     let settings = Settings::new(Config::client());
//!     let (mut ws, _opened) = h2::connect(client, &request, &settings).await?;
//!     assert_eq!(ws.receive().await?, Some("welcome".into()));
//!     Ok(())
//! }
//! # let _ = (serve, open);
//! ```
//!
//! * A server allows Extended CONNECT by `h2::server::Builder::enable_connect_protocol`.
//! * A client waits for that setting, which `SendRequest::is_extended_connect_protocol_enabled`
//!   shows. It is in the server's first frame. Nothing in `h2` waits for it. Do this by the answer to
//!   any earlier request, or to a ping: take `ping_pong` of the `h2::client::Connection`, and await
//!   one ping.
//! * `h2` ends a connection on which many small DATA frames wait to be read. An [`H2Stream`] that
//!   waits to write takes them in, as many bytes as its window has. If your program does not poll
//!   its WebSocket for long, set `data_frame_budget` of the builder.
//! * By default, the window of a connection is not larger than that of one stream: a program that
//!   stops to receive from one stream stops all others. Set `initial_connection_window_size` of the
//!   builder.

mod client;
mod server;
mod stream;

pub use client::connect;
pub use server::{AcceptError, Upgrade, accept, accept_with};
pub use stream::H2Stream;
