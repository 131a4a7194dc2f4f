//! A codec for connections.

use core::fmt;

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use super::Error;
use crate::close::CloseCode;
use crate::connection::{CloseStatus, Connection, Event};
use crate::message::{Message, Utf8Bytes};

/// A [`Connection`] as a codec for [`Framed`](tokio_util::codec::Framed). It decodes [`Event`]s and
/// encodes [`Outgoing`] items.
///
/// When it encodes an item, it first encodes what the connection has to send by itself. Nothing
/// stays in the connection's output: `Framed` keeps the bytes until it is flushed. It flushes by
/// itself when 8 KiB wait
/// ([`set_backpressure_boundary`](tokio_util::codec::Framed::set_backpressure_boundary)). This
/// boundary replaces [`Config::max_output`](crate::Config::max_output) here.
///
/// After an [`Error::Protocol`], the Close frame that reports it is sent with the next item, or
/// with [`Outgoing::Replies`] if you have no item.
///
/// The stream ends only when the transport ends, with or without a Close before.
/// [`closure`](Self::closure) returns how it ended. So, on [`Event::Close`] and on an error, a
/// server sends the replies and then closes the sink, and a client waits for the end. After an
/// error, `Framed` returns `None` once even if the transport continues. If you poll it again, it
/// reads and drops what the peer still sends.
///
/// [`Timers`](crate::timer::Timers) on [`connection`](Self::connection) treat output as taken when
/// it is encoded, so they do not detect a stalled write. They only notice that a pong is missing or
/// that a message is too slow. Put your own time limit on `Framed`'s `flush`.
///
/// If possible, events are split off `Framed`'s read buffer without a copy. Such an event keeps the
/// whole buffer in memory; see [`Connection::receive_from_bytes_mut`].
#[derive(Debug)]
pub struct Messages {
    ws: Connection,
    /// How the connection ended, once it has.
    closure: Option<CloseStatus>,
}

/// An item to send through [`Messages`].
///
/// Every type that converts to a [`Message`] also converts to an `Outgoing`:
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
    /// Our Close, RFC 6455 §5.5.1. Nothing can be sent after it. Unlike closing the sink, it does
    /// not end the transport: the peer's Close is still to come.
    Close {
        /// The close code.
        code: CloseCode,
        /// The reason, at most 123 bytes. May be empty.
        reason: Utf8Bytes,
    },
    /// Only what the connection has to send by itself: pongs, and the Close that answers a Close or
    /// an error.
    Replies,
}

impl Messages {
    /// Creates a codec for a connection whose handshake is done.
    pub fn new(connection: Connection) -> Self {
        Messages { ws: connection, closure: None }
    }

    /// Returns the connection.
    pub fn connection(&self) -> &Connection {
        &self.ws
    }

    /// Returns the connection. What you send through it is encoded with the next item.
    pub fn connection_mut(&mut self) -> &mut Connection {
        &mut self.ws
    }

    /// Returns the connection, without the codec around it.
    pub fn into_connection(self) -> Connection {
        self.ws
    }

    /// Returns how the connection ended, RFC 6455 §7.1.5, or `None` if the stream has not ended.
    pub fn closure(&self) -> Option<CloseStatus> {
        self.closure
    }

    /// Moves the connection's output to `dst`.
    fn encode_output(&mut self, dst: &mut BytesMut) {
        let output = self.ws.output();
        dst.reserve(output.remaining());
        // Taking output may queue a pong that waited.
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

    /// Decodes the next event, as [`Connection::receive_from_bytes_mut`] does. If `src` does not
    /// complete an event, all of it is taken.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], once, if the peer breaks the protocol.
    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        Ok(self.ws.receive_from_bytes_mut(src)?)
    }

    /// Decodes the next event that is left at the end of the transport. Returns `None` after the
    /// last one.
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

    /// Appends what the connection has to send by itself, and then `item`.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] or [`Error::Close`] if `item` cannot be sent, for the reasons that
    /// [`Connection::send`], [`Connection::ping`] and [`Connection::close`] list. The replies were
    /// appended nevertheless, and the next flush writes them.
    fn encode(&mut self, item: Outgoing, dst: &mut BytesMut) -> Result<(), Error> {
        // The replies go first, so that there is room for `item` in the connection's output.
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

/// Shows only lengths, so that logs contain no user data.
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
