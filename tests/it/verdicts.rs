//! The corpora of `tests/verdicts`: what we make of each case, compared with the recorded verdicts
//! of other implementations.

use crate::corpus::{self, Case};
use crate::differences::{complaints, pairs, verdict};
use crate::support::{assert_sees, config, connection, receive};
use sansock::Role;

const STREAMS: &str = include_str!("../verdicts/streams.txt");

/// Each peer and what was recorded of it.
const PEERS: [(&str, &str); 3] = [
    ("websockets", include_str!("../verdicts/websockets.txt")),
    ("wsproto", include_str!("../verdicts/wsproto.txt")),
    ("ws", include_str!("../verdicts/ws.txt")),
];

/// Returns the receiver that the key names.
pub(crate) fn role(key: &str) -> Role {
    if key.contains("server ") { Role::Server } else { Role::Client }
}

/// Compares our verdicts with those of all peers. `kinds` are the first words of the keys.
pub(crate) fn compare(
    table: &str,
    kinds: &[&str],
    cases: &[Case],
    judge: impl Fn(&Case) -> String,
) {
    let ours: Vec<String> = cases.iter().map(judge).collect();
    let of_peer = |(peer, recorded)| {
        let ours = cases.iter().zip(ours.iter().map(String::as_str));
        complaints(table, peer, &pairs(recorded, kinds, ours))
    };
    let wrong: String = PEERS.into_iter().map(of_peer).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn streams_are_judged_like_peers_do_unless_a_reason_is_listed() {
    let cases = corpus::streams("", STREAMS);
    compare("Frames", &["server", "client"], &cases, |case| {
        verdict(&receive(&mut connection(role(&case.key)), &[&case.bytes]))
    });
}

#[test]
fn streams_are_judged_the_same_however_they_are_cut() {
    // Longer ones take long, and `vectors` and `utf8` have some.
    for case in corpus::streams("", STREAMS).into_iter().filter(|case| case.bytes.len() < 512) {
        let role = role(&case.key);
        let whole = receive(&mut connection(role), &[&case.bytes]);
        assert_sees(&config(role), &case.bytes, &whole);
    }
}
