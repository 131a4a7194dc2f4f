//! One message to many.

use crate::program::Program;

#[test]
fn all_receivers_get_every_message() {
    let ended = Program::start("many_receivers", &["50", "3"]).end();
    let mut lines = ended.output.lines();
    assert_eq!(lines.next(), Some("50 receivers, 3 rounds"), "{ended:?}");
    for (len, how) in [
        ("  125 B", "encoded once"),
        ("  125 B", "encoded for each"),
        ("16384 B", "encoded once"),
        ("16384 B", "encoded for each"),
    ] {
        let line = lines.next().unwrap();
        assert!(line.starts_with(&format!("{len}, {how}")), "{line}");
    }
    assert_eq!((ended.errors.as_str(), ended.status), ("", Some(0)));
}
