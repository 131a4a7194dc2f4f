# shellcheck shell=bash
# Sourced by .ci/targets and .ci/address-sanitizer:
#
#   narrow DIRECTORY     makes a package of this one's sources, and of those of its tests that need no
#                        dev-dependency but proptest, and no example

narrow() {
    local directory=$1 others test left all
    rm -rf "$directory"
    mkdir -p "$directory"
    ln -s "$PWD/src" "$PWD/README.md" "$directory/"
    cp -rp Cargo.lock tests "$directory/"
    rm -rf "$directory/tests/bare_metal"
    awk '
        /^\[/ { section = $0 }
        section ~ /^\[\[|^\[profile/ { next }
        section == "[dev-dependencies]" && /^[a-z]/ && $1 != "proptest" { next }
        { print }
        END { print "\n[workspace]" }
    ' Cargo.toml >"$directory/Cargo.toml"

    others=$(awk '
        /^\[/ { section = $0 }
        section == "[dev-dependencies]" && /^[a-z]/ && $1 != "proptest" { gsub("-", "_", $1); print $1 }
    ' Cargo.toml | paste -sd'|')
    for test in "$directory"/tests/*; do
        if grep -rqE "\b($others)::|\bexamples\b" "$test"; then rm -r "$test"; fi
    done
    left=$(count_tests "$directory/tests")
    all=$(count_tests tests)
    echo "$left of $all tests"
    if [ "$left" -lt $((all / 2)) ]; then
        echo "most tests need more than proptest: keep those apart that do" >&2
        exit 1
    fi
}

count_tests() { grep -rE '#\[(tokio::)?test' "$1" --include='*.rs' | wc -l; }
