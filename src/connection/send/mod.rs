//! The sending half: from messages to output.

mod byte_queue;
mod error;
mod large_queue;

// The documentation of a type shows its methods in the order of these modules.
#[cfg(feature = "std")]
mod write_to;

mod output;

mod messages;

mod output_with;

mod message_writer;

#[cfg(feature = "deflate")]
mod compress;

mod control;

use core::mem;
use core::num::NonZeroUsize;
use core::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::state::Occurrence;
use super::{Connection, State};
use crate::frame::{CloseBody, Header};
use crate::mask;
use crate::opcode::Opcode;
use crate::role::Role;

pub use error::{CloseError, SendError, Unsent};
pub use message_writer::MessageWriter;
pub use output::{AdvanceError, Output};
pub use output_with::OutputWith;

pub(super) use message_writer::OutgoingMessage;

impl Connection {
    /// Queues our Close frame unless one was sent before, and enters the state after `occurrence`.
    pub(super) fn queue_close(&mut self, body: CloseBody<'_>, occurrence: Occurrence) {
        if self.state == State::Open {
            let frame = self.control_frame(Opcode::Close, &body.to_bytes());
            self.output.push_close(&frame);
        }
        self.enter(occurrence);
    }

    /// Queues a message with a copy of `payload`. The most frequent case, one frame of a server, is
    /// inlined.
    #[inline]
    pub(super) fn send_copied(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        let is_plain = self.config.role() == Role::Server && self.is_one_frame(payload.len());
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
        if self.is_one_frame(payload.len()) || !self.queue_otherwise(opcode, payload) {
            let header = self.header(opcode, payload.len());
            self.output.push(header, payload);
        }
        Ok(())
    }

    /// Queues a message that is compressed or longer than one frame. Returns `false` if it is neither.
    fn queue_otherwise(&mut self, opcode: Opcode, payload: &[u8]) -> bool {
        #[cfg(feature = "deflate")]
        if self.send_compressed(opcode, payload) {
            return true;
        }
        let is_long = !self.config.is_one_frame(payload.len());
        if is_long {
            self.queue_fragments(opcode, payload.len(), |ws, header, range| {
                ws.output.push(header, payload.get(range).unwrap_or_default());
            });
        }
        is_long
    }

    /// Computes which messages are one frame and not compressed.
    #[cfg(feature = "deflate")]
    pub(super) fn update_one_frame_below(&mut self) {
        let is_compressing = self.is_compressing();
        self.one_frame_below = if is_compressing { 0 } else { self.config.one_frame_below() };
    }

    /// Returns `true` if a message of this length is one frame, and not compressed.
    #[inline]
    pub(super) fn is_one_frame(&self, len: usize) -> bool {
        #[cfg(feature = "deflate")]
        return len < self.one_frame_below;
        #[cfg(not(feature = "deflate"))]
        self.config.is_one_frame(len)
    }

    /// Queues a message of `len` bytes in frames of at most `fragment_size`, RFC 6455 §5.4. Calls
    /// `queue` for each frame, with its header and the range of the payload that it carries.
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

    /// Queues a frame, and masks its payload in place if `payload` is not shared.
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

    /// Queues a frame, and masks its payload in place.
    fn queue_mut(&mut self, header: Header, mut payload: BytesMut) {
        if payload.len() < MIN_BY_REFERENCE {
            return self.output.push(header, &payload);
        }
        if let Some(key) = header.mask_key {
            mask::apply(&mut payload, key, 0);
        }
        self.output.push_large(header, payload.freeze());
    }

    /// Checks that a message with a payload of this length may be queued now.
    #[inline]
    pub(super) fn admit_message(&self, payload_len: usize) -> Result<(), SendError> {
        self.admit_message_after(self.output.remaining(), payload_len)
    }

    /// Checks that a message with a payload of `len` bytes may be queued behind `queued` bytes.
    #[inline]
    pub(super) fn admit_message_after(&self, queued: usize, len: usize) -> Result<(), SendError> {
        if self.outgoing.is_some() {
            return Err(SendError::MessageOpen);
        }
        self.admit_after(queued, len)
    }

    /// Checks that a frame with a payload of this length may be queued now, even if a message is
    /// unfinished.
    #[inline]
    pub(super) fn admit(&self, payload_len: usize) -> Result<(), SendError> {
        self.admit_after(self.output.remaining(), payload_len)
    }

    #[inline]
    fn admit_after(&self, queued: usize, payload_len: usize) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Closing);
        }
        // On a 32-bit processor, one shared buffer that is queued many times could make the length
        // of the output overflow. A quarter of the range leaves room for the headers of fragments
        // and for control frames, which are fewer bytes. The sum itself does not overflow: this
        // check has passed for what is queued, and no slice is longer than half of the range.
        let is_countable = queued + payload_len <= usize::MAX / 4;
        if self.config.is_full_at(queued) || !is_countable {
            return Err(SendError::Full);
        }
        Ok(())
    }

    /// Calls `act`, which must not stop halfway. If it panics, as a caller's source of mask keys
    /// may, the connection ends: nothing is sent or received any more.
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

    /// Returns the header of a message in one frame, or of a control frame. A client's has a fresh
    /// mask key.
    #[inline]
    pub(super) fn header(&self, opcode: Opcode, payload_len: usize) -> Header {
        Header::single(opcode, payload_len as u64, self.config.next_mask_key())
    }
}

/// The length from which on payloads are queued by reference. Below it, a copy costs less than a
/// separate chunk in a vectored write.
const MIN_BY_REFERENCE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Config;

    /// No slice is that long, but one shared buffer may be queued many times.
    #[test]
    fn output_that_is_too_long_to_count_is_refused() {
        let mut config = Config::server();
        config.max_output = None;
        let ws = Connection::new(config);
        let most = usize::MAX / 4;
        for queued in [0, 1, 1000, most] {
            assert_eq!(ws.admit_message_after(queued, most - queued), Ok(()));
            for len in [most - queued + 1, isize::MAX as usize] {
                assert_eq!(ws.admit_message_after(queued, len), Err(SendError::Full));
            }
        }
        assert_eq!((ws.admit(most), ws.admit(most + 1)), (Ok(()), Err(SendError::Full)));
    }
}
