//! Bytes kept from one read to the next, in memory that follows what has arrived.

use bytes::BytesMut;

use crate::mask::{self, Key};

/// A buffer that grows by what arrives, not by what was declared.
#[derive(Default)]
pub(crate) struct Spill(BytesMut);

impl Spill {
    /// Collects in `buffer`, after what is there.
    pub(crate) fn within(buffer: BytesMut) -> Self {
        Spill(buffer)
    }

    /// Appends `piece`, which is not empty, unmasked where there is a key, after which at most `to_come`
    /// bytes follow.
    #[inline(always)]
    pub(crate) fn append(&mut self, piece: &[u8], key: Option<Key>, to_come: u64) {
        self.reserve(piece.len(), to_come);
        match key {
            None if piece.len() >= LONG => self.0.extend_from_slice(piece),
            // To unmask with zeros is to copy.
            key => mask::append(&mut self.0, piece, key.unwrap_or(Key::ZERO)),
        }
    }

    /// The same, and says whether all of it is ASCII.
    #[inline(always)]
    pub(crate) fn append_noting_ascii(
        &mut self,
        piece: &[u8],
        key: Option<Key>,
        to_come: u64,
    ) -> bool {
        self.reserve(piece.len(), to_come);
        mask::append_noting_ascii(&mut self.0, piece, key.unwrap_or(Key::ZERO))
    }

    /// Whether there is room for `len` bytes without growing.
    #[inline(always)]
    pub(crate) fn has_room(&self, len: usize) -> bool {
        len <= self.0.capacity() - self.0.len()
    }

    /// The bytes from `start` on.
    pub(crate) fn since(&self, start: usize) -> &[u8] {
        self.0.get(start..).unwrap_or_default()
    }

    /// Bytes held on the heap.
    pub(crate) fn memory_usage(&self) -> usize {
        self.0.capacity()
    }

    /// How many bytes were collected.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Drops what was collected beyond `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// What was collected.
    pub(crate) fn into_bytes(self) -> BytesMut {
        self.0
    }

    /// Makes room for `len` bytes now and for some of the `to_come` that may follow.
    ///
    /// RFC 6455 §10.4: a header that declares much costs its sender nothing, so it reserves
    /// nothing: beyond the bytes in hand there is room for [`SLACK`] more, or for as much again.
    /// A message that arrives in few reads is so allocated once, and a long one at each doubling.
    ///
    /// Memory that an earlier message was collected in ([`Spare`](super::spare::Spare)) is reserved by
    /// what arrived then, and not by what any header says.
    #[inline(always)]
    fn reserve(&mut self, len: usize, to_come: u64) {
        let arrived = self.0.len() + len;
        if arrived > self.0.capacity() {
            let to_come = usize::try_from(to_come).unwrap_or(usize::MAX);
            self.grow(len + to_come.min(arrived.max(SLACK)));
        }
    }

    #[cold]
    fn grow(&mut self, room: usize) {
        if self.0.capacity() == 0 {
            self.0 = BytesMut::with_capacity(room);
        } else {
            self.0.reserve(room);
        }
    }
}

/// From this length on a copy is best left to the system's own.
const LONG: usize = 512;

/// Bytes reserved beyond those in hand, where more may follow.
const SLACK: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_follows_what_has_arrived() {
        let mut spill = Spill::default();
        for arrived in 1..100_000 {
            spill.append(b"x", None, u64::MAX);
            let reserved = spill.0.capacity() - arrived;
            assert!(reserved <= SLACK.max(arrived), "{reserved} bytes reserved at {arrived}");
        }
    }

    #[test]
    fn room_is_no_more_than_declared() {
        let mut spill = Spill::default();
        spill.append(&[0; 37], None, 88);
        assert_eq!(spill.0.capacity(), 125);
        let before = spill.0.as_ptr();
        spill.append(&[0; 88], None, 0);
        assert_eq!((spill.0.as_ptr(), spill.0.len()), (before, 125));
    }
}
