//! What hostile peers can make a victim hold: the list is in `tests/support/attacks`. `.ci/linear`
//! counts the instructions of the same attacks.

#[path = "../support/attacks/mod.rs"]
mod list;

use list::Begins;
use list::bounded::assert_bounded;
use list::doors::DOORS;

#[test]
fn frames_make_a_victim_hold_no_more_than_their_bound() {
    assert_bounded(&DOORS, |attack| attack.begins == Begins::AfterTheOpening);
}

#[test]
fn heads_make_a_victim_hold_no_more_than_their_bound() {
    assert_bounded(&DOORS, |attack| attack.begins == Begins::WithTheHead);
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_make_a_victim_hold_no_more_than_their_bound() {
    assert_bounded(&DOORS, |attack| attack.begins == Begins::AfterAgreeingOnCompression);
}
