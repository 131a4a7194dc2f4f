//! Bytes that were received.

use core::fmt;
use core::ops::{Deref, DerefMut};

use bytes::BytesMut;

/// Bytes that were received: lent from the caller's input, or owned.
///
/// A payload that lay whole in the input is a part of it; one that had to be put together is
/// owned. Either way it is its bytes by [`Deref`], and the caller may change them.
pub enum Payload<'a> {
    /// A part of the input.
    Borrowed(&'a mut [u8]),
    /// A buffer of its own, or a part of the `BytesMut` that the input was.
    Owned(BytesMut),
}

impl Payload<'_> {
    /// The same bytes without a borrow: copied where they are lent.
    pub fn into_owned(self) -> Payload<'static> {
        Payload::Owned(self.into_bytes_mut())
    }

    /// The bytes as a buffer: copied where they are lent.
    pub fn into_bytes_mut(self) -> BytesMut {
        match self {
            Payload::Borrowed(bytes) => BytesMut::from(&*bytes),
            Payload::Owned(bytes) => bytes,
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Payload::Borrowed(bytes) => bytes,
            Payload::Owned(bytes) => bytes,
        }
    }
}

impl DerefMut for Payload<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Payload::Borrowed(bytes) => bytes,
            Payload::Owned(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Payload<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Payload<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload<'_> {}

impl PartialEq<[u8]> for Payload<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

/// Shows the length alone, so that logs hold nobody's data.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.len())
    }
}
