//! Frames on the wire: RFC 6455 §5, without an allocator.
//!
//! [`Decoder`] takes a stream of bytes and gives headers and pieces of payload, unmasked in place;
//! [`Encoder`] does the opposite; [`Relay`] passes frames on from one peer to another. All know their
//! role, keep the order of frames that §5.4 asks for, and hold no payload: a proxy, a device without
//! a heap or a connection of one's own can stand on them.

mod close_body;
mod control_frame;
mod current_frame;
mod decoder;
mod encode_error;
mod encoder;
mod fast_path;
mod header;
#[cfg(feature = "alloc")]
mod peek;
mod relay;
mod rules;
mod short;

pub use close_body::{CloseBody, InvalidCloseBody};
pub use control_frame::ControlFrame;
pub use decoder::{Decoder, Part};
pub use encode_error::EncodeError;
pub use encoder::Encoder;
pub use header::{Header, HeaderBytes, Rsv};
pub use relay::{Forwarded, Relay};
pub use rules::Limits;
pub use short::ShortBytes;

#[cfg(feature = "alloc")]
pub(crate) use control_frame::control_frame;
#[cfg(feature = "alloc")]
pub(crate) use current_frame::CurrentFrame;
#[cfg(feature = "alloc")]
pub(crate) use fast_path::SingleFrame;
#[cfg(feature = "alloc")]
pub(crate) use peek::Peek;

/// The longest payload of a control frame, RFC 6455 §5.5.
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// The longest header: two bytes, a 64-bit length and a mask key.
pub const MAX_HEADER: usize = 14;
