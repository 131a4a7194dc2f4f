//! Messages sent in fragments, as they come to be: RFC 6455 §5.4.

use super::SendError;
use crate::connection::Connection;
use crate::frame::Header;
use crate::opcode::Opcode;
use crate::utf8::Validator;

/// The message that is being sent in fragments.
#[derive(Clone, Copy)]
pub(in crate::connection) struct OutgoingMessage {
    /// The opcode of the next fragment.
    opcode: Opcode,
    /// For a text: has seen what was sent of it.
    text: Option<Validator>,
}

impl Connection {
    /// Begins a text message that is sent in fragments.
    ///
    /// Until it is finished no other message can be sent, but pings, pongs and a Close can, and
    /// everything is received: drop the writer, and take the message up again with
    /// [`open_message`](Self::open_message).
    ///
    /// ```
    /// use bytes::Buf;
    /// use sansock::{Config, Connection, SendError};
    ///
    /// let mut server = Connection::new(Config::server());
    /// server.start_text()?.fragment(b"Hel")?;
    /// server.ping(b"")?;
    /// assert_eq!(server.send_text("no").unwrap_err(), SendError::MessageOpen);
    /// server.open_message().expect("it is not finished").finish(b"lo")?;
    /// assert_eq!(server.output().chunk(), b"\x01\x03Hel\x89\x00\x80\x02lo");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Giving up
    ///
    /// RFC 6455 has no way to take back a message that was begun. A writer that is dropped, or an
    /// open message that is left alone, sends nothing more, and above all no last fragment: the peer
    /// never takes a part of a message for all of it. Who cannot finish a message has to
    /// [close](Self::close), with 1011 as a rule. A Close, sent or received, abandons the message:
    /// its fragments that are in the output already are still sent.
    ///
    /// # Errors
    ///
    /// [`SendError`] where another message is open or the connection is closing.
    pub fn start_text(&mut self) -> Result<MessageWriter<'_>, SendError> {
        self.start(OutgoingMessage { opcode: Opcode::Text, text: Some(Validator::new()) })
    }

    /// Begins a binary message that is sent in fragments, as [`start_text`](Self::start_text) does
    /// a text.
    ///
    /// # Errors
    ///
    /// As [`start_text`](Self::start_text).
    pub fn start_binary(&mut self) -> Result<MessageWriter<'_>, SendError> {
        self.start(OutgoingMessage { opcode: Opcode::Binary, text: None })
    }

    /// The message that was begun and is not finished, to be gone on with; `None` where there is
    /// none.
    pub fn open_message(&mut self) -> Option<MessageWriter<'_>> {
        self.outgoing.is_some().then_some(MessageWriter { ws: self })
    }

    fn start(&mut self, outgoing: OutgoingMessage) -> Result<MessageWriter<'_>, SendError> {
        // An empty frame may be queued whenever any may.
        self.admit_message(0).or_else(|error| match error {
            SendError::Full => Ok(()),
            error => Err(error),
        })?;
        self.outgoing = Some(outgoing);
        Ok(MessageWriter { ws: self })
    }
}

/// A view of a connection's open message, made by [`Connection::start_text`],
/// [`Connection::start_binary`] and [`Connection::open_message`]; see the first of these.
#[derive(Debug)]
#[must_use = "a message that is not finished keeps all others from being sent"]
pub struct MessageWriter<'c> {
    ws: &'c mut Connection,
}

impl MessageWriter<'_> {
    /// Queues the next fragment, copying it; one of a text may end within a code point. It is one
    /// frame, also where it is empty or longer than
    /// [`Config::fragment_size`](crate::Config::fragment_size).
    ///
    /// # Errors
    ///
    /// [`SendError`] where the output is full, where it breaks the text, and where the connection is
    /// closing. Nothing was queued then, and the message is still open.
    pub fn fragment(&mut self, piece: &[u8]) -> Result<(), SendError> {
        self.queue(piece, false)
    }

    /// Queues the last fragment, which may be empty or the only one, copying it.
    ///
    /// # Errors
    ///
    /// As [`fragment`](Self::fragment), and where the text ends within a code point. The message is
    /// still open then: take it up again with [`Connection::open_message`].
    pub fn finish(mut self, piece: &[u8]) -> Result<(), SendError> {
        self.queue(piece, true)?;
        self.ws.outgoing = None;
        Ok(())
    }

    fn queue(&mut self, piece: &[u8], fin: bool) -> Result<(), SendError> {
        self.ws.admit(piece.len())?;
        let Some(OutgoingMessage { opcode, mut text }) = self.ws.outgoing else {
            return Err(SendError::Closing);
        };
        if let Some(text) = &mut text {
            // RFC 6455 §8.1: a message as a whole is UTF-8.
            if text.push(piece).is_err() || fin && !text.is_complete() {
                return Err(SendError::NotUtf8);
            }
        }
        // First of all the mask key, whose source may panic.
        let header = Header { fin, ..self.ws.header(opcode, piece.len()) };
        self.ws.outgoing = Some(OutgoingMessage { opcode: Opcode::Continuation, text });
        self.ws.output.push(header, piece);
        Ok(())
    }
}
