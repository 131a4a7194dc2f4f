//! A codec for frames.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec;

use super::Error;
use crate::frame::{Decoder, Encoder, Header, Limits, Rsv};
use crate::mask;
use crate::role::Role;

/// A codec of whole frames for [`Framed`](codec::Framed). In both directions, an item is a header
/// and a payload that is not masked.
///
/// The codec enforces the rules of [`frame::Decoder`](Decoder) and [`frame::Encoder`](Encoder).
/// Everything else is up to the caller: pings are not answered, messages are not reassembled, text
/// is not validated, and a Close ends nothing.
///
/// A frame stays in `Framed`'s read buffer until it is whole. Then its payload is split off without
/// a copy; while you hold it, the whole buffer stays in memory. Memory grows with the bytes that
/// have arrived, and a frame that exceeds the limit is refused at its header. To pass on frames in
/// less memory than they take, use [`frame::Relay`](crate::frame::Relay).
///
/// ```
/// use futures_util::{SinkExt, StreamExt};
/// use sansock::codec::Frames;
/// use sansock::frame::Header;
/// use sansock::{Opcode, Role};
/// use tokio_util::codec::Framed;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), sansock::codec::Error> {
/// let (stream, other) = tokio::io::duplex(64);
/// let mut client = Framed::new(stream, Frames::new(Role::Client));
/// let mut server = Framed::new(other, Frames::new(Role::Server));
///
/// let key = [0x37, 0xfa, 0x21, 0x3d]; // from a strong source of entropy, fresh for each frame
/// let header = Header::single(Opcode::Text, 5, Some(key));
/// client.send((header, "Hello".into())).await?;
/// let (received, payload) = server.next().await.expect("a frame")?;
/// assert_eq!((received, &payload[..]), (header, &b"Hello"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Frames {
    decoder: Decoder,
    encoder: Encoder,
}

impl Frames {
    /// Creates a codec for an endpoint of this role, with [`Limits::DEFAULT`] and no reserved bits.
    pub const fn new(role: Role) -> Self {
        Frames { decoder: Decoder::new(role), encoder: Encoder::new(role) }
    }

    /// Sets the limits on received frames and messages.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        // A message is never held whole, so it may be longer than any allocation.
        let limits = Limits { message: limits.message, ..limits.allocatable() };
        self.decoder = self.decoder.with_limits(limits);
        self
    }

    /// Allows reserved bits to which a negotiated extension assigns a meaning, on the first frames
    /// of received messages.
    #[must_use]
    pub fn with_rsv(mut self, allowed: Rsv) -> Self {
        self.decoder = self.decoder.with_rsv(allowed);
        self
    }
}

impl codec::Decoder for Frames {
    type Item = (Header, BytesMut);
    type Error = Error;

    /// Takes the next frame from the front of `src` if it is whole, and unmasks its payload. If it
    /// returns `None`, the payload stays in `src`, and the header stays in the codec.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], once, if the peer breaks a rule for headers or exceeds a limit.
    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        if self.decoder.current().is_none() {
            let taken = self.decoder.header(src)?;
            src.advance(taken);
        }
        let Some(frame) = self.decoder.current() else { return Ok(None) };
        // Nothing is reserved for a payload that is only declared: `Framed` makes room as bytes
        // arrive.
        let Some(len) = frame.len_in(src.len()).filter(|len| *len as u64 == frame.remaining) else {
            return Ok(None);
        };
        let mut payload = src.split_to(len);
        mask::unmask(&mut payload, frame.key);
        self.decoder.advance(len);
        Ok(Some((frame.header(), payload)))
    }

    /// Takes the next frame that is left at the end of the transport. Returns `None` after the last
    /// one.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) if the transport ends
    /// inside a frame.
    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        let frame = self.decode(src)?;
        if frame.is_none() && self.decoder.is_within_frame() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(frame)
    }
}

impl codec::Encoder<(Header, Bytes)> for Frames {
    type Error = Error;

    /// Appends a frame, masked with the header's key. Its length is that of the payload; the length
    /// in the header is ignored.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`], as [`frame::Encoder::header`](Encoder::header) returns it: a client's
    /// header must have a mask key, fresh for each frame, and a server's must have none. On an
    /// error, nothing was appended.
    fn encode(
        &mut self,
        (header, payload): (Header, Bytes),
        dst: &mut BytesMut,
    ) -> Result<(), Error> {
        let payload_len = payload.len() as u64;
        let head = self.encoder.header(Header { payload_len, ..header })?;
        dst.reserve(head.len() + payload.len());
        dst.extend_from_slice(&head);
        let start = dst.len();
        dst.extend_from_slice(&payload);
        self.encoder.payload(dst.get_mut(start..).unwrap_or_default())?;
        Ok(())
    }
}
