# shellcheck shell=bash
# Sourced by .ci/targets, .ci/address-sanitizer and .ci/miri:
#
#   narrow DIRECTORY     makes a package of this package's sources and tests/it. Its only
#                        dev-dependencies are those of its tests: the others do not build for every
#                        target

narrow() {
    local directory=$1
    rm -rf "$directory"
    mkdir -p "$directory/tests"
    ln -s "$PWD/src" "$PWD/docs" "$PWD/README.md" "$directory/"
    cp Cargo.lock "$directory/"
    cp -r tests/it tests/support tests/verdicts "$directory/tests/"
    awk '
        /^\[/ { section = $0 }
        section ~ /^\[\[|^\[profile|^\[workspace/ { next }
        section ~ /dev-dependencies\]$/ && /^[a-z]/ && $1 !~ /^(miniz_oxide|proptest)$/ { next }
        { print }
        END { print "\n[workspace]" }
    ' Cargo.toml >"$directory/Cargo.toml"
}
