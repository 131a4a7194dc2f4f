//! Whole messages: copied, moved, or encoded before.

use crate::connection::Connection;
use crate::frame::Header;
use crate::message::{Message, PreparedMessage};
use crate::opcode::Opcode;
use crate::role::Role;

use super::{SendError, Unsent};

/// Sending whole messages.
impl Connection {
    /// Queues a text message, copying it.
    ///
    /// Use it for short messages: many of them go out in one write.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the output is full, another message is unfinished, or the connection is
    /// closing. Nothing is queued then.
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.send_copied(Opcode::Text, text.as_bytes())
    }

    /// Queues a binary message, copying it. Like [`send_text`](Self::send_text), it is for short
    /// messages.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), SendError> {
        self.send_copied(Opcode::Binary, data)
    }

    /// Queues a message that you own. From 4 KiB on it is moved to the output, not copied.
    ///
    /// A client masks it in place. If the buffer is shared, a client masks a copy.
    ///
    /// # Errors
    ///
    /// [`Unsent`] if the output is full, another message is unfinished, or the connection is
    /// closing. It contains the message.
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Unsent> {
        let message = message.into();
        if let Err(error) = self.admit_message(message.as_bytes().len()) {
            return Err(Unsent { error, message });
        }
        #[cfg(feature = "deflate")]
        if !self.is_one_frame(message.as_bytes().len())
            && self.send_compressed(message.opcode(), message.as_bytes())
        {
            return Ok(());
        }
        let (opcode, payload) = (message.opcode(), message.into_bytes());
        let len = payload.len();
        if self.config.is_one_frame(len) {
            let header = self.header(opcode, len);
            self.queue_owned(header, payload);
            return Ok(());
        }
        // A client may mask an unshared buffer in place, and so each part that is split off it.
        match payload.try_into_mut() {
            Ok(mut payload) => self.queue_fragments(opcode, len, |ws, header, range| {
                ws.queue_mut(header, payload.split_to(range.len()));
            }),
            Err(mut payload) => self.queue_fragments(opcode, len, |ws, header, range| {
                ws.queue_owned(header, payload.split_to(range.len()));
            }),
        }
        Ok(())
    }

    /// Queues a message that was encoded once for many connections.
    ///
    /// A server queues a reference to it, or copies it if it is short. A client copies and masks
    /// it. It is always one frame, even if it is longer than
    /// [`Config::fragment_size`](crate::Config::fragment_size).
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), SendError> {
        self.admit_message(message.payload().len())?;
        #[cfg(feature = "deflate")]
        let frame = self.compressed_frame(message).unwrap_or(message.frame());
        #[cfg(not(feature = "deflate"))]
        let frame = message.frame();
        match self.config.role() {
            Role::Server => self.output.push_shared(frame.bytes()),
            Role::Client => {
                let mask_key = self.config.next_mask_key();
                self.output.push(Header { mask_key, ..frame.header() }, frame.payload());
            }
        }
        Ok(())
    }
}
