# shellcheck shell=bash disable=SC2034
# Sourced by .ci/autobahn and .ci/interop: starts programs that listen, and ends them with the script.
#
#   start COMMAND [ARGUMENT]...      sets $server to its process and $url to the address that it says
#   next_url                         sets $url to the next address that it says
#   start_echo_server [OPTION]...    the echo_server example; $url is ws:, and $secure_url is wss:
#   build_example NAME...            for release
#   missing WHAT                     of .ci/missing.sh
#
# $scratch is a directory for the time of the script, and $target is cargo's.

# shellcheck source=.ci/missing.sh
. .ci/missing.sh

target=${CARGO_TARGET_DIR:-target}
scratch=$(mktemp -d)
servers=()

clean_up() {
    if [ ${#servers[@]} -gt 0 ]; then kill "${servers[@]}" 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# A program takes any free port, and says in a line "listening on URL" which: no port is fixed, and
# nobody waits longer than it takes.
start() {
    local fifo=$scratch/${#servers[@]}
    mkfifo "$fifo"
    "$@" >"$fifo" &
    server=$!
    servers+=("$server")
    exec {server_output}<"$fifo"
    next_url
}

next_url() {
    local line=
    read -r -t 30 -u "$server_output" line || true
    case $line in
        "listening on ws"*) url=${line#listening on } ;;
        *) echo "a server did not say where it listens, but: '$line'" >&2; exit 1 ;;
    esac
}

start_echo_server() {
    start "$target/release/examples/echo_server" --listen 127.0.0.1:0 --listen-tls 127.0.0.1:0 \
        --cert-out "$scratch/cert.pem" "$@"
    local plain_url=$url
    next_url
    secure_url=$url url=$plain_url
}

build_example() { cargo build --release --all-features "${@/#/--example=}"; }
