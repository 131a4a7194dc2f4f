//! stub
#![cfg_attr(not(any(feature = "std", test)), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod close;
#[cfg(feature = "alloc")]
mod connection;
mod error;
pub mod frame;
pub mod mask;
#[cfg(feature = "alloc")]
mod message;
mod opcode;
mod role;
pub mod utf8;

pub use close::{CloseCode, CloseReason};
pub use error::{ProtocolError, UsageError, Violation};
pub use frame::Limits;
pub use opcode::Opcode;
pub use role::Role;
#[cfg(feature = "alloc")]
pub use {
    connection::{
        Closure, Config, Connection, Event, Output, Refusal, SendError, State, TransportAction,
    },
    message::{Message, Payload, Text, Utf8Bytes},
};
