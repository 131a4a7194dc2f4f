//! Tests of the library through its public interface. They are one program, so that it is linked
//! once, and need no dev-dependency except proptest.
#![cfg(feature = "alloc")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "../support/corpus.rs"]
mod corpus;
#[path = "../support/counting.rs"]
mod counting;
#[path = "../support/differences.rs"]
mod differences;
#[cfg(feature = "handshake")]
#[path = "../support/heads.rs"]
mod heads;
#[path = "../support/mod.rs"]
mod support;

mod allocations;
mod allocations_buffered;
mod allocations_reassembled;
#[cfg(all(feature = "handshake", feature = "std"))]
mod attacks;
mod auto_traits;
mod back_pressure;
mod closing;
mod closing_model;
mod collected;
mod conversions;
#[cfg(feature = "deflate")]
mod deflate;
mod encoder;
#[cfg(feature = "handshake")]
mod endpoint;
mod errors;
mod fragments;
mod frames;
mod handshake;
mod kept_events;
mod masking;
mod message_decoder;
mod messages;
mod output;
mod output_with;
mod panicking_keys;
mod parts;
mod peers;
mod pings;
mod read_buffer;
mod read_buffer_delivery;
mod read_buffer_memory;
mod relay;
mod roundtrip;
mod streaming;
mod timers;
mod transports;
mod utf8;
mod vectors;
mod verdicts;
