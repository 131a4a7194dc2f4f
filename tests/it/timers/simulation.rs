//! Two ends with timers over networks that delay, stall, trickle and cut, at random.
//!
//! Time jumps from one event to the next. Whatever the network does, an end without progress ends
//! within a time that its limits determine. On a network that is good enough, no peer is dropped.

use std::collections::BTreeMap;

use sansock::Role;

use super::end::{Action, End, Outcome};
use super::network::{Cut, NEVER, Pipe};
use super::random::Random;

const SCHEDULES: u64 = 10_000;

#[test]
fn ten_thousand_schedules_end_in_time_and_without_false_alarms() {
    let mut tally = Tally::default();
    for seed in 0..SCHEDULES {
        // An assertion shows the seed. This shows it for a panic inside the library too.
        let on_panic = SeedOnPanic(seed);
        let mut schedule = Schedule::new(seed);
        schedule.run();
        tally.add(&schedule);
        drop(on_panic);
    }
    // Otherwise a simulation that does nothing would pass.
    tally.assert_all_has_happened();
}

/// One run: two ends, two directions, and all future events.
struct Schedule {
    kind: Kind,
    random: Random,
    ends: [End; 2],
    /// `pipes[i]` carries what `ends[i]` writes.
    pipes: [Pipe; 2],
}

/// How bad the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Fast enough for every limit, with short stalls.
    Healthy,
    /// About as slow as messages may be, or slower.
    Slow,
    /// Nothing arrives for a long time, in one direction or in both.
    Stalling,
    /// Cut in one direction or in both, without notice.
    BlackHole,
    /// Cut with notice.
    Breaking,
}

const KINDS: [Kind; 5] =
    [Kind::Healthy, Kind::Slow, Kind::Stalling, Kind::BlackHole, Kind::Breaking];

impl Schedule {
    fn new(seed: u64) -> Schedule {
        let mut random = Random::new(seed);
        let kind = KINDS[(seed % 5) as usize];
        // If both ends read only when all output is written, they may wait for each other.
        let half_duplex = random.between(0, if kind == Kind::Healthy { 2 } else { 3 });
        let mut ends = [Role::Client, Role::Server].map(|role| End::new(role, &mut random));
        for (i, end) in ends.iter_mut().enumerate() {
            end.habits.is_half_duplex = half_duplex == i as u64 || half_duplex == 3;
        }
        let closer = random.between(0, 1) as usize;
        ends[closer].plan.push_back((random.between(0, 9_000), Action::Close));
        let pipes = pipes(kind, &mut random);
        Schedule { kind, random, ends, pipes }
    }

    fn run(&mut self) {
        let mut now = 0;
        let latest = self.latest();
        for _ in 0..100_000 {
            self.turns(now);
            if self.ends.iter().all(|end| end.outcome.is_some()) {
                return self.check();
            }
            let next = self.next_event(now);
            assert!(next < NEVER, "an end waits for nothing");
            assert!(next > now);
            now = next;
            assert!(now <= latest, "not over at {now}, should have been at {latest}");
        }
        panic!("too many events");
    }

    /// Does everything that can be done at this moment.
    fn turns(&mut self, now: u64) {
        for _ in 0..1_000 {
            let (random, [a, b]) = (&mut self.random, &mut self.pipes);
            let [client, server] = &mut self.ends;
            let progress = client.turn(now, b, a, random) | server.turn(now, a, b, random);
            if !progress {
                return self.ends.iter_mut().for_each(|end| end.check_liveness(now));
            }
        }
        panic!("no end of progress at {now}");
    }

    fn next_event(&self, now: u64) -> u64 {
        let arrivals = self.pipes.iter().map(|pipe| pipe.next_arrival(now));
        let living = self.ends.iter().filter(|end| end.outcome.is_none());
        living.map(|end| end.deadline.min(end.next_action())).chain(arrivals).min().unwrap()
    }

    /// Returns the latest time at which everything must be over.
    fn latest(&self) -> u64 {
        let worst = |pipe: &Pipe| pipe.worst(20_000);
        let bound = |end: &End| 3 * end.bound();
        10_000 + self.pipes.iter().map(worst).chain(self.ends.iter().map(bound)).sum::<u64>()
    }

    fn check(&self) {
        let [client, server] = &self.ends;
        for (from, to) in [(client, server), (server, client)] {
            assert!(from.sent.starts_with(&to.received), "what arrives is what was sent, in order");
            if self.kind == Kind::Healthy {
                assert_eq!(from.outcome, Some(Outcome::Done), "a false alarm");
                assert_eq!(from.sent.len(), to.received.len(), "all arrives");
            }
        }
    }
}

fn pipes(kind: Kind, random: &mut Random) -> [Pipe; 2] {
    let both = random.chance(50);
    let only = random.between(0, 1);
    let at = random.between(0, 9_000);
    let mut i = 0;
    [(); 2].map(|()| {
        let mut pipe = Pipe::new();
        // Bytes in flight need room in the buffer, so a small buffer makes a slow pipe.
        let least = if kind == Kind::Healthy { 100 } else { 1 };
        pipe.capacity = random.between(least, 1500) as usize;
        pipe.packet = random.between(10, 200) as usize;
        pipe.latency = random.between(0, 50);
        pipe.micros_a_byte = random.between(1, 50);
        let is_hit = both || only == i;
        i += 1;
        let stall_for = match kind {
            Kind::Healthy => 300,
            Kind::Stalling if is_hit => 15_000,
            _ => 0,
        };
        let mut from = random.between(0, 5_000);
        while stall_for > 0 && from < 12_000 {
            let to = from + random.between(1, stall_for);
            pipe.stalls.push((from, to));
            from = to + random.between(1_000, 5_000);
        }
        match kind {
            Kind::Slow => pipe.micros_a_byte = random.between(1_000, 20_000),
            Kind::BlackHole if is_hit => pipe.cut = Some(Cut::BlackHole(at)),
            Kind::Breaking => pipe.cut = Some(Cut::Break(at)),
            _ => {}
        }
        pipe
    })
}

/// What has happened in all schedules together.
#[derive(Default)]
struct Tally {
    messages: usize,
    outcomes: BTreeMap<String, u32>,
}

impl Tally {
    fn add(&mut self, schedule: &Schedule) {
        for end in &schedule.ends {
            self.messages += end.received.len();
            let expired = end.expired.iter().map(|why| format!("{why:?}"));
            let outcome = format!("{:?}, {:?}", schedule.kind, end.outcome.unwrap());
            for what in expired.chain([outcome]) {
                *self.outcomes.entry(what).or_default() += 1;
            }
        }
    }

    fn assert_all_has_happened(&self) {
        println!("{} messages, {:#?}", self.messages, self.outcomes);
        for what in ["NoPong", "WriteStalled", "CloseTimeout", "MessageTimeout"] {
            assert!(self.outcomes.get(what).is_some_and(|count| *count >= 100), "{what}");
        }
        for kind in KINDS {
            assert!(self.outcomes[&format!("{kind:?}, Done")] >= 1000, "{kind:?}");
        }
    }
}

/// Prints the seed if the thread panics.
struct SeedOnPanic(u64);

impl Drop for SeedOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}", self.0);
        }
    }
}
