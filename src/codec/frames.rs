//! Frames as a codec.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec;

use super::Error;
use crate::frame::{Decoder, Encoder, Header, Limits, Rsv};
use crate::mask;
use crate::role::Role;

/// Whole frames for [`Framed`](codec::Framed): a header, and a payload that is not masked, each way.
///
/// It keeps the rules that [`frame::Decoder`](Decoder) and [`frame::Encoder`](Encoder) keep, in both
/// directions. All else is for the caller: pings are not answered, messages not reassembled, text is
/// not looked at, nothing ends with a Close.
///
/// A frame is held until it is whole, in `Framed`'s read buffer, of which its payload is then a part:
/// there is no copy, and as long as the payload is held, so is the buffer. Memory follows the bytes
/// that have arrived, and a frame over the limit is refused at its header. Where frames are to be
/// passed on in less memory than they take, there is [`frame::Relay`](crate::frame::Relay).
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
    /// A codec for an endpoint of this role, with [`Limits::DEFAULT`] and no reserved bits.
    pub const fn new(role: Role) -> Self {
        Frames { decoder: Decoder::new(role), encoder: Encoder::new(role) }
    }

    /// The same with other limits on what is received.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        // A message is never held whole, so that it may be longer than what can be allocated.
        let limits = Limits { message: limits.message, ..limits.allocatable() };
        self.decoder = self.decoder.with_limits(limits);
        self
    }

    /// The same with reserved bits that a negotiated extension gives a meaning, on the first frames of
    /// messages that are received.
    #[must_use]
    pub fn with_rsv(mut self, allowed: Rsv) -> Self {
        self.decoder = self.decoder.with_rsv(allowed);
        self
    }
}

impl codec::Decoder for Frames {
    type Item = (Header, BytesMut);
    type Error = Error;

    /// Takes the next frame off the front of `src`, if it is whole; its payload is unmasked. `None`
    /// leaves its payload there, and its header in the codec.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], once, where the peer breaks a rule for headers or goes over a limit.
    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        if self.decoder.current().is_none() {
            let taken = self.decoder.header(src)?;
            src.advance(taken);
        }
        let Some(frame) = self.decoder.current() else { return Ok(None) };
        // Nothing is reserved for what was only announced: `Framed` makes room as bytes arrive.
        let Some(len) = frame.len_in(src.len()).filter(|len| *len as u64 == frame.remaining) else {
            return Ok(None);
        };
        let mut payload = src.split_to(len);
        mask::unmask(&mut payload, frame.key);
        self.decoder.advance(len);
        Ok(Some((frame.header(), payload)))
    }

    /// The same for what is left at the end of the transport, and then `None`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] of [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) where the transport ends within
    /// a frame.
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

    /// Appends a frame, masked with the header's key. Its length is that of the payload, whatever the
    /// header says.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`], as [`frame::Encoder::header`](Encoder::header): a client's header has a mask
    /// key, fresh for each frame, and a server's none. Nothing was appended then.
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
