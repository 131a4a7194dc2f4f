//! The memory of a message of more than a few bytes, used again for the next one.
//!
//! An event owns the front of the buffer, and what is behind it stays here: the same allocation,
//! which is whole again when the event's part has been dropped. As long as it has not, nothing writes
//! to it; a message that comes meanwhile takes other memory.

use bytes::BytesMut;

/// A buffer that waits for the next message.
pub(crate) struct Spare {
    /// Empty, in the buffer of which the last event may hold the front.
    room: BytesMut,
    /// Bytes of the whole buffer.
    size: usize,
}

/// How many messages in a row used little of a buffer that waited: `quiet < QUIET`
#[derive(Clone, Copy, Default)]
pub(crate) struct Quiet(u8);

impl Spare {
    /// Hands out the bytes that were collected in `buffer`: the buffer itself, or a copy where they fill
    /// less than a quarter of it, as an event that is kept must not hold much more than its bytes. A
    /// large buffer is kept for the next message; `quiet` is `None` where it did not wait before.
    #[inline(always)]
    pub(super) fn hand_out(
        buffer: BytesMut,
        quiet: Option<Quiet>,
        kept: &mut Option<(Spare, Quiet)>,
    ) -> BytesMut {
        if buffer.capacity() < LARGE && !fills_little(&buffer) {
            return buffer;
        }
        Spare::copy_or_split(buffer, quiet, kept)
    }

    #[inline(never)]
    fn copy_or_split(
        mut buffer: BytesMut,
        quiet: Option<Quiet>,
        kept: &mut Option<(Spare, Quiet)>,
    ) -> BytesMut {
        let size = buffer.capacity();
        if !fills_little(&buffer) {
            let bytes = buffer.split();
            *kept = Some((Spare { room: buffer, size }, Quiet::default()));
            return bytes;
        }
        let bytes = BytesMut::from(&buffer[..]);
        // A buffer that did not wait before is small, and is dropped.
        if let Some(Quiet(quiet)) = quiet {
            buffer.clear();
            let quiet = quiet + 1;
            *kept = (quiet < QUIET).then_some((Spare { room: buffer, size }, Quiet(quiet)));
        }
        bytes
    }

    /// All of the buffer; where an event still holds a part of it, another one, of no more than the
    /// messages before took.
    pub(super) fn into_buffer(self) -> BytesMut {
        let Spare { mut room, size } = self;
        if !room.try_reclaim(size) {
            room = BytesMut::with_capacity(size.min(MAX_AT_ONCE));
            // From now on it may have several holders, as the one before.
            drop(room.split());
        }
        room
    }

    /// Bytes that are kept on the heap, those of the event included that may hold a part of them.
    pub(super) fn memory_usage(&self) -> usize {
        self.size + HOLDERS
    }
}

/// Whether `buffer` holds so little that its bytes are better copied than kept in it.
#[inline(always)]
fn fills_little(buffer: &BytesMut) -> bool {
    buffer.len() < buffer.capacity() / 4
}

/// A buffer of fewer bytes, which has been allocated once or twice, is given away with its event: to
/// do so again takes less than to share it.
const LARGE: usize = 1 << 10;

/// Bytes that are allocated at once, because of the messages before, and not as they arrive.
const MAX_AT_ONCE: usize = 16 << 10;

/// How many messages that use little of a buffer it takes until it is given up.
const QUIET: u8 = 16;

/// What `bytes` allocates beside a buffer that may have several holders: the buffer's place and size,
/// and their number.
pub(super) const HOLDERS: usize = 5 * size_of::<usize>();
