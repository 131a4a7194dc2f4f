//! From frames received to frames sent on: headers rewritten, payloads masked anew in place.

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

/// Passes on the stream of frames that one peer sends to another peer: one direction of an
/// intermediary, RFC 6455 §1.3, §5.4.
///
/// A proxy has two of them. It is a server to its client, whose frames it sends on as a client, and
/// a client to its server, whose frames it sends on as a server:
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
/// What goes on is what came: the same frames, fragmented alike, control frames among them. Only the
/// mask is another one. RFC 6455 §5.3 asks for a fresh key a frame of who sends it, so payloads are
/// combined with the XOR of the old key and the new one, in place and in one pass; between two ends
/// that do not mask they are not touched. Nothing is reassembled, inflated or held, but a header that
/// a read has cut: a frame of any length goes through in constant memory, piece by piece.
///
/// The rules for headers are kept as by a [`Decoder`], and limits too, so that what is sent on is a
/// stream that any endpoint must take. Payloads are not looked at: UTF-8, and what a Close carries, are
/// for the ends to judge. Nothing follows a Close, RFC 6455 §5.5.1: what comes after it is taken and
/// dropped.
///
/// ```
/// use sansock::frame::Relay;
/// use sansock::{Input, Opcode, Role};
///
/// // A masked "Hello", RFC 6455 §5.7, of which the second read brings the last three letters.
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
    /// The key that the payload at hand is sent with; its first byte masks the next byte to come.
    key: Option<Key>,
    /// Whether a Close was given to be sent.
    closed: bool,
}

/// What has to be sent on next: a frame's header and as much of its payload as is there, or the next
/// piece of its payload.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forwarded<'a> {
    /// The header of a frame that begins here, as it is sent on: with the new mask key if there is
    /// one, which the pieces of payload are masked with.
    pub header: Option<Header>,
    /// The piece of payload, masked as the peer has to see it: a part of the input. It is empty where
    /// the frame is, or where the input ended with the header.
    pub payload: &'a [u8],
    /// Whether the frame ends with it.
    pub last: bool,
}

impl Relay {
    /// A relay of what is received in this role, sent on in the other one, with [`Limits::DEFAULT`]
    /// and no reserved bits.
    pub const fn new(role: Role) -> Self {
        Relay { decoder: Decoder::new(role), sender: role.peer(), key: None, closed: false }
    }

    /// The same, sent on in this role: where both peers are clients, or both are servers.
    #[must_use]
    pub const fn with_sender(mut self, role: Role) -> Self {
        self.sender = role;
        self
    }

    /// The same with other limits. A relay itself needs none, as nothing is kept.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.decoder = self.decoder.with_limits(limits);
        self
    }

    /// The same with the reserved bits of an extension that both peers have negotiated through this
    /// relay, on the first frames of messages.
    #[must_use]
    pub const fn with_rsv(mut self, allowed: Rsv) -> Self {
        self.decoder = self.decoder.with_rsv(allowed);
        self
    }

    /// Takes the next frame, or as much of it as is there, off the front of `input`, and gives what has
    /// to be sent on for it.
    ///
    /// `mask_key` is called once for each frame where the sender is a client, and never where it is a
    /// server. RFC 6455 §5.3, §10.3: its keys must come from a strong source of entropy. If it panics,
    /// nothing more can be sent on, as after a Close.
    ///
    /// `None` says that all of `input` was taken. Until then, call it again with the same `input`,
    /// which is overwritten.
    ///
    /// The caller sees each header before it goes on. A frame may be left out by sending nothing of
    /// it; a fragment only together with all others of its message.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`] at the first byte that breaks a rule for headers, once; whatever else comes
    /// is taken and dropped. Nothing of that frame was given to be sent on, and all frames before it
    /// were given whole. RFC 6455 §7.1.7: both connections should then be closed, the one whose peer
    /// is at fault with the error's [`close_code`](ProtocolError::close_code), and the other, say,
    /// with [`GOING_AWAY`](crate::CloseCode::GOING_AWAY). [`close`](Self::close) gives the frames.
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

    /// Closes the way on: gives a Close frame to be sent after what was given before, with a key from
    /// `mask_key` where the sender is a client, and takes and drops whatever comes from now on. `body`
    /// is sent as it is; a server must not say 1010, RFC 6455 §7.4.1.
    ///
    /// `None` changes nothing, and says that no Close can be sent, as one was before, or as a frame
    /// was begun: who will not wait for the rest of it can only end the transport.
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

    /// Whether what was given to be sent on ends with a whole frame, so that one's own ping may
    /// follow: RFC 6455 §5.4 lets a control frame stand between the fragments of a message, and
    /// nothing may stand within a frame.
    pub const fn is_between_frames(&self) -> bool {
        self.decoder.current().is_none()
    }

    /// Whether a whole Close was given to be sent: nothing follows.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many bytes of the stream were taken so far.
    pub const fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    /// Frames in all the ways in which they may come.
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
            // There may be none of the payload yet.
            let len = frame.len_in(input.len()).unwrap_or_default();
            let header = Some(Header { mask_key, ..frame.header() });
            Forwarded { header, ..self.piece(frame, len, input) }
        }))
    }

    /// The next `len` bytes of payload, of which there are as many.
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

    /// Sends nothing more, and takes and drops whatever comes.
    fn stop(&mut self) {
        self.closed = true;
        self.decoder.stop();
    }

    /// RFC 6455 §5.1: a client masks every frame, a server none. The header of the frame was taken: if
    /// the caller's source panics, nothing can follow.
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
    /// The bytes of the header, to be sent before the payload; none where no frame begins here.
    #[inline]
    pub fn head(&self) -> HeaderBytes {
        self.header.map_or(ShortBytes::EMPTY, Header::to_bytes)
    }
}

/// Shows the payload's length alone, so that logs hold nobody's data.
impl fmt::Debug for Forwarded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarded")
            .field("header", &self.header)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("last", &self.last)
            .finish()
    }
}

/// Takes one mask off and puts the other on, in one pass: XOR with both keys is XOR with theirs.
#[inline]
fn mask_anew(payload: &mut [u8], received: Option<Key>, sent: Option<Key>) {
    let both = received.zip(sent).map(|(received, sent)| received.combined(sent));
    mask::unmask(payload, both.or(received).or(sent));
}
