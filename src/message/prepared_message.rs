//! A message that is encoded once and sent many times.

#[cfg(feature = "deflate")]
use alloc::sync::Arc;
#[cfg(feature = "deflate")]
use std::sync::OnceLock;

use bytes::{Bytes, BytesMut};

use super::Message;
#[cfg(feature = "deflate")]
use crate::deflate::{Deflate, WindowBits};
#[cfg(feature = "deflate")]
use crate::frame::Rsv;
use crate::frame::{Header, MAX_HEADER};
use crate::opcode::Opcode;

/// A message to send to many connections: encoded once, in one buffer that all connections of a
/// server share. Cheap to clone.
///
/// For connections that have agreed on permessage-deflate, it is compressed once for each size of
/// window, when the first of them sends it, with the settings of that one. All clones share the
/// result. It does not refer to earlier messages.
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
    frame: PreparedFrame,
    #[cfg(feature = "deflate")]
    compressed: Arc<CompressedFrames>,
}

/// The frame of a prepared message.
#[derive(Clone, Debug)]
pub(crate) struct PreparedFrame {
    /// The frame as a server sends it: a header, then the payload.
    bytes: Bytes,
    header: Header,
    /// `header_len <= bytes.len()`
    header_len: usize,
}

/// The compressed frame for each size of window from 9 bits on. `None` if it is not shorter.
#[cfg(feature = "deflate")]
type CompressedFrames = [OnceLock<Option<PreparedFrame>>; 7];

impl PreparedMessage {
    /// Encodes a message. Copies its payload.
    #[must_use]
    pub fn new(message: impl Into<Message>) -> Self {
        let message = message.into();
        let (opcode, payload) = (message.opcode(), message.as_bytes());
        PreparedMessage {
            opcode,
            frame: PreparedFrame::new(Header::single(opcode, payload.len() as u64, None), payload),
            #[cfg(feature = "deflate")]
            compressed: Arc::default(),
        }
    }

    /// Returns the opcode: text or binary.
    pub fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Returns the payload.
    pub fn payload(&self) -> &[u8] {
        self.frame.payload()
    }

    /// Returns the frame without compression.
    pub(crate) fn frame(&self) -> &PreparedFrame {
        &self.frame
    }

    /// Returns the frame compressed for a window of this size, which must be at least 9 bits, or
    /// `None` if it would not be shorter.
    #[cfg(feature = "deflate")]
    pub(crate) fn compressed(
        &self,
        window: WindowBits,
        settings: &Deflate,
    ) -> Option<&PreparedFrame> {
        let slot = usize::from(window.get()).checked_sub(9)?;
        let compress = || {
            let mut compressor = settings.compressor(window);
            let frame = compressor.compress_alone(self.payload()).map(|payload| {
                let header = Header::single(self.opcode, payload.len() as u64, None);
                PreparedFrame::new(Header { rsv: Rsv::RSV1, ..header }, payload)
            });
            settings.give_back(compressor);
            frame
        };
        self.compressed.get(slot)?.get_or_init(compress).as_ref()
    }
}

impl PreparedFrame {
    fn new(header: Header, payload: &[u8]) -> Self {
        let (encoded, header_len) = header.encode();
        let mut bytes = BytesMut::with_capacity(MAX_HEADER + payload.len());
        bytes.extend_from_slice(encoded.to_le_bytes().get(..header_len).unwrap_or_default());
        bytes.extend_from_slice(payload);
        PreparedFrame { bytes: bytes.freeze(), header, header_len }
    }

    /// Returns the whole frame as a server sends it.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the header without a mask key.
    pub(crate) fn header(&self) -> Header {
        self.header
    }

    /// Returns the payload as it is sent.
    pub(crate) fn payload(&self) -> &[u8] {
        self.bytes.get(self.header_len..).unwrap_or_default()
    }
}
