//! What each target does with a case. The files in `fuzz_targets` pass libFuzzer's cases to them, and
//! `tests/seeds.rs` passes the committed ones.

use arbitrary::{Arbitrary, Unstructured};

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        /// The name of each target, and what it does with the bytes that stand for a case.
        pub const ALL: &[(&str, fn(&[u8]))] = &[
            $((stringify!($name), |bytes| run_bytes(bytes, $name::run))),*
        ];
    };
}

targets!(
    doors,
    endpoint,
    handshake,
    header_round_trip,
    inflate,
    mask,
    negotiation,
    receive,
    relay,
    sending,
    timers,
    tokio_stream,
    uri,
    utf8,
);

/// Runs the case that `bytes` stand for, as libFuzzer does. If they stand for none, does nothing.
fn run_bytes<'a, C: Arbitrary<'a>>(bytes: &'a [u8], run: impl FnOnce(C)) {
    if let Ok(case) = C::arbitrary_take_rest(Unstructured::new(bytes)) {
        run(case);
    }
}
