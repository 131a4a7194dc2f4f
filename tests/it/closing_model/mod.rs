//! All interleavings of two ends that close, over a transport that delays, cuts and ends.
//!
//! A state is what two ends, their applications and the transport between them are in. Each search
//! begins with two ends that have just started, and makes every move that is possible in every
//! state, as often as its budget allows. A state that was seen before is not searched again. No
//! connection can be copied, so each state is reached by all moves from the start.
//!
//! What must be true is asserted after every move (`side.rs`, `world.rs`), and from every state
//! there must be a way to the end, by the transport alone and by time alone.

mod machine;
mod side;
mod transport;
mod world;

use std::collections::HashSet;

#[cfg(feature = "handshake")]
use machine::Opening;
use machine::{Bare, Machine};
use world::{Budget, Move, World};

/// What a search has seen.
#[derive(Debug, Default)]
struct Seen {
    states: usize,
    moves: usize,
    /// States in which both transports were dropped.
    ends: usize,
    longest: usize,
}

/// Searches all states.
fn search<M: Machine>(budget: Budget) -> Seen {
    let mut seen = Seen::default();
    let mut keys = HashSet::new();
    let mut paths = vec![Vec::new()];
    keys.insert(World::<M>::new(budget).key());
    while let Some(path) = paths.pop() {
        seen.states += 1;
        seen.longest = seen.longest.max(path.len());
        let shown = ShownOnPanic(&path, None);
        let mut world = reach::<M>(budget, &path);
        let moves = world.moves();
        seen.ends += usize::from(world.is_over());
        world.end_with_transport();
        reach::<M>(budget, &path).end_with_time(false);
        reach::<M>(budget, &path).end_with_time(true);
        drop(shown);
        for next in moves {
            seen.moves += 1;
            let shown = ShownOnPanic(&path, Some(next));
            let mut world = reach::<M>(budget, &path);
            world.make(next);
            if keys.insert(world.key()) {
                paths.push([&path[..], &[next]].concat());
            }
            drop(shown);
        }
    }
    seen
}

/// Returns the state after these moves.
fn reach<M: Machine>(budget: Budget, path: &[Move]) -> World<M> {
    let mut world = World::new(budget);
    path.iter().for_each(|next| world.repeat(*next));
    world
}

/// Prints the moves if the thread panics.
struct ShownOnPanic<'a>(&'a [Move], Option<Move>);

impl Drop for ShownOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("after {:?}, then {:?}", self.0, self.1);
        }
    }
}

/// Searches all states within these budgets. Asserts that there are at least `least` states, so that
/// a model in which little can happen does not pass.
fn search_each<M: Machine>(least: usize, budgets: &[Budget]) {
    for budget in budgets {
        let seen = search::<M>(*budget);
        println!("{budget:?}: {seen:?}");
        assert!(seen.states >= least && seen.ends >= least / 50, "{budget:?}: {seen:?}");
    }
}

const NOTHING: Budget =
    Budget { messages: 0, pings: 0, cuts: 0, faults: 0, injections: 0, waits: 0 };

#[test]
fn closing_over_a_transport_that_cuts_and_ends() {
    search_each::<Bare>(3_000, &[Budget { cuts: 2, faults: 1, ..NOTHING }]);
}

#[test]
fn closing_amid_messages_and_pings() {
    let both = Budget { messages: 1, faults: 1, ..NOTHING };
    search_each::<Bare>(3_000, &[both, Budget { pings: 1, cuts: 1, ..NOTHING }]);
}

#[test]
fn closing_with_a_peer_that_breaks_the_rules() {
    search_each::<Bare>(3_000, &[Budget { injections: 1, faults: 1, ..NOTHING }]);
}

#[test]
fn closing_while_time_passes() {
    let budgets = [
        Budget { waits: 2, ..NOTHING },
        Budget { waits: 1, cuts: 1, ..NOTHING },
        Budget { waits: 1, injections: 1, ..NOTHING },
        Budget { waits: 1, faults: 1, ..NOTHING },
    ];
    search_each::<Bare>(1_000, &budgets);
}

#[cfg(feature = "handshake")]
#[test]
fn opening_and_closing_over_a_transport_that_cuts_and_ends() {
    search_each::<Opening>(1_000, &[Budget { faults: 1, cuts: 1, ..NOTHING }]);
}

#[cfg(feature = "handshake")]
#[test]
fn opening_and_closing_while_time_passes_and_the_peer_breaks_the_rules() {
    let budgets =
        [Budget { waits: 1, cuts: 1, ..NOTHING }, Budget { injections: 1, cuts: 1, ..NOTHING }];
    search_each::<Opening>(2_000, &budgets);
}
