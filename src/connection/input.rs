//! Where bytes come from: the two kinds of input that one state machine reads.

use bytes::{Buf, BytesMut};

use crate::frame::split_front;
use crate::message::Payload;

/// Bytes received, of which parts are lent for `'a`.
pub(super) trait Input<'a> {
    /// All that is left.
    fn bytes(&self) -> &[u8];

    /// Drops `len` bytes off the front.
    fn skip(&mut self, len: usize);

    /// Takes `len` bytes, of which there are as many, off the front.
    fn take(&mut self, len: usize) -> Payload<'a>;
}

impl<'a> Input<'a> for &'a mut [u8] {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self
    }

    #[inline]
    fn skip(&mut self, len: usize) {
        split_front(self, len);
    }

    #[inline]
    fn take(&mut self, len: usize) -> Payload<'a> {
        split_front(self, len).into()
    }
}

impl Input<'static> for BytesMut {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn skip(&mut self, len: usize) {
        self.advance(len.min(self.len()));
    }

    fn take(&mut self, len: usize) -> Payload<'static> {
        self.split_to(len.min(self.len())).into()
    }
}
