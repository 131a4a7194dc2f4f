//! What hostile peers can make a victim hold: the list is in `tests/support/attacks`. `.ci/linear`
//! counts the instructions of the same attacks, and prints a table of both.

#[path = "../support/attacks/mod.rs"]
mod list;

use crate::counting::measure_peak;
use list::doors::{DOORS, Door};
use list::{Attack, Begins, End, FACTOR};

/// What the victim's configuration takes.
const SETTINGS: usize = 1024;

/// Returns what is wrong with the outcome of an attack through all doors: the victim has held too
/// much, or one door ends or delivers otherwise than another.
fn complaints(attack: &Attack, size: usize) -> Vec<String> {
    let doors: Vec<&Door> = DOORS.iter().filter(|door| door.is_reached_by(attack)).collect();
    let mut complaints = Vec::new();
    let mut delivered = Vec::new();
    for door in doors {
        let wire = attack.wire(size);
        let (peak, outcome) = measure_peak(|| (door.run)(attack, wire));
        let most = (attack.most)(size) + door.own + SETTINGS;
        let name = format!("{} of {size} through {}", attack.name, door.name);
        if peak as usize > most {
            complaints.push(format!("{name}: {peak} bytes where {most} are allowed"));
        }
        if outcome.end != attack.end {
            complaints.push(format!("{name}: {:?}, not {:?}", outcome.end, attack.end));
        }
        delivered.push(outcome.delivered);
    }
    // How much is read before the output is full depends on the reads.
    if attack.end != End::Full && delivered.windows(2).any(|pair| pair[0] != pair[1]) {
        complaints.push(format!("{} of {size}: {delivered:?} bytes delivered", attack.name));
    }
    complaints
}

fn assert_bounded(attacks: impl Iterator<Item = Attack>) {
    let complaints: Vec<String> = attacks
        .flat_map(|attack| {
            [attack.size, FACTOR * attack.size].map(|size| complaints(&attack, size)).concat()
        })
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn attacks_that_begin(begins: Begins) -> impl Iterator<Item = Attack> {
    Attack::all().into_iter().filter(move |attack| attack.begins == begins)
}

#[test]
fn frames_make_a_victim_hold_no_more_than_their_bound() {
    assert_bounded(attacks_that_begin(Begins::AfterTheOpening));
}

#[test]
fn heads_make_a_victim_hold_no_more_than_their_bound() {
    assert_bounded(attacks_that_begin(Begins::WithTheHead));
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_make_a_victim_hold_no_more_than_their_bound() {
    assert_bounded(attacks_that_begin(Begins::AfterAgreeingOnCompression));
}
