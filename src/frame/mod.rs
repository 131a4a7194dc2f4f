//! Frames on the wire: RFC 6455 §5, without an allocator.
//!
//! - [`Decoder`] takes bytes and returns headers and pieces of payload, unmasked in place.
//! - [`Encoder`] takes headers and pieces of payload, and prepares the bytes to send.
//! - [`MessageDecoder`] joins frames to messages, and says what to answer.
//! - [`Relay`] passes frames from one peer on to another.
//!
//! Each of them knows its role, checks the order of frames (§5.4) and stores no payload. You can
//! build a proxy, a device without a heap, or your own connection on them.

mod close_body;
mod control_frame;
mod current_frame;
mod decoder;
mod encode_error;
mod encoder;
mod fast_path;
mod header;
mod message_decoder;
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
pub use message_decoder::{CloseFrame, ControlPayload, MessageDecoder, MessagePart};
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

/// The length of the longest payload of a control frame, RFC 6455 §5.5.
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// The length of the longest header: two bytes, a 64-bit length and a mask key.
pub const MAX_HEADER: usize = 14;
