//! Messages: what frames carry, RFC 6455 §5.6, received and to be sent.

mod assembler;
mod buffer;
mod owned;
mod payload;
mod spill;
mod text;

pub use owned::Message;
pub use payload::Payload;
pub use text::{Text, Utf8Bytes};

pub(crate) use assembler::Assembler;
