//! Messages, received and to be sent: what data frames carry, RFC 6455 §5.6.

mod assembler;
mod debug;
mod growth;
mod in_place;
#[cfg(feature = "deflate")]
mod inflated;
mod owned;
mod owned_bytes;
mod payload;
mod prepared_message;
mod received;
mod text;

pub use in_place::ReadBuffer;
pub use owned::Message;
pub use payload::Payload;
pub use prepared_message::PreparedMessage;
pub use text::{Text, Utf8Bytes};

pub(crate) use assembler::Assembler;
pub(crate) use in_place::ConnectionId;
#[cfg(feature = "deflate")]
pub(crate) use prepared_message::PreparedFrame;
pub(crate) use received::Received;
