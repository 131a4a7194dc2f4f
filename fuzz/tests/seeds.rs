//! Every committed seed passes its target, on any toolchain and without libFuzzer:
//! `cargo test --no-default-features`.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use sansock_fuzz::targets::ALL;

#[path = "../../tests/support/corpus.rs"]
mod corpus;

#[test]
fn every_seed_passes_its_target() {
    let mut failed = Vec::new();
    for (target, run) in ALL {
        let seeds = names(&format!("seeds/{target}"));
        assert!(!seeds.is_empty(), "{target} has no seeds");
        for seed in seeds {
            let bytes = fs::read(format!("seeds/{target}/{seed}")).expect("it was listed");
            if catch_unwind(|| run(&bytes)).is_err() {
                failed.push(format!("{target}/{seed}"));
            }
        }
    }
    assert!(failed.is_empty(), "these seeds failed: {}", failed.join(" "));
}

#[test]
fn every_stream_that_peers_have_judged_passes() {
    let (_, receive) = ALL.iter().find(|(target, _)| *target == "receive").expect("a target");
    for (name, bytes) in judged_streams() {
        assert!(catch_unwind(|| receive(&bytes)).is_ok(), "{name}");
    }
}

/// Writes the same streams for libFuzzer.
#[test]
#[ignore = "writes files to corpus/receive"]
fn write_every_stream_that_peers_have_judged() {
    fs::create_dir_all("corpus/receive").expect("a place for files");
    for (name, bytes) in judged_streams() {
        fs::write(format!("corpus/receive/{name}"), bytes).expect("a file can be written");
    }
}

/// Returns the streams of `tests/verdicts` as seeds of the target `receive`, and their names.
fn judged_streams() -> impl Iterator<Item = (String, Vec<u8>)> {
    let streams = include_str!("../../tests/verdicts/streams.txt");
    corpus::streams("", streams).into_iter().map(|case| {
        // The options, which have a bit for long streams, and four lengths of reads.
        let is_long = case.bytes.len() > 1 << 10;
        let options = u8::from(case.key.starts_with("client")) | if is_long { 4 } else { 0 };
        let seed = [&[options, 0, 2, 6, 0][..], &case.bytes].concat();
        (case.key.replace(' ', "-"), seed)
    })
}

#[test]
fn every_target_is_run_by_libfuzzer_and_has_seeds() {
    let targets: BTreeSet<_> = ALL.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(targets, names("seeds"));
    let files = names("fuzz_targets");
    let of_files: BTreeSet<_> = files.iter().map(|file| file.replace(".rs", "")).collect();
    assert_eq!(targets, of_files);
}

/// Returns the names of what is in a directory of this package.
fn names(dir: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(Path::new(dir)).expect("the directory exists");
    entries
        .map(|entry| entry.expect("it is there").file_name().into_string().expect("a name"))
        .collect()
}
