# shellcheck shell=bash
# Sourced by the steps that count instructions, after missing.sh:
#
#   ensure_valgrind  installs valgrind if possible; without it, says so and ends the script

ensure_valgrind() {
    if command -v valgrind >/dev/null; then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        local log
        if ! log=$( (apt-get update && apt-get install -y --no-install-recommends valgrind) 2>&1); then
            echo "$log" >&2
        fi
    fi
    if ! command -v valgrind >/dev/null; then
        missing "nothing counted, there is no valgrind here"
        exit 0
    fi
}
