//! A mask key in a register.

/// A mask key, RFC 6455 §5.3. Its lowest byte masks the next byte of payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key(u32);

impl Key {
    /// The key that changes nothing.
    #[cfg(feature = "alloc")]
    pub(crate) const ZERO: Key = Key(0);

    #[inline]
    pub(crate) const fn new(key: [u8; 4]) -> Key {
        Key(u32::from_le_bytes(key))
    }

    /// Returns the key's bytes in their order.
    #[inline]
    pub(crate) const fn to_bytes(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }

    /// Returns the key for the payload after the next `count` bytes.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "what is cast is at most 24")]
    pub(crate) const fn turned(self, count: usize) -> Key {
        Key(self.0.rotate_right(8 * (count % 4) as u32))
    }

    /// Returns the key that masks as this key and then `other` do.
    #[inline]
    pub(crate) const fn combined(self, other: Key) -> Key {
        Key(self.0 ^ other.0)
    }

    /// Returns the byte that masks the next byte of payload.
    #[inline]
    pub(super) const fn first(self) -> u8 {
        self.to_bytes()[0]
    }

    /// Returns a number that has the key's bytes in their order when it is stored.
    #[inline]
    pub(super) const fn in_memory(self) -> u32 {
        u32::from_ne_bytes(self.to_bytes())
    }
}
