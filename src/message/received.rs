//! What arrives of a message, to be delivered.

use super::{Payload, Text};

/// A message that was reassembled or is in place, or a chunk of one that is streamed.
pub(crate) enum Received<'a> {
    Text(Text<'a>),
    Binary(Payload<'a>),
}
