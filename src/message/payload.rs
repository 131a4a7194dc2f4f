//! A payload that was received.

use core::fmt;
use core::ops::{Deref, DerefMut};

use bytes::BytesMut;

use super::debug::{Escaped, fmt_content};
use super::owned_bytes::OwnedBytes;

/// A payload that was received: borrowed from the caller's input, or owned.
///
/// If the payload was whole in the input, it is a part of the input. If it had to be reassembled,
/// it is owned. Either way it dereferences to its bytes, and you may change them.
pub struct Payload<'a>(Repr<'a>);

enum Repr<'a> {
    /// A part of the input.
    Borrowed(&'a mut [u8]),
    /// A separate buffer, or a part of the `BytesMut` that was the input.
    Owned(OwnedBytes),
}

impl<'a> Payload<'a> {
    /// Returns `true` if the bytes are a part of the input, for example if the message was whole in
    /// it.
    #[inline]
    pub fn is_borrowed(&self) -> bool {
        matches!(self.0, Repr::Borrowed(_))
    }

    /// Returns the borrowed bytes. They live as long as the borrow of the input.
    ///
    /// # Errors
    ///
    /// The buffer, if the bytes are owned.
    #[inline]
    pub fn try_into_borrowed(self) -> Result<&'a mut [u8], BytesMut> {
        match self.0 {
            Repr::Borrowed(bytes) => Ok(bytes),
            Repr::Owned(bytes) => Err(bytes.into_inner()),
        }
    }

    /// Drops all bytes after the first `len`.
    pub fn truncate(&mut self, len: usize) {
        match &mut self.0 {
            Repr::Borrowed(bytes) if len < bytes.len() => {
                *bytes = core::mem::take(bytes).split_at_mut(len).0;
            }
            Repr::Borrowed(_) => {}
            Repr::Owned(bytes) => bytes.truncate(len),
        }
    }

    /// Returns an owned payload with the same bytes. Copies them if they are borrowed.
    pub fn into_owned(self) -> Payload<'static> {
        self.into_bytes_mut().into()
    }

    /// Returns the bytes as a buffer. Copies them if they are borrowed.
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

/// Copies the data. Use it to make events in tests.
impl From<&[u8]> for Payload<'static> {
    fn from(data: &[u8]) -> Self {
        BytesMut::from(data).into()
    }
}

/// Shows only the length for `{:?}`, so that logs hold no user data. Shows the content for `{:#?}`.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_content(f, "Payload", self.len(), &Escaped(self))
    }
}
