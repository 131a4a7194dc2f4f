//! Masking into a buffer that grows: one pass where copying and then masking are two.

use bytes::BufMut;

use super::{Key, instances, is_ascii};

/// Appends `payload`, masked with `key`, and says whether what was appended is ASCII.
///
/// It is fastest where there is room for all of it.
#[inline]
pub(crate) fn append(buffer: &mut impl BufMut, mut payload: &[u8], mut key: Key) -> bool {
    let mut seen = 0;
    while !payload.is_empty() {
        let room = buffer.chunk_mut();
        let (now, later) = payload.split_at(payload.len().min(room.len()));
        let (from, to, len) = (now.as_ptr(), room.as_mut_ptr(), now.len());
        // SAFETY: `now` and `room` are `len` bytes long or longer, and do not overlap as `room` is
        // exclusive; the kernel writes the first `len` bytes of `room`, which `advance_mut` then
        // takes for written.
        unsafe {
            seen |= instances::mask::<true>(from, to, len, key);
            buffer.advance_mut(len);
        }
        key = key.turned(len);
        payload = later;
    }
    is_ascii(seen)
}
