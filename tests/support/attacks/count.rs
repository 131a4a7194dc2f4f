//! The program that runs the attacks one after the other, to be counted from outside.
//!
//! ```text
//! attacks            runs every attack at its size and at ten times that size, through every door
//! attacks PART       runs those whose name, or whose door, contains PART
//! ```
//!
//! It prints a line for each run: the attack, the door, the size and the most bytes that were
//! allocated at once. Only [`counted`] is to be counted, which does nothing but what the victim does.

use std::env;

use super::doors::Door;
use super::{Attack, FACTOR, Outcome, Wire};
use crate::counting::measure_peak;

pub fn main(doors: &[Door]) {
    let part = env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    for attack in Attack::all() {
        let doors = doors.iter().filter(|door| door.is_reached_by(&attack));
        for door in doors.filter(|door| attack.name.contains(&part) || door.name == part) {
            // What the thread keeps for all connections is made, and is counted no more.
            let warm = (door.run)(&attack, attack.wire(attack.size));
            assert_eq!(warm.end, attack.end, "{} through {}", attack.name, door.name);
            for size in [attack.size, FACTOR * attack.size] {
                let wire = attack.wire(size);
                let (peak, outcome) = measure_peak(|| counted(door, &attack, wire));
                assert_eq!(outcome.end, attack.end, "{} through {}", attack.name, door.name);
                println!("{} {} {size} {peak}", attack.name, door.name);
            }
        }
    }
}

#[inline(never)]
fn counted(door: &Door, attack: &Attack, wire: Wire) -> Outcome {
    (door.run)(attack, wire)
}
