//! What a hostile peer may send, to run under a counter of instructions: `.ci/linear`. The list is
//! in `tests/support/attacks`.

#[path = "../tests/support/attacks/mod.rs"]
mod attacks;
#[path = "../tests/support/counting.rs"]
mod counting;
#[path = "../tests/support/mod.rs"]
mod support;

fn main() {
    attacks::count::main(&attacks::doors::DOORS);
}
