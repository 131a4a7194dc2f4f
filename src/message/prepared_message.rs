//! A message that is encoded once and sent many times.

use bytes::{Bytes, BytesMut};

use super::Message;
use crate::frame::{Header, MAX_HEADER};
use crate::opcode::Opcode;

/// A message to send to many connections: encoded once, in one buffer that all connections of a
/// server share. Cheap to clone.
///
/// ```
/// use bytes::Buf;
/// use sansock::message::PreparedMessage;
/// use sansock::{Config, Connection};
///
/// let news = PreparedMessage::new("to all of you");
/// let mut server = Connection::new(Config::server());
/// server.send_prepared(&news)?;
/// assert_eq!(server.output().chunk(), b"\x81\x0dto all of you");
/// # Ok::<(), sansock::SendError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PreparedMessage {
    opcode: Opcode,
    /// The frame as a server sends it: a header, then the payload.
    frame: Bytes,
    /// `header_len <= frame.len()`
    header_len: usize,
}

impl PreparedMessage {
    /// Encodes a message. Copies its payload.
    #[must_use]
    pub fn new(message: impl Into<Message>) -> Self {
        let message = message.into();
        let (opcode, payload) = (message.opcode(), message.as_bytes());
        let (header, header_len) = Header::single(opcode, payload.len() as u64, None).encode();
        let mut frame = BytesMut::with_capacity(MAX_HEADER + payload.len());
        frame.extend_from_slice(header.to_le_bytes().get(..header_len).unwrap_or_default());
        frame.extend_from_slice(payload);
        PreparedMessage { opcode, frame: frame.freeze(), header_len }
    }

    /// Returns the opcode: text or binary.
    pub fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Returns the payload.
    pub fn payload(&self) -> &[u8] {
        self.frame.get(self.header_len..).unwrap_or_default()
    }

    /// Returns the whole frame as a server sends it.
    pub(crate) fn frame(&self) -> &Bytes {
        &self.frame
    }
}
