//! Masking into a buffer that grows: one pass where copying and then masking are two.

use bytes::BufMut;

use super::{Key, instances, is_ascii};

/// Appends `payload`, masked with `key`. It is fastest where there is room for all of it.
#[inline]
pub(crate) fn append(buffer: &mut impl BufMut, payload: &[u8], key: Key) {
    append_seen::<false>(buffer, payload, key);
}

/// The same, and says whether what was appended is ASCII.
#[inline]
pub(crate) fn append_noting_ascii(buffer: &mut impl BufMut, payload: &[u8], key: Key) -> bool {
    is_ascii(append_seen::<true>(buffer, payload, key))
}

/// What it gives is as for [`kernel::mask`](super::kernel::mask).
#[inline(always)]
fn append_seen<const NOTE: bool>(buffer: &mut impl BufMut, payload: &[u8], key: Key) -> u64 {
    let room = buffer.chunk_mut();
    let (from, to, len) = (payload.as_ptr(), room.as_mut_ptr(), payload.len());
    if room.len() < len {
        return append_in_parts::<NOTE>(buffer, payload, key);
    }
    // SAFETY: `payload` is `len` bytes long and `spare_mut` at least as long, and they do not overlap as
    // `spare_mut` is exclusive; the kernel writes the first `len` bytes of `spare_mut`, which `advance_mut`
    // then takes for written.
    unsafe {
        let seen = instances::mask::<NOTE>(from, to, len, key);
        buffer.advance_mut(len);
        seen
    }
}

/// The same where the room that there is comes first, and then more.
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
