//! An owned buffer that is out of the way where there is none.

use core::mem::{self, ManuallyDrop};
use core::ops::{Deref, DerefMut};

use bytes::BytesMut;

/// A `BytesMut`, dropped by value.
///
/// Dropping a `BytesMut` passes its address to code that is not inlined, so that everything around
/// it, the whole event, has to be in memory: also where the payload is lent and there is nothing to
/// drop. That costs as much as the rest of decoding a small message. Here what is dropped is moved
/// to a place of its own first, and an event that is lent stays in registers.
pub(super) struct OwnedBytes(ManuallyDrop<BytesMut>);

impl OwnedBytes {
    pub(super) fn new(bytes: BytesMut) -> OwnedBytes {
        OwnedBytes(ManuallyDrop::new(bytes))
    }

    pub(super) fn into_inner(mut self) -> BytesMut {
        let bytes = self.take();
        // What is left owns nothing.
        mem::forget(self);
        bytes
    }

    /// The buffer; an empty one, which owns no memory, stays.
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
