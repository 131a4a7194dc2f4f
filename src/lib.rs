//! stub
#![cfg_attr(not(any(feature = "std", test)), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod close;
mod error;
pub mod frame;
pub mod mask;
mod opcode;
mod role;
pub mod utf8;

pub use close::{CloseCode, CloseReason};
pub use error::{ProtocolError, UsageError, Violation};
pub use frame::Limits;
pub use opcode::Opcode;
pub use role::Role;
