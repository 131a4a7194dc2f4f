//! The sending half: from messages to output.

mod byte_queue;
mod error;
mod large_queue;
mod message_writer;
mod output;
mod output_with;
#[cfg(feature = "std")]
mod write_to;

use core::mem;
use core::num::NonZeroUsize;
use core::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::state::Occurrence;
use super::{Connection, State};
use crate::close::{CloseCode, CloseReason};
use crate::frame::{self, CloseBody, ControlFrame, Header, MAX_CONTROL_PAYLOAD};
use crate::mask;
use crate::message::{Message, PreparedMessage};
use crate::opcode::Opcode;
use crate::role::Role;

pub use error::{CloseError, SendError, Unsent};
pub use message_writer::MessageWriter;
pub use output::{AdvanceError, Output};
pub use output_with::OutputWith;

pub(super) use message_writer::OutgoingMessage;

impl Connection {
    /// Queues a text message, copying it.
    ///
    /// # Errors
    ///
    /// [`SendError`] where the output is full, another message is open, or the connection is
    /// closing; nothing was queued.
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.send_copied(Opcode::Text, text.as_bytes())
    }

    /// Queues a binary message, copying it.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn send_binary(&mut self, data: &[u8]) -> Result<(), SendError> {
        self.send_copied(Opcode::Binary, data)
    }

    /// Queues a message that is given up: a large one is not copied.
    ///
    /// A client masks it in place, unless the buffer is shared; then it copies.
    ///
    /// # Errors
    ///
    /// [`Unsent`], which hands the message back, where the output is full, another message is
    /// open, or the connection is closing.
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Unsent> {
        let message = message.into();
        if let Err(error) = self.admit_message(message.as_bytes().len()) {
            return Err(Unsent { error, message });
        }
        let (opcode, payload) = (message.opcode(), message.into_bytes());
        let len = payload.len();
        if self.config.is_one_frame(len) {
            let header = self.header(opcode, len);
            self.queue_owned(header, payload);
            return Ok(());
        }
        // Who is alone with a buffer may change it; the parts that it is split into still are.
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

    /// Queues a message that was encoded before, for many connections: a server refers to it, and
    /// copies only short ones; a client masks it while copying. It is one frame, whatever
    /// [`Config::fragment_size`](super::Config::fragment_size) says.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), SendError> {
        let payload = message.payload();
        self.admit_message(payload.len())?;
        match self.config.role() {
            Role::Server => self.output.push_shared(message.frame()),
            Role::Client => {
                let header = self.header(message.opcode(), payload.len());
                self.output.push(header, payload);
            }
        }
        Ok(())
    }

    /// Queues a ping, RFC 6455 §5.5.2, of at most 125 bytes, which the peer's pong will repeat.
    ///
    /// # Errors
    ///
    /// [`SendError`] where the output is full, the connection is closing, or the payload is too
    /// long.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload)
    }

    /// Queues a pong that answers no ping, RFC 6455 §5.5.3, of at most 125 bytes. Those that answer
    /// one are queued by [`receive`](Self::receive).
    ///
    /// # Errors
    ///
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Pong, payload)
    }

    /// Begins the closing handshake, RFC 6455 §7.1.2: queues a Close frame, after which nothing can
    /// be sent. What the peer sends before its own Close is still received.
    ///
    /// A `&str` that is too long for a reason is cut to 123 bytes, between two code points; see
    /// [`CloseReason`]. The Close is queued however full the output is. The peer may take its time to
    /// answer, or never do so: how long to wait before dropping the transport is up to you.
    ///
    /// If a Close was sent before, the connection has failed or the transport has ended, nothing
    /// happens: the peer may close at the same time as you.
    ///
    /// # Errors
    ///
    /// [`CloseError`] if a server gives 1010. Nothing has changed then.
    pub fn close<'a>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'a>>,
    ) -> Result<(), CloseError> {
        // RFC 6455 §7.4.1: 1010 is what a client says of a server.
        if code == CloseCode::MANDATORY_EXTENSION && self.config.role() == Role::Server {
            return Err(CloseError::ClientOnlyCode);
        }
        if self.state == State::Open {
            let status = Some((code, reason.into()));
            self.queue_close(CloseBody { status }, Occurrence::SendClose);
        }
        Ok(())
    }

    /// Enters the next state, with a Close frame in the output unless one was sent before.
    pub(super) fn queue_close(&mut self, body: CloseBody<'_>, occurrence: Occurrence) {
        if self.state == State::Open {
            let frame = self.control_frame(Opcode::Close, &body.to_bytes());
            self.output.push_close(&frame);
        }
        self.enter(occurrence);
    }

    /// Queues a message with a copy of `payload`. What most servers send most is done in line.
    #[inline]
    pub(super) fn send_copied(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        let config = &*self.config;
        let is_plain = config.role() == Role::Server && config.is_one_frame(payload.len());
        if !is_plain || !self.output.has_room_for(payload.len()) {
            return self.send_copied_slowly(opcode, payload);
        }
        self.admit_message(payload.len())?;
        self.output.push(Header::single(opcode, payload.len() as u64, None), payload);
        Ok(())
    }

    #[inline(never)]
    fn send_copied_slowly(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        self.admit_message(payload.len())?;
        if self.config.is_one_frame(payload.len()) {
            let header = self.header(opcode, payload.len());
            self.output.push(header, payload);
        } else {
            self.queue_fragments(opcode, payload.len(), |ws, header, range| {
                ws.output.push(header, payload.get(range).unwrap_or_default());
            });
        }
        Ok(())
    }

    /// Queues a message of `len` bytes in frames of at most `fragment_size`, RFC 6455 §5.4: has
    /// `queue` do so with each header, and the part of the payload that it is for.
    #[cold]
    #[inline(never)]
    fn queue_fragments(
        &mut self,
        mut opcode: Opcode,
        len: usize,
        mut queue: impl FnMut(&mut Self, Header, Range<usize>),
    ) {
        let most = self.config.fragment_size.map_or(len, NonZeroUsize::get);
        let (mut start, mut fin) = (0, false);
        self.or_end(|ws| {
            while !fin {
                let end = start + (len - start).min(most);
                fin = end == len;
                let header = Header { fin, ..ws.header(opcode, end - start) };
                queue(ws, header, start..end);
                (start, opcode) = (end, Opcode::Continuation);
            }
        });
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(SendError::TooLong);
        }
        self.admit(payload.len())?;
        let header = self.header(opcode, payload.len());
        self.output.push(header, payload);
        Ok(())
    }

    fn queue_owned(&mut self, header: Header, payload: Bytes) {
        if payload.len() < MIN_BY_REFERENCE {
            return self.output.push(header, &payload);
        }
        if header.mask_key.is_none() {
            return self.output.push_large(header, payload);
        }
        match payload.try_into_mut() {
            Ok(payload) => self.queue_mut(header, payload),
            Err(shared) => self.output.push(header, &shared),
        }
    }

    fn queue_mut(&mut self, header: Header, mut payload: BytesMut) {
        if payload.len() < MIN_BY_REFERENCE {
            return self.output.push(header, &payload);
        }
        if let Some(key) = header.mask_key {
            mask::apply(&mut payload, key, 0);
        }
        self.output.push_large(header, payload.freeze());
    }

    /// Whether a message of this length may be queued now.
    #[inline]
    pub(super) fn admit_message(&self, payload_len: usize) -> Result<(), SendError> {
        self.admit_message_after(self.output.remaining(), payload_len)
    }

    /// The same after so many bytes that are queued.
    #[inline]
    pub(super) fn admit_message_after(&self, queued: usize, len: usize) -> Result<(), SendError> {
        if self.outgoing.is_some() {
            return Err(SendError::MessageOpen);
        }
        self.admit_after(queued, len)
    }

    /// Whether a frame of this length may be queued now, not counting the open message.
    #[inline]
    pub(super) fn admit(&self, payload_len: usize) -> Result<(), SendError> {
        self.admit_after(self.output.remaining(), payload_len)
    }

    #[inline]
    fn admit_after(&self, queued: usize, payload_len: usize) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Closing);
        }
        // Where addresses are short, one buffer queued many times could be longer than they reach,
        // with the headers of fragments, and control frames, of which there are fewer bytes. The sum
        // does not overflow, as what is queued was judged so, and no slice is longer than half of it.
        let is_countable = queued + payload_len <= usize::MAX / 4;
        if self.config.is_full_at(queued) || !is_countable {
            return Err(SendError::Full);
        }
        Ok(())
    }

    /// Does what must not be left half done, and ends the connection if it panics, as a caller's source
    /// of mask keys may: nothing is sent or received any more.
    fn or_end<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        struct EndIfDropped<'c>(&'c mut Connection);
        impl Drop for EndIfDropped<'_> {
            #[cold]
            fn drop(&mut self) {
                self.0.enter(Occurrence::Eof);
            }
        }
        let guarded = EndIfDropped(self);
        let done = act(guarded.0);
        mem::forget(guarded);
        done
    }

    /// The header of a frame of its own, with a fresh mask key where this end masks.
    #[inline]
    pub(super) fn header(&self, opcode: Opcode, payload_len: usize) -> Header {
        Header::single(opcode, payload_len as u64, self.config.next_mask_key())
    }

    /// A control frame that the connection itself sends.
    pub(super) fn control_frame(&mut self, opcode: Opcode, payload: &[u8]) -> ControlFrame {
        // What it answers was taken from the input.
        let mask_key = self.or_end(|ws| ws.config.next_mask_key());
        frame::control_frame(opcode, payload, mask_key)
    }
}

/// Payloads from this length on are queued by reference: below it, a copy costs less than a chunk
/// of its own in a vectored write.
const MIN_BY_REFERENCE: usize = 4096;
