//! Short random cases, by the thousand: a fuzzer that starts from seeds takes long to find which few
//! steps two tasks have to take at once.

use std::num::NonZeroU8;

use super::script::End;
use super::{Case, Mode};

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) % end
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte()).collect()
    }
}

#[test]
fn short_random_cases_find_nothing() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for n in 0..CASES {
        let [calls, reads, writes, frames, rest] = [12, 5, 12, 6, 4].map(|most| random.bytes(most));
        let case = Case {
            is_server: random.below(2) == 0,
            mode: MODES[random.below(5) as usize],
            has_timeouts: random.below(5) == 0,
            max_output: NonZeroU8::new(random.byte()),
            fragment_size: NonZeroU8::new(random.byte()),
            unread: random.below(8) as u8,
            end: [End::Eof, End::Eof, End::Error, End::Silence][random.below(4) as usize],
            calls: &calls,
            reads: &reads,
            writes: &writes,
            has_buffer: random.below(2) == 0,
            frames: &frames,
            rest: &rest,
        };
        let shown = format!("case {n}: {case:?}");
        let outcome = std::panic::catch_unwind(|| super::run(case));
        assert!(outcome.is_ok(), "{shown}");
    }
}

const MODES: [Mode; 5] = [Mode::Whole, Mode::Halves, Mode::Halves, Mode::Reunited, Mode::Shared];

const CASES: u32 = 400_000;
