//! What hostile peers can make a `WebSocket` hold. The list of attacks is that of sansock.
#![allow(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../../../tests/support/attacks/mod.rs"]
mod attacks;
#[path = "../../../tests/support/counting.rs"]
mod counting;
mod door;
#[allow(unexpected_cfgs, reason = "the tests of sansock have its features")]
#[path = "../../../tests/support/mod.rs"]
mod support;

use attacks::bounded::assert_bounded;
use door::DOOR;

#[test]
fn no_attack_makes_a_websocket_hold_more_than_its_bound() {
    assert_bounded(&[DOOR], |_| true);
}
