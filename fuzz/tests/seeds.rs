//! Every committed seed passes its target, on any toolchain and without libFuzzer:
//! `cargo test --no-default-features`.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use sansock_fuzz::targets::ALL;

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
