# shellcheck shell=bash
# Sourced by the steps that need more than cargo:
#
#   missing WHAT     says what is not shown here and why; in CI (CI=true) the script fails
#   unjudged WHAT    says what is done but compared with nothing; that fails nowhere
#
# .ci/run names both again at its end: it reads them from the file $not_shown.

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
