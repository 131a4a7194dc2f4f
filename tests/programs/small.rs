//! The small examples, each of which shows one thing.

use crate::program::Program;

/// Returns what an example prints.
fn output(name: &str) -> String {
    let ended = Program::start(name, &[]).end();
    assert_eq!((ended.status, &*ended.errors), (Some(0), ""), "{name}");
    ended.output
}

#[test]
fn each_prints_what_it_shows() {
    let messages =
        "1300010 bytes written, 0 bytes queued\n1300000 bytes received, borrowed: true\n";
    assert_eq!(output("borrowed"), messages);
    let both = "server: 16777216 bytes came while 16777216 went\n\
        client: 16777216 bytes came while 16777216 went\n";
    assert_eq!(output("both_ways"), both);
    let clients = "10000 clients, 50020000 bytes written, 50020000 bytes wait in one buffer\n";
    assert_eq!(output("broadcast"), clients);
    assert_eq!(output("fragments"), "ping: still here\nThe result is 42\n");
    let moved = "36 bytes are still to be written\na message that the first transport brings only in part\n";
    assert_eq!(output("handover"), moved);
    let end = "client: Code(CloseCode(1000)), server: Code(CloseCode(1000))\n";
    assert!(output("in_memory").ends_with(end));
    let streamed = "268435456 bytes were received, and never more than 0 bytes were stored\n";
    assert_eq!(output("streaming"), streamed);
}
