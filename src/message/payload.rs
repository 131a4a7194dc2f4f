//! Bytes that were received.

use core::fmt;
use core::ops::{Deref, DerefMut};

use bytes::BytesMut;

use super::debug::{Escaped, fmt_content};
use super::owned_bytes::OwnedBytes;

/// Bytes that were received: lent from the caller's input, or owned.
///
/// A payload that lay whole in the input is a part of it; one that had to be reassembled is
/// owned. Either way it is its bytes by [`Deref`], and the caller may change them.
pub struct Payload<'a>(Repr<'a>);

enum Repr<'a> {
    /// A part of the input.
    Borrowed(&'a mut [u8]),
    /// A buffer of its own, or a part of the `BytesMut` that the input was.
    Owned(OwnedBytes),
}

impl<'a> Payload<'a> {
    /// Whether the bytes are a part of the input, as of a message that lay whole in it.
    #[inline]
    pub fn is_borrowed(&self) -> bool {
        matches!(self.0, Repr::Borrowed(_))
    }

    /// The bytes for as long as the input is borrowed.
    ///
    /// # Errors
    ///
    /// The buffer, where the bytes are owned.
    #[inline]
    pub fn try_into_borrowed(self) -> Result<&'a mut [u8], BytesMut> {
        match self.0 {
            Repr::Borrowed(bytes) => Ok(bytes),
            Repr::Owned(bytes) => Err(bytes.into_inner()),
        }
    }

    /// Drops what is beyond `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        match &mut self.0 {
            Repr::Borrowed(bytes) if len < bytes.len() => {
                *bytes = core::mem::take(bytes).split_at_mut(len).0;
            }
            Repr::Borrowed(_) => {}
            Repr::Owned(bytes) => bytes.truncate(len),
        }
    }

    /// The same bytes without a borrow: copied where they are lent.
    pub fn into_owned(self) -> Payload<'static> {
        self.into_bytes_mut().into()
    }

    /// The bytes as a buffer: copied where they are lent.
    pub fn into_bytes_mut(self) -> BytesMut {
        self.try_into_borrowed().map_or_else(|owned| owned, |bytes| BytesMut::from(&*bytes))
    }
}

impl<'a> From<&'a mut [u8]> for Payload<'a> {
    #[inline]
    fn from(bytes: &'a mut [u8]) -> Self {
        Payload(Repr::Borrowed(bytes))
    }
}

impl From<BytesMut> for Payload<'_> {
    #[inline]
    fn from(bytes: BytesMut) -> Self {
        Payload(Repr::Owned(OwnedBytes::new(bytes)))
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Borrowed(bytes) => bytes,
            Repr::Owned(bytes) => bytes,
        }
    }
}

impl DerefMut for Payload<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Repr::Borrowed(bytes) => bytes,
            Repr::Owned(bytes) => bytes,
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

impl PartialEq<&[u8]> for Payload<'_> {
    fn eq(&self, other: &&[u8]) -> bool {
        **self == **other
    }
}

impl<const N: usize> PartialEq<[u8; N]> for Payload<'_> {
    fn eq(&self, other: &[u8; N]) -> bool {
        **self == *other
    }
}

impl<const N: usize> PartialEq<&[u8; N]> for Payload<'_> {
    fn eq(&self, other: &&[u8; N]) -> bool {
        **self == **other
    }
}

/// Copies the data: for events that a test makes itself.
impl From<&[u8]> for Payload<'static> {
    fn from(data: &[u8]) -> Self {
        BytesMut::from(data).into()
    }
}

/// `{:?}` shows the length alone, so that logs hold nobody's data, and `{:#?}` shows the content.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_content(f, "Payload", self.len(), &Escaped(self))
    }
}
