//! A connection as a codec.

use core::fmt;

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::Error;
use crate::close::CloseCode;
use crate::connection::{CloseStatus, Connection, Event};
use crate::message::{Message, Utf8Bytes};

/// A [`Connection`] for [`Framed`](tokio_util::codec::Framed): decodes [`Event`]s, encodes what is
/// [`Outgoing`].
///
/// Whatever it encodes, what the connection has to send by itself goes first, and nothing stays in
/// the connection's output. `Framed` keeps it until it is flushed, and flushes when 8 KiB wait
/// ([`set_backpressure_boundary`](tokio_util::codec::Framed::set_backpressure_boundary)), which takes
/// the place of [`Config::max_output`](crate::Config::max_output) here.
///
/// After an [`Error::Protocol`] the Close frame that says so is sent with the next item, or by
/// [`Outgoing::Replies`] alone. The end of the transport is the end of the stream, whether a Close
/// came before or not; [`closure`](Self::closure) tells. Nothing but that ends the stream: on
/// [`Event::Close`], and on an error, a server closes the sink once it has sent the replies, and a
/// client waits for the end. After an error `Framed` gives `None` once though the transport goes on;
/// who polls it again reads, and drops, what the peer still sends.
///
/// [`Timers`](crate::timer::Timers) on [`connection`](Self::connection) see output as taken when it is
/// encoded, so that they do not find a write that stalls: only the pong that does not come, or a
/// message, tells. Put a time limit of its own on `Framed`'s `flush`.
///
/// Events are parts of `Framed`'s read buffer where they can be, and keep the whole of it in memory as
/// long as they are held; see [`Connection::receive_from_bytes_mut`].
#[derive(Debug)]
pub struct Messages {
    ws: Connection,
    /// How it ended, once it has.
    closure: Option<CloseStatus>,
}

/// What can be sent through [`Messages`].
///
/// Whatever makes a [`Message`] makes one of these:
///
/// ```
/// use sansock::Message;
/// use sansock::codec::Outgoing;
///
/// assert_eq!(Outgoing::from("hello"), Outgoing::Message(Message::from("hello")));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outgoing {
    /// A message.
    Message(Message),
    /// A ping of at most 125 bytes, RFC 6455 §5.5.2.
    Ping(Bytes),
    /// A pong of at most 125 bytes that answers no ping, RFC 6455 §5.5.3.
    Pong(Bytes),
    /// Our Close, RFC 6455 §5.5.1, after which nothing can be sent. It does not end the transport, as
    /// closing the sink does: the peer's Close is to come.
    Close {
        /// Why.
        code: CloseCode,
        /// The same for people, of at most 123 bytes; may be empty.
        reason: Utf8Bytes,
    },
    /// Nothing but what the connection has to send by itself: pongs, and the Close that answers a
    /// Close or an error.
    Replies,
}

impl Messages {
    /// A codec for a connection whose handshake is done.
    pub fn new(connection: Connection) -> Self {
        Messages { ws: connection, closure: None }
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.ws
    }

    /// The connection. What is sent through it is encoded with the next item.
    pub fn connection_mut(&mut self) -> &mut Connection {
        &mut self.ws
    }

    /// The connection, without the codec around it.
    pub fn into_connection(self) -> Connection {
        self.ws
    }

    /// How the connection ended, RFC 6455 §7.1.5, once the stream has; `None` before.
    pub fn closure(&self) -> Option<CloseStatus> {
        self.closure
    }

    /// Moves the connection's output to `dst`.
    fn encode_output(&mut self, dst: &mut BytesMut) {
        let output = self.ws.output();
        dst.reserve(output.remaining());
        // Taking some may bring in a pong that waited.
        while output.has_remaining() {
            let len = output.chunk().len();
            dst.extend_from_slice(output.chunk());
            output.advance(len);
        }
    }

    fn queue(&mut self, item: Outgoing) -> Result<(), Error> {
        match item {
            Outgoing::Message(message) => self.ws.send(message)?,
            Outgoing::Ping(payload) => self.ws.ping(&payload)?,
            Outgoing::Pong(payload) => self.ws.pong(&payload)?,
            Outgoing::Close { code, reason } => self.ws.close(code, reason.as_str())?,
            Outgoing::Replies => {}
        }
        Ok(())
    }
}

impl Decoder for Messages {
    type Item = Event<'static>;
    type Error = Error;

    /// As [`Connection::receive_from_bytes_mut`]; all of `src` is taken where there is no event in it.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], once, where the peer breaks the protocol.
    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        Ok(self.ws.receive_from_bytes_mut(src)?)
    }

    /// The same for what is left at the end of the transport, and then `None`.
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        let event = self.decode(src)?;
        if event.is_none() {
            self.closure = Some(self.ws.receive_eof());
        }
        Ok(event)
    }
}

impl Encoder<Outgoing> for Messages {
    type Error = Error;

    /// Appends what the connection has to send by itself and then `item`.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] and [`Error::Close`] where `item` cannot be sent, as [`Connection::send`],
    /// [`Connection::ping`] and [`Connection::close`] say. The replies were appended even so, and are
    /// written by the next flush.
    fn encode(&mut self, item: Outgoing, dst: &mut BytesMut) -> Result<(), Error> {
        // First, so that there is room for `item` in the connection's output.
        self.encode_output(dst);
        let queued = self.queue(item);
        self.encode_output(dst);
        queued
    }
}

impl<M: Into<Message>> From<M> for Outgoing {
    fn from(message: M) -> Self {
        Outgoing::Message(message.into())
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outgoing::Message(message) => f.debug_tuple("Message").field(message).finish(),
            Outgoing::Ping(payload) => write!(f, "Ping({} bytes)", payload.len()),
            Outgoing::Pong(payload) => write!(f, "Pong({} bytes)", payload.len()),
            Outgoing::Close { code, reason } => {
                f.debug_struct("Close").field("code", code).field("reason", reason).finish()
            }
            Outgoing::Replies => f.write_str("Replies"),
        }
    }
}
