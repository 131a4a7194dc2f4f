//! Appends received bytes to a buffer that grows by what has arrived, not by what was declared.

use bytes::BytesMut;

use crate::mask::{self, Key};

/// Appends `piece`, unmasked if there is a key. At most `to_come` bytes of the message follow it.
#[inline(always)]
pub(super) fn append(buffer: &mut BytesMut, piece: &[u8], key: Option<Key>, to_come: u64) {
    reserve(buffer, piece.len(), to_come);
    match key {
        None if piece.len() >= LONG => buffer.extend_from_slice(piece),
        // Unmasking with zeros copies.
        key => mask::append(buffer, piece, key.unwrap_or(Key::ZERO)),
    }
}

/// Appends `piece` as [`append`] does, and returns `true` if all of it is ASCII.
#[inline]
pub(super) fn append_noting_ascii(
    buffer: &mut BytesMut,
    piece: &[u8],
    key: Option<Key>,
    to_come: u64,
) -> bool {
    reserve(buffer, piece.len(), to_come);
    mask::append_noting_ascii(buffer, piece, key.unwrap_or(Key::ZERO))
}

/// Returns `true` if `len` more bytes fit into `buffer` without an allocation.
#[inline]
pub(super) fn has_room(buffer: &BytesMut, len: usize) -> bool {
    len <= buffer.capacity() - buffer.len()
}

/// Makes room for `len` bytes now, and for some of the `to_come` bytes that may follow.
///
/// RFC 6455 §10.4: a header that declares a large length costs its sender nothing, so it reserves
/// nothing. Beyond the bytes that have arrived, there is room for [`SLACK`] more or for as many
/// again, whichever is more. A message that arrives in few reads is therefore allocated once, and a
/// long one each time its length has doubled.
#[inline]
fn reserve(buffer: &mut BytesMut, len: usize, to_come: u64) {
    let arrived = buffer.len() + len;
    if arrived > buffer.capacity() {
        let to_come = usize::try_from(to_come).unwrap_or(usize::MAX);
        grow(buffer, len + to_come.min(arrived.max(SLACK)));
    }
}

/// Allocates room for `room` more bytes.
#[cold]
fn grow(buffer: &mut BytesMut, room: usize) {
    if buffer.capacity() == 0 {
        *buffer = BytesMut::with_capacity(room);
    } else {
        buffer.reserve(room);
    }
}

/// From this length on, `memcpy` is the fastest copy.
const LONG: usize = 512;

/// The bytes reserved beyond those that have arrived, if more may follow.
const SLACK: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_follows_what_has_arrived() {
        let mut buffer = BytesMut::new();
        for arrived in 1..100_000 {
            append(&mut buffer, b"x", None, u64::MAX);
            let reserved = buffer.capacity() - arrived;
            assert!(reserved <= SLACK.max(arrived), "{reserved} bytes reserved at {arrived}");
        }
    }

    #[test]
    fn room_is_no_more_than_declared() {
        let mut buffer = BytesMut::new();
        append(&mut buffer, &[0; 37], None, 88);
        assert_eq!(buffer.capacity(), 125);
        let before = buffer.as_ptr();
        append(&mut buffer, &[0; 88], None, 0);
        assert_eq!((buffer.as_ptr(), buffer.len()), (before, 125));
    }
}
