//! An owned buffer that does not slow down events that borrow their payload.

use core::mem::{self, ManuallyDrop};
use core::ops::{Deref, DerefMut};

use bytes::BytesMut;

/// A `BytesMut` that is dropped by value.
///
/// Dropping a `BytesMut` passes its address to code that is not inlined. Therefore the whole event
/// around it must be in memory, even if its payload is borrowed and there is nothing to drop. That
/// costs as much as the rest of decoding a small message. This type first moves the buffer out of
/// the event and then drops it, so that an event that borrows its payload stays in registers.
pub(super) struct OwnedBytes(ManuallyDrop<BytesMut>);

impl OwnedBytes {
    /// Wraps `bytes`.
    pub(super) fn new(bytes: BytesMut) -> OwnedBytes {
        OwnedBytes(ManuallyDrop::new(bytes))
    }

    /// Returns the buffer without dropping it.
    pub(super) fn into_inner(mut self) -> BytesMut {
        let bytes = self.take();
        // What remains in `self` owns nothing.
        mem::forget(self);
        bytes
    }

    /// Takes the buffer and leaves an empty one, which owns no memory.
    #[inline]
    fn take(&mut self) -> BytesMut {
        ManuallyDrop::into_inner(mem::replace(&mut self.0, ManuallyDrop::new(BytesMut::new())))
    }
}

impl Drop for OwnedBytes {
    #[inline]
    fn drop(&mut self) {
        drop_out_of_line(self.take());
    }
}

/// Drops the buffer in a function of its own.
#[inline(never)]
fn drop_out_of_line(bytes: BytesMut) {
    drop(bytes);
}

impl Deref for OwnedBytes {
    type Target = BytesMut;

    #[inline]
    fn deref(&self) -> &BytesMut {
        &self.0
    }
}

impl DerefMut for OwnedBytes {
    #[inline]
    fn deref_mut(&mut self) -> &mut BytesMut {
        &mut self.0
    }
}
