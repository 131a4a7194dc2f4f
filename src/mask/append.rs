//! Masking into a buffer that grows: one pass where copying and then masking are two.

use bytes::BufMut;

use super::{Key, instances, is_ascii};

/// Appends `payload`, masked with `key`, and says whether what was appended is ASCII.
///
/// It is fastest where there is room for all of it.
#[inline(always)]
pub(crate) fn append(buffer: &mut impl BufMut, payload: &[u8], key: Key) -> bool {
    let room = buffer.chunk_mut();
    let (from, to, len) = (payload.as_ptr(), room.as_mut_ptr(), payload.len());
    if room.len() < len {
        return append_in_parts(buffer, payload, key);
    }
    // SAFETY: `payload` is `len` bytes long and `room` at least as long, and they do not overlap as
    // `room` is exclusive; the kernel writes the first `len` bytes of `room`, which `advance_mut`
    // then takes for written.
    unsafe {
        let seen = instances::mask::<true>(from, to, len, key);
        buffer.advance_mut(len);
        is_ascii(seen)
    }
}

/// The same where the room that there is comes first, and then more.
#[cold]
fn append_in_parts(buffer: &mut impl BufMut, mut payload: &[u8], mut key: Key) -> bool {
    let mut all_ascii = true;
    while !payload.is_empty() {
        let (now, later) = payload.split_at(payload.len().min(buffer.chunk_mut().len()));
        all_ascii &= append(buffer, now, key);
        (payload, key) = (later, key.turned(now.len()));
    }
    all_ascii
}
