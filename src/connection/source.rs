//! Where bytes come from: the two kinds of input that one state machine reads.

use bytes::{Buf, BytesMut};

use crate::input::Input;
use crate::message::Payload;

/// Bytes received, of which parts are lent for `'a`.
pub(super) trait Source<'a> {
    /// All that is left.
    fn bytes(&self) -> &[u8];

    /// Drops `len` bytes off the front.
    fn skip(&mut self, len: usize);

    /// Takes `len` bytes, of which there are as many, off the front.
    fn take(&mut self, len: usize) -> Payload<'a>;
}

impl<'a> Source<'a> for Input<'a> {
    #[inline]
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    #[inline]
    fn skip(&mut self, len: usize) {
        Input::take(self, len);
    }

    #[inline]
    fn take(&mut self, len: usize) -> Payload<'a> {
        Input::take(self, len).into()
    }
}

impl Source<'static> for BytesMut {
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
