//! The receiving half: from input to events.

mod control;
mod error;

// The documentation of `Connection` shows its methods in the order of these modules.
mod input;

mod in_place;

pub use error::ReceiveError;
