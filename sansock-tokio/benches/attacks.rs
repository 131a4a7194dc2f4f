//! What a hostile peer may send to a `WebSocket`, to run under a counter of instructions:
//! `.ci/linear`. The list of attacks is that of sansock.
#![allow(clippy::expect_used, clippy::panic, reason = "it fails by panicking")]

#[path = "../../tests/support/attacks/mod.rs"]
mod attacks;
#[path = "../../tests/support/counting.rs"]
mod counting;
#[path = "../tests/attacks/door.rs"]
mod door;
#[allow(unexpected_cfgs, reason = "the tests of sansock have its features")]
#[path = "../../tests/support/mod.rs"]
mod support;

fn main() {
    attacks::count::main(&[door::DOOR]);
}
