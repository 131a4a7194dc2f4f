#!/bin/bash -eu
# Builds every fuzz target for OSS-Fuzz, with its seeds and its dictionary. OSS-Fuzz sets SRC and OUT. To run it by
# hand, with the nightly toolchain, cargo-fuzz and zip:
#
#   SRC=$(dirname "$PWD") OUT=/tmp/out fuzz/oss-fuzz/build.sh         in a clone that is called sansock
cd "$SRC/sansock"

cargo +nightly fuzz build --release --debug-assertions
for file in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$file" .rs)
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
    zip --quiet --junk-paths "$OUT/${target}_seed_corpus.zip" "fuzz/seeds/$target/"*
    dictionary=fuzz/dictionaries/$target.dict
    [ -f "$dictionary" ] || dictionary=fuzz/dictionaries/frames.dict
    cp "$dictionary" "$OUT/$target.dict"
done
