//! Compares what a victim has allocated with the bound of the attack.

use super::doors::Door;
use super::{Attack, End, FACTOR};
use crate::counting::measure_peak;

/// What the victim's configuration takes.
const SETTINGS: usize = 1024;

/// Asserts that no victim of the attacks that `includes` says holds more than is allowed, and that
/// all doors end in the same way and deliver the same.
pub fn assert_bounded(doors: &[Door], includes: impl Fn(&Attack) -> bool) {
    let attacks: Vec<Attack> = Attack::all().into_iter().filter(includes).collect();
    assert!(!attacks.is_empty());
    let complaints: Vec<String> = attacks
        .iter()
        .flat_map(|attack| {
            // What the thread keeps for all connections.
            doors.iter().filter(|door| door.is_reached_by(attack)).for_each(|door| {
                (door.run)(attack, attack.wire(1));
            });
            [attack.size, FACTOR * attack.size].map(|size| complaints(doors, attack, size)).concat()
        })
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn complaints(doors: &[Door], attack: &Attack, size: usize) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut delivered = Vec::new();
    for door in doors.iter().filter(|door| door.is_reached_by(attack)) {
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
