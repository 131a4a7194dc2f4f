//! A received message, or a chunk of one, before it becomes an event.

use super::{Payload, Text};

/// A message that was reassembled or is in place, or a chunk of a message that is streamed.
pub(crate) enum Received<'a> {
    Text(Text<'a>),
    Binary(Payload<'a>),
}
