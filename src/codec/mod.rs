//! Codecs for `tokio_util`: with [`Framed`](tokio_util::codec::Framed), they run a connection or
//! plain frames over anything that is `AsyncRead` and `AsyncWrite`.
//!
//! [`Messages`] is a [`Connection`](crate::Connection) as a codec: a stream of
//! [`Event`](crate::Event)s and a sink of [`Outgoing`] items. [`Frames`] is one layer below: whole
//! frames, which you interpret yourself.
//!
//! A codec can write only when you send an item. What a connection sends by itself waits for that
//! too: a pong, and the Close that answers a Close or an error. **If you send nothing after an
//! event or an error, send [`Outgoing::Replies`].** It costs nothing if nothing waits.
//!
//! ```
//! use futures_util::{SinkExt, StreamExt};
//! use sansock::codec::{Error, Messages, Outgoing};
//! use sansock::{CloseStatus, Config, Connection, Event};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
//! use tokio_util::codec::Framed;
//!
//! async fn echo(stream: DuplexStream) -> Result<Option<CloseStatus>, Error> {
//!     let mut framed = Framed::new(stream, Messages::new(Connection::new(Config::server())));
//!     while let Some(event) = framed.next().await {
//!         match event {
//!             Ok(Event::Text(text)) => framed.send(text.into()).await?,
//!             Ok(Event::Binary(data)) => framed.send(data.into()).await?,
//!             // The reply to a ping, to a Close, or to an error.
//!             answered => {
//!                 framed.send(Outgoing::Replies).await?;
//!                 // A server ends the transport; its client waits for that, RFC 6455 §7.1.1.
//!                 if let Err(_) | Ok(Event::Close { .. }) = answered {
//!                     framed.close().await?;
//!                 }
//!             }
//!         }
//!     }
//!     Ok(framed.codec().closure())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (mut client, stream) = tokio::io::duplex(64);
//! let server = tokio::spawn(echo(stream));
//! // "Hello", RFC 6455 §5.7, a ping, and a Close, all masked.
//! client.write_all(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").await?;
//! client.write_all(b"\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xE8").await?;
//! let mut answer = Vec::new();
//! client.read_to_end(&mut answer).await?;
//! assert_eq!(answer, b"\x81\x05Hello\x8A\x00\x88\x02\x03\xE8");
//! drop(client);
//! assert_eq!(server.await??.map(CloseStatus::code), Some(1000));
//! # Ok(())
//! # }
//! ```
//!
//! Bytes that arrive together with the end of a handshake are already frames. Put them into the
//! read buffer:
//!
//! ```
//! use sansock::codec::{Messages, Outgoing};
//! use sansock::{Config, Connection};
//! use tokio_util::codec::{Framed, FramedParts};
//!
//! # let stream = tokio::io::empty();
//! # let early = b"\x81\x80\0\0\0\0";
//! let codec = Messages::new(Connection::new(Config::server()));
//! let mut parts = FramedParts::new::<Outgoing>(stream, codec);
//! parts.read_buf.extend_from_slice(early);
//! let framed = Framed::from_parts(parts);
//! assert_eq!(framed.read_buffer(), &early[..]);
//! ```

mod error;
mod frames;
mod messages;

pub use error::Error;
pub use frames::Frames;
pub use messages::{Messages, Outgoing};
