//! Timers, in simulated time: what each of them does, and all of them over networks at their worst.
#![cfg(feature = "alloc")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod closing;
mod end;
mod keep_alive;
mod message;
mod network;
mod random;
mod simulation;
mod slowloris;
mod time;
mod watched;
mod write;
