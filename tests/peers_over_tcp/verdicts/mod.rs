//! What peers that are Rust crates make of the streams and heads in `tests/verdicts`, in memory.

mod fastwebsockets;
mod tokio_websockets;
mod tungstenite;

use std::future::Future;

use crate::corpus::{self, Case};
use crate::differences::{Pair, complaints, verdict};
use crate::support::{config, receive};
use sansock::{Connection, Role};

const STREAMS: &str = include_str!("../../verdicts/streams.txt");

/// Compares our verdicts with those of this peer.
fn compare(
    table: &str,
    peer: &str,
    cases: &[Case],
    ours: impl Fn(&Case) -> String,
    theirs: impl Fn(&Case) -> String,
) {
    let pairs = cases.iter().map(|case| Pair {
        key: case.key.clone(),
        ours: ours(case),
        theirs: theirs(case),
    });
    let wrong = complaints(table, peer, &pairs.collect::<Vec<_>>());
    assert!(wrong.is_empty(), "{wrong}");
}

fn compare_streams(peer: &str, theirs: impl Fn(&Case) -> String) {
    let ours = |case: &Case| {
        let role = if is_server(case) { Role::Server } else { Role::Client };
        verdict(&receive(&mut Connection::new(config(role)), &[&case.bytes]))
    };
    compare("Frames", peer, &corpus::streams("", STREAMS), ours, theirs);
}

/// Does the same with a peer that needs a runtime.
fn compare_streams_on_tokio<F: Future<Output = String>>(peer: &str, theirs: impl Fn(Case) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    compare_streams(peer, |case| runtime.block_on(theirs(case.clone())));
}

fn is_server(case: &Case) -> bool {
    case.key.starts_with("server ")
}
