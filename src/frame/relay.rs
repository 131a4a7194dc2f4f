//! The relay: rewrites headers, and changes the masks of payloads in place.

use core::fmt;
use core::mem;

use super::close_body::CloseBody;
use super::control_frame::{ControlFrame, control_frame};
use super::current_frame::CurrentFrame;
use super::decoder::Decoder;
use super::header::{Header, HeaderBytes, Rsv};
use super::rules::Limits;
use super::short::ShortBytes;
use crate::error::ProtocolError;
use crate::input::Input;
use crate::mask::{self, Key};
use crate::opcode::Opcode;
use crate::role::Role;

/// Passes frames from one peer on to another peer: one direction of an intermediary, RFC 6455 §1.3,
/// §5.4.
///
/// A proxy has two relays. To its client it is a server, and it sends the client's frames on as a
/// client. To its server it is a client, and it sends the server's frames on as a server:
///
/// ```
/// use sansock::Role;
/// use sansock::frame::Relay;
///
/// let to_server = Relay::new(Role::Server);
/// let to_client = Relay::new(Role::Client);
/// let to_another_client = Relay::new(Role::Server).with_sender(Role::Server);
/// ```
///
/// The frames are sent on as they were received: fragmented in the same way, and with the control
/// frames between them. Only the mask changes. RFC 6455 §5.3 requires the sender to use a fresh key
/// for each frame. Therefore payloads are combined with the XOR of the old key and the new key, in
/// place and in one pass. If frames are masked on neither side, payloads are not changed.
///
/// Nothing is reassembled, inflated or stored, except a header that is cut. A frame of any length
/// passes through in constant memory, piece by piece.
///
/// The rules for headers and the limits are the same as for a [`Decoder`], so that any endpoint
/// must accept the frames that are sent on. Payloads are not checked: the endpoints check UTF-8 and
/// the content of a Close. Nothing is sent on after a Close, RFC 6455 §5.5.1: all further bytes are
/// taken and dropped.
///
/// ```
/// use sansock::frame::Relay;
/// use sansock::{Input, Opcode, Role};
///
/// // A masked "Hello", RFC 6455 §5.7. Its last three letters are in the second read.
/// let mut first = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f";
/// let mut second = *b"\x4d\x51\x58";
/// let fresh_key = || *b"\x00\x20\x00\x20"; // from a strong source of entropy
///
/// let mut relay = Relay::new(Role::Server);
/// let mut sent = Vec::new();
/// for bytes in [&mut first[..], &mut second] {
///     let mut input = Input::new(bytes);
///     while let Some(part) = relay.forward(&mut input, fresh_key)? {
///         sent.extend_from_slice(&part.head());
///         sent.extend_from_slice(part.payload);
///     }
/// }
/// assert_eq!(sent, b"\x81\x85\x00\x20\x00\x20HElLo");
/// # Ok::<(), sansock::ProtocolError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Relay {
    decoder: Decoder,
    sender: Role,
    /// The key that masks the current payload as it is sent on. Its first byte masks the next byte
    /// to come.
    key: Option<Key>,
    /// `true` if a whole Close was returned, or if a source of mask keys panicked.
    closed: bool,
}

/// The next bytes to send on: a frame's header and as much of its payload as is there, or the next
/// piece of its payload.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forwarded<'a> {
    /// The header to send on, if a frame begins here. Its mask key, if there is one, is the new key
    /// that the pieces of payload are masked with.
    pub header: Option<Header>,
    /// The piece of payload, masked for the peer that it is sent to, and borrowed from the input.
    /// It is empty if the frame is empty, or if the input ended with the header.
    pub payload: &'a [u8],
    /// `true` if the frame ends with this piece.
    pub last: bool,
}

impl Relay {
    /// Creates a relay that receives in this role and sends on in the other role, with
    /// [`Limits::DEFAULT`] and without reserved bits.
    pub const fn new(role: Role) -> Self {
        Relay { decoder: Decoder::new(role), sender: role.peer(), key: None, closed: false }
    }

    /// Sets the role in which frames are sent on. Use it if both peers are clients, or both are
    /// servers.
    #[must_use]
    pub const fn with_sender(mut self, role: Role) -> Self {
        self.sender = role;
        self
    }

    /// Sets the limits. The relay itself needs none, because it stores no payload.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.decoder = self.decoder.with_limits(limits);
        self
    }

    /// Allows these reserved bits on the first frame of each message. Use it for an extension that
    /// both peers have negotiated through this relay.
    #[must_use]
    pub const fn with_rsv(mut self, allowed: Rsv) -> Self {
        self.decoder = self.decoder.with_rsv(allowed);
        self
    }

    /// Takes the next frame, or as much of it as is there, from the front of `input`. Returns what
    /// to send on for it.
    ///
    /// Call it with the same `input` until it returns `None`. Then all of `input` was taken.
    /// `input` is overwritten.
    ///
    /// If the relay sends on as a client, `mask_key` is called once for each frame. Otherwise it is
    /// never called. Its keys must come from a strong source of entropy, RFC 6455 §5.3, §10.3. If
    /// it panics, nothing more can be sent on, as after a Close.
    ///
    /// You see each header before it is sent on. To leave out a frame, send nothing of it. A
    /// fragment can only be left out together with all other fragments of its message.
    ///
    /// # Errors
    ///
    /// Returns [`ProtocolError`], once, at the first byte that breaks a rule for headers. All
    /// further bytes are taken and dropped. Nothing of the frame at fault was returned, and all
    /// frames before it were returned whole.
    ///
    /// Both connections should then be closed, RFC 6455 §7.1.7. Use the error's
    /// [`close_code`](ProtocolError::close_code) for the peer at fault, and for example
    /// [`GOING_AWAY`](crate::CloseCode::GOING_AWAY) for the other peer. [`close`](Self::close)
    /// returns the frames.
    #[inline]
    pub fn forward<'a>(
        &mut self,
        input: &mut Input<'a>,
        mask_key: impl FnOnce() -> [u8; 4],
    ) -> Result<Option<Forwarded<'a>>, ProtocolError> {
        let Some(message) = self.decoder.whole_message(input.as_bytes()) else {
            return self.forward_in_pieces(input, mask_key);
        };
        let mask_key = self.next_key(mask_key);
        let header = Header::single(message.opcode, message.payload_len as u64, mask_key);
        input.take(message.header_len);
        let payload = input.take(message.payload_len);
        mask_anew(payload, message.key, mask_key.map(Key::new));
        Ok(Some(Forwarded { header: Some(header), payload, last: true }))
    }

    /// Closes this direction: returns a Close frame to send after all that was returned before.
    ///
    /// All further bytes are taken and dropped. If the relay sends on as a client, the frame is
    /// masked with a key from `mask_key`. `body` is sent as it is; a server must not send 1010,
    /// RFC 6455 §7.4.1.
    ///
    /// Returns `None` and changes nothing if no Close can be sent, because a Close was sent before
    /// or a frame is not complete. If you do not want to wait for the rest of that frame, you can
    /// only end the transport.
    ///
    /// ```
    /// use sansock::frame::{CloseBody, Relay};
    /// use sansock::{CloseCode, CloseReason, Role};
    ///
    /// let mut to_client = Relay::new(Role::Client);
    /// let body = CloseBody { status: Some((CloseCode::GOING_AWAY, CloseReason::EMPTY)) };
    /// let unused = || unreachable!("a server masks nothing");
    /// assert_eq!(to_client.close(body, unused).as_deref(), Some(&b"\x88\x02\x03\xE9"[..]));
    /// assert!(to_client.close(body, unused).is_none());
    /// ```
    pub fn close(
        &mut self,
        body: CloseBody<'_>,
        mask_key: impl FnOnce() -> [u8; 4],
    ) -> Option<ControlFrame> {
        if self.closed || !self.is_between_frames() {
            return None;
        }
        self.stop();
        let mask_key = self.next_key(mask_key);
        Some(control_frame(Opcode::Close, &body.to_bytes(), mask_key))
    }

    /// Returns `true` if the bytes that were returned so far end with a whole frame.
    ///
    /// Only then may you send a ping of your own: RFC 6455 §5.4 allows a control frame between the
    /// fragments of a message, but nothing within a frame.
    pub const fn is_between_frames(&self) -> bool {
        self.decoder.current().is_none()
    }

    /// Returns `true` if a whole Close was returned, or if a source of mask keys panicked. Nothing
    /// more is sent on.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Returns the number of bytes taken since the start of the stream.
    pub const fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    /// Takes the next frame in whatever pieces it arrives.
    #[inline(never)]
    fn forward_in_pieces<'a>(
        &mut self,
        input: &mut Input<'a>,
        mask_key: impl FnOnce() -> [u8; 4],
    ) -> Result<Option<Forwarded<'a>>, ProtocolError> {
        if let Some(frame) = self.decoder.current() {
            return Ok(frame.len_in(input.len()).map(|len| self.piece(frame, len, input)));
        }
        let taken = self.decoder.header(input.as_bytes())?;
        input.take(taken);
        Ok(self.decoder.current().map(|frame| {
            let mask_key = self.next_key(mask_key);
            self.key = mask_key.map(Key::new);
            // The input may end with the header.
            let len = frame.len_in(input.len()).unwrap_or_default();
            let header = Some(Header { mask_key, ..frame.header() });
            Forwarded { header, ..self.piece(frame, len, input) }
        }))
    }

    /// Takes the next `len` bytes of payload, and changes their mask. `input` has at least `len`
    /// bytes.
    fn piece<'a>(
        &mut self,
        frame: CurrentFrame,
        len: usize,
        input: &mut Input<'a>,
    ) -> Forwarded<'a> {
        let payload = input.take(len);
        mask_anew(payload, frame.key, self.key);
        self.key = self.key.map(|key| key.turned(len));
        let last = self.decoder.advance(len);
        // RFC 6455 §5.5.1: an endpoint sends nothing after its Close.
        if last && frame.opcode == Opcode::Close {
            self.stop();
        }
        Forwarded { header: None, payload, last }
    }

    /// Stops sending: all further bytes are taken and dropped.
    fn stop(&mut self) {
        self.closed = true;
        self.decoder.stop();
    }

    /// Returns a key for the next frame, if the relay sends on as a client. RFC 6455 §5.1: a client
    /// masks every frame, a server none.
    ///
    /// The header of the frame was already taken. If the caller's source of keys panics, nothing
    /// can follow.
    fn next_key(&mut self, mask_key: impl FnOnce() -> [u8; 4]) -> Option<[u8; 4]> {
        struct StopIfDropped<'r>(&'r mut Relay);
        impl Drop for StopIfDropped<'_> {
            #[cold]
            fn drop(&mut self) {
                self.0.stop();
            }
        }
        if !self.sender.masks() {
            return None;
        }
        let guarded = StopIfDropped(self);
        let key = mask_key();
        mem::forget(guarded);
        Some(key)
    }
}

impl Forwarded<'_> {
    /// Returns the bytes of the header, to send before the payload. Empty if no frame begins here.
    #[inline]
    pub fn head(&self) -> HeaderBytes {
        self.header.map_or(ShortBytes::EMPTY, Header::to_bytes)
    }
}

/// Shows only the length of the payload, so that logs contain no user data.
impl fmt::Debug for Forwarded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarded")
            .field("header", &self.header)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("last", &self.last)
            .finish()
    }
}

/// Removes one mask and applies the other in one pass: XOR with both keys, one after the other, is
/// the same as XOR with the XOR of both.
#[inline]
fn mask_anew(payload: &mut [u8], received: Option<Key>, sent: Option<Key>) {
    let both = received.zip(sent).map(|(received, sent)| received.combined(sent));
    mask::unmask(payload, both.or(received).or(sent));
}
