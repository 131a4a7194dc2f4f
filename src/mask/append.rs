//! Masking while appending to a buffer: one pass, where copying and then masking need two.

use bytes::BufMut;

use super::{Key, instances, is_ascii};

/// Appends `payload`, masked with `key`. It is fastest if the buffer has room for all of it.
#[inline]
pub(crate) fn append(buffer: &mut impl BufMut, payload: &[u8], key: Key) {
    append_seen::<false>(buffer, payload, key);
}

/// Appends as [`append`] does, and returns `true` if the appended bytes are ASCII.
#[inline]
pub(crate) fn append_noting_ascii(buffer: &mut impl BufMut, payload: &[u8], key: Key) -> bool {
    is_ascii(append_seen::<true>(buffer, payload, key))
}

/// Appends `payload`, masked with `key`, and returns what [`kernel::mask`](super::kernel::mask)
/// returns.
#[inline(always)]
fn append_seen<const NOTE: bool>(buffer: &mut impl BufMut, payload: &[u8], key: Key) -> u64 {
    let room = buffer.chunk_mut();
    let (from, to, len) = (payload.as_ptr(), room.as_mut_ptr(), payload.len());
    if room.len() < len {
        return append_in_parts::<NOTE>(buffer, payload, key);
    }
    // SAFETY: `payload` is `len` bytes long, and `room` is at least as long. They do not overlap,
    // because `room` is borrowed exclusively. The kernel writes the first `len` bytes of `room`,
    // which `advance_mut` then treats as written.
    unsafe {
        let seen = instances::mask::<NOTE>(from, to, len, key);
        buffer.advance_mut(len);
        seen
    }
}

/// Appends as [`append_seen`] does, if there is too little room. It fills the room that there is,
/// and then the room that the buffer adds.
#[cold]
fn append_in_parts<const NOTE: bool>(
    buffer: &mut impl BufMut,
    mut payload: &[u8],
    mut key: Key,
) -> u64 {
    let mut seen = 0;
    while !payload.is_empty() {
        let (now, later) = payload.split_at(payload.len().min(buffer.chunk_mut().len()));
        seen |= append_seen::<NOTE>(buffer, now, key);
        (payload, key) = (later, key.turned(now.len()));
    }
    seen
}
