//! Verdicts on the corpora of `tests/verdicts`, and the table of differences in
//! docs/CONFORMANCE.md.
#![allow(dead_code, reason = "each program uses what it needs")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::corpus::{Case, fingerprint};
use crate::support::Seen;

/// What we and a peer make of one case.
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) ours: String,
    pub(crate) theirs: String,
}

/// A row of the table: why the verdicts on some cases differ.
struct Row {
    text: &'static str,
    cases: Vec<&'static str>,
    peers: Vec<&'static str>,
    ours: Vec<&'static str>,
    theirs: Vec<&'static str>,
}

/// All peers, so that no row names another one, whose verdicts no test would look at.
const PEERS: [&str; 6] =
    ["websockets", "wsproto", "ws", "tungstenite", "fastwebsockets", "tokio-websockets"];

const PAGE: &str = include_str!("../../docs/CONFORMANCE.md");
const TITLE: &str = "## Where peers judge otherwise";
const COLUMNS: &str = "| case | ours | peer | its verdict | section | right |";

/// Returns what `seen` is in a file of verdicts.
pub(crate) fn verdict(seen: &[Seen]) -> String {
    let mut parts: Vec<String> = seen.iter().map(part).collect();
    if !matches!(seen.last(), Some(Seen::Close(..) | Seen::Failed(..))) {
        parts.push("open".into());
    }
    parts.join(", ")
}

fn part(seen: &Seen) -> String {
    match seen {
        Seen::Text(text) => payload("text", text.as_bytes()),
        Seen::Binary(data) => payload("binary", data),
        Seen::Ping(data) => payload("ping", data),
        Seen::Pong(data) => payload("pong", data),
        Seen::Close(None, _) => "close".into(),
        Seen::Close(Some(code), reason) => payload(&format!("close {code}"), reason.as_bytes()),
        Seen::Failed(violation, _) => format!("fail {}", violation.close_code()),
    }
}

/// Returns an event with this payload, as in a file of verdicts.
pub(crate) fn payload(kind: &str, bytes: &[u8]) -> String {
    if bytes.len() > 32 {
        return format!("{kind} {} bytes {:08x}", bytes.len(), fingerprint(bytes));
    }
    let mut quoted = String::new();
    for &byte in bytes {
        if matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\' {
            quoted.push(byte.into());
        } else {
            write!(quoted, "\\x{byte:02x}").unwrap();
        }
    }
    format!("{kind} \"{quoted}\"")
}

/// Returns the pairs of our verdicts and those in `file`, which must be on these cases and no
/// others of `kinds`, the first words of their keys.
pub(crate) fn pairs<'a>(
    file: &str,
    kinds: &[&str],
    ours: impl Iterator<Item = (&'a Case, &'a str)>,
) -> Vec<Pair> {
    let is_of_kind = |line: &&str| kinds.iter().any(|&kind| line.split(' ').next() == Some(kind));
    let mut lines = file.lines().filter(is_of_kind);
    let pairs = ours.map(|(case, ours)| {
        let start = format!("{} {:08x}: ", case.key, fingerprint(&case.bytes));
        let theirs = lines.next().and_then(|line| line.strip_prefix(&start));
        let theirs = theirs.unwrap_or_else(|| panic!("no verdict: record `{start}` again"));
        Pair { key: case.key.clone(), ours: ours.into(), theirs: theirs.into() }
    });
    let pairs = pairs.collect();
    assert_eq!(lines.next(), None, "a verdict on no case: record again");
    pairs
}

/// Returns what is wrong with the table of this title: pairs whose verdicts differ and that have no
/// row, and rows for which no verdicts differ.
pub(crate) fn complaints(table: &str, peer: &str, pairs: &[Pair]) -> String {
    let rows: Vec<Row> = rows(table).filter(|row| row.peers.contains(&peer)).collect();
    let mut used = BTreeSet::new();
    let mut wrong = String::new();
    for pair in pairs.iter().filter(|pair| pair.ours != pair.theirs) {
        let reasons: Vec<_> = rows.iter().filter_map(|row| row.explains(pair)).collect();
        if reasons.len() != 1 {
            let Pair { key, ours, theirs } = pair;
            let count = reasons.len();
            writeln!(wrong, "{count} rows for {key}: we `{ours}`, {peer} `{theirs}`").unwrap();
        }
        used.extend(reasons.into_iter().flatten());
    }
    for row in rows {
        for pattern in row.cases.iter().chain(&row.ours).chain(&row.theirs) {
            if !used.contains(&(row.text, *pattern)) {
                writeln!(wrong, "no difference of {peer} is `{pattern}` in: {}", row.text).unwrap();
            }
        }
    }
    wrong
}

/// Returns the rows below this title in the section.
fn rows(table: &str) -> impl Iterator<Item = Row> {
    let (_, section) = PAGE.split_once(TITLE).expect("the page has the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let tables = section.split("\n### ").find_map(|part| part.strip_prefix(table));
    let section = tables.unwrap_or_else(|| panic!("the section has no table {table}"));
    assert!(section.contains(COLUMNS), "the columns are known");
    let lines = section.lines().filter(|line| line.starts_with("| `"));
    lines.map(|text| {
        let cells: Vec<_> = text.trim_matches('|').split('|').map(str::trim).collect();
        let [cases, ours, peers, theirs, section, right] = cells[..] else {
            panic!("a row of other columns: {text}");
        };
        assert!(section.contains("RFC "), "a row names a section: {text}");
        assert!(["both", "peer", "sansock"].contains(&right), "a row says who is right: {text}");
        let peers: Vec<_> = peers.split(", ").collect();
        assert!(peers.iter().all(|peer| PEERS.contains(peer)), "an unknown peer: {text}");
        Row { text, cases: code(cases), peers, ours: code(ours), theirs: code(theirs) }
    })
}

/// Returns what stands in backticks.
fn code(cell: &'static str) -> Vec<&'static str> {
    cell.split('`').skip(1).step_by(2).collect()
}

impl Row {
    /// Returns the patterns that match this pair, if the row is about it.
    fn explains(&self, pair: &Pair) -> Option<[(&'static str, &'static str); 3]> {
        let (_, name) = pair.key.split_once(' ')?;
        let find = |patterns: &[&'static str], text: &str| {
            patterns.iter().copied().find(|pattern| matches(pattern, text))
        };
        let case = find(&self.cases, &pair.key).or_else(|| find(&self.cases, name))?;
        let ours = find(&self.ours, &pair.ours)?;
        let theirs = find(&self.theirs, &pair.theirs)?;
        Some([case, ours, theirs].map(|pattern| (self.text, pattern)))
    }
}

/// Whether `text` is like `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| matches(rest, &text[at..]))
        }),
    }
}
