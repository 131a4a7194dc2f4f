//! Messages that are sent in fragments as they are produced: RFC 6455 §5.4.

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
    /// For a text message: has checked all fragments that were queued.
    text: Option<Validator>,
    #[cfg(feature = "deflate")]
    is_compressed: bool,
}

impl OutgoingMessage {
    fn new(opcode: Opcode) -> Self {
        let text = (opcode == Opcode::Text).then(Validator::new);
        OutgoingMessage {
            opcode,
            text,
            #[cfg(feature = "deflate")]
            is_compressed: false,
        }
    }
}

/// Sending a message in fragments.
impl Connection {
    /// Begins a text message that you send in fragments. Use it if you do not have the whole
    /// message yet.
    ///
    /// Until the message is finished, no other message can be sent. Pings, pongs and a Close can be
    /// sent, and everything can be received: drop the writer to do this, and resume the message
    /// with [`open_message`](Self::open_message).
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
    /// # Abandoning a message
    ///
    /// RFC 6455 has no way to take back a message that was begun. Dropping the writer sends
    /// nothing, in particular no last fragment, so the peer never treats a part of the message as
    /// the whole. If you cannot finish the message, [`close`](Self::close) the connection, usually
    /// with 1011.
    ///
    /// A Close, sent or received, abandons the message. Fragments that are already in the output
    /// are still sent.
    ///
    /// # Errors
    ///
    /// [`SendError`] if another message is unfinished or the connection is closing. If the output
    /// is full, the first fragment is refused, not this call.
    pub fn start_text(&mut self) -> Result<MessageWriter<'_>, SendError> {
        self.start(Opcode::Text)
    }

    /// Begins a binary message that you send in fragments, as [`start_text`](Self::start_text) does
    /// for a text.
    ///
    /// # Errors
    ///
    /// As for [`start_text`](Self::start_text).
    pub fn start_binary(&mut self) -> Result<MessageWriter<'_>, SendError> {
        self.start(Opcode::Binary)
    }

    /// Resumes the unfinished outgoing message, or returns `None` if there is none.
    pub fn open_message(&mut self) -> Option<MessageWriter<'_>> {
        self.outgoing.is_some().then_some(MessageWriter { ws: self })
    }

    fn start(&mut self, opcode: Opcode) -> Result<MessageWriter<'_>, SendError> {
        // Nothing is queued yet, so a full output is no reason to refuse.
        self.admit_message(0).or_else(|error| match error {
            SendError::Full => Ok(()),
            error => Err(error),
        })?;
        self.outgoing = Some(OutgoingMessage {
            #[cfg(feature = "deflate")]
            is_compressed: self.is_compressing(),
            ..OutgoingMessage::new(opcode)
        });
        Ok(MessageWriter { ws: self })
    }
}

/// A writer for the unfinished outgoing message of a connection.
///
/// [`Connection::start_text`], which has an example, [`Connection::start_binary`] and
/// [`Connection::open_message`] return it.
#[derive(Debug)]
#[must_use = "until the message is finished, no other message can be sent"]
pub struct MessageWriter<'c> {
    ws: &'c mut Connection,
}

impl MessageWriter<'_> {
    /// Queues the next fragment, copying it. A fragment of a text may end within a code point.
    ///
    /// It is one frame, even if it is empty or longer than
    /// [`Config::fragment_size`](crate::Config::fragment_size).
    ///
    /// # Errors
    ///
    /// [`SendError`] if the output is full, `piece` makes the text invalid UTF-8, or the connection
    /// is closing. Nothing is queued then, and the message can be resumed unless the connection is
    /// closing.
    pub fn fragment(&mut self, piece: &[u8]) -> Result<(), SendError> {
        self.queue(piece, false)
    }

    /// Queues the last fragment, copying it. It may be empty, or the only one.
    ///
    /// # Errors
    ///
    /// As for [`fragment`](Self::fragment), and also if the text ends within a code point. The
    /// message stays unfinished then: resume it with [`Connection::open_message`].
    pub fn finish(mut self, piece: &[u8]) -> Result<(), SendError> {
        self.queue(piece, true)?;
        self.ws.outgoing = None;
        Ok(())
    }

    /// Queues a fragment, after all checks have passed.
    fn queue(&mut self, piece: &[u8], fin: bool) -> Result<(), SendError> {
        self.ws.admit(piece.len())?;
        let Some(mut outgoing) = self.ws.outgoing else { return Err(SendError::Closing) };
        if let Some(text) = &mut outgoing.text {
            // RFC 6455 §8.1: a message as a whole is UTF-8.
            if text.push(piece).is_err() || fin && !text.is_complete() {
                return Err(SendError::NotUtf8);
            }
        }
        // The mask key comes first, before anything changes: its source may panic.
        let header = Header { fin, ..self.ws.header(outgoing.opcode, piece.len()) };
        outgoing.opcode = Opcode::Continuation;
        self.ws.outgoing = Some(outgoing);
        #[cfg(feature = "deflate")]
        if outgoing.is_compressed && self.ws.send_fragment_compressed(header, piece) {
            return Ok(());
        }
        self.ws.output.push(header, piece);
        Ok(())
    }
}
