//! The receiving half: from input to events.

mod control;
mod error;

// The documentation of `Connection` shows its methods in the order of these modules.
mod input;

mod in_place;

#[cfg(feature = "deflate")]
mod inflate;

pub use error::ReceiveError;

#[cfg(feature = "deflate")]
pub(super) use inflate::CompressedMessage;
