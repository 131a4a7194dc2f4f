//! Receiving from input that the caller owns.

use bytes::BytesMut;

use crate::connection::{Connection, Event};
use crate::error::ProtocolError;
use crate::input::Input;

/// Receiving.
impl Connection {
    /// Takes bytes from the front of `input`, up to the end of the next event, and returns the
    /// event.
    ///
    /// `None` means that all of `input` was taken. Call it with the same `input` until then. If you
    /// stop earlier, what is left in `input` was not received: pass it again later. After the
    /// peer's Close and after an error, bytes are taken and discarded.
    ///
    /// A message that is one frame, whole in `input`, is borrowed from there, without a copy or an
    /// allocation. Any other message is owned by its event. Either way, treat what was taken from
    /// `input` as overwritten.
    ///
    /// # Errors
    ///
    /// [`ProtocolError`] at the first byte that shows that the peer breaks RFC 6455 or exceeds a
    /// limit. It is returned once. Unless our Close was sent before, a Close frame that says why is
    /// then in the [output](Self::output): write it.
    #[inline(always)]
    pub fn receive<'a>(
        &mut self,
        input: &mut Input<'a>,
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        self.receive_from(input, |event| event)
    }

    /// Does the same as [`receive`](Self::receive) for input in a `BytesMut`. What `receive` would
    /// borrow is split off from `input` instead, without a copy.
    ///
    /// Such an event keeps the whole buffer allocated. If that is too much, for example if you keep
    /// a few bytes for long, copy them out.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn receive_from_bytes_mut(
        &mut self,
        input: &mut BytesMut,
    ) -> Result<Option<Event<'static>>, ProtocolError> {
        self.receive_from(input, |event| event)
    }
}
