//! Messages: what frames carry, RFC 6455 §5.6, received and to be sent.

mod buffer;
mod in_place;
mod incoming;
mod owned;
mod payload;
mod prepared_message;
mod spare;
mod spill;
mod text;

pub use in_place::ReadBuffer;
pub use owned::Message;
pub use payload::Payload;
pub use prepared_message::PreparedMessage;
pub use text::{Text, Utf8Bytes};

pub(crate) use in_place::{ConnectionId, InPlace};
pub(crate) use incoming::{Collected, Incoming};
