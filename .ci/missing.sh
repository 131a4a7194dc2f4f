# shellcheck shell=bash
# Sourced by the steps that need more than cargo:
#
#   missing WHAT     prints what is not shown here and why; in CI (CI=true) the script fails
#   unjudged WHAT    prints what runs but is compared with nothing; never fails
#
# Both also append to the file $not_shown, which .ci/run prints at its end.

missing() {
    unjudged "$1"
    if [ -n "${CI:-}" ]; then exit 1; fi
}

unjudged() {
    local what
    what="$(basename "$0"): $1"
    echo "$what" >&2
    if [ -n "${not_shown:-}" ]; then echo "$what" >>"$not_shown"; fi
}
