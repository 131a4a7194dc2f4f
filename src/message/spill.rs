//! Bytes kept from one read to the next, in memory that follows what has arrived.

use bytes::BytesMut;

/// A buffer that grows by what arrives, not by what was declared.
#[derive(Default)]
pub(crate) struct Spill(BytesMut);

impl Spill {
    /// Appends `piece`, after which at most `to_come` bytes follow.
    ///
    /// RFC 6455 §10.4: a header that declares much costs its sender nothing, so it reserves
    /// nothing: beyond the bytes in hand there is room for [`SLACK`] more, or for as much again.
    /// A message that arrives in few reads is so allocated once, and a long one at each doubling.
    pub(crate) fn append(&mut self, piece: &[u8], to_come: u64) {
        let arrived = self.0.len() + piece.len();
        if arrived > self.0.capacity() {
            let to_come = usize::try_from(to_come).unwrap_or(usize::MAX);
            self.0.reserve(piece.len() + to_come.min(arrived.max(SLACK)));
        }
        self.0.extend_from_slice(piece);
    }

    /// What was collected.
    pub(crate) fn into_bytes(self) -> BytesMut {
        self.0
    }
}

/// Bytes reserved beyond those in hand, where more may follow.
const SLACK: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_follows_what_has_arrived() {
        let mut spill = Spill::default();
        for arrived in 1..100_000 {
            spill.append(b"x", u64::MAX);
            let reserved = spill.0.capacity() - arrived;
            assert!(reserved <= SLACK.max(arrived), "{reserved} bytes reserved at {arrived}");
        }
    }

    #[test]
    fn room_is_no_more_than_declared() {
        let mut spill = Spill::default();
        spill.append(&[0; 37], 88);
        assert_eq!(spill.0.capacity(), 125);
        let before = spill.0.as_ptr();
        spill.append(&[0; 88], 0);
        assert_eq!((spill.0.as_ptr(), spill.0.len()), (before, 125));
    }
}
