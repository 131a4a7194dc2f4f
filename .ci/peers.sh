# shellcheck shell=bash disable=SC2034
# Sourced by .ci/autobahn and .ci/interop: starts programs that listen, and ends them with the script.
#
#   start COMMAND [ARGUMENT]...      sets $server to its process and $url to the address that it prints
#   next_url                         sets $url to the next address that it prints
#   start_echo_server [OPTION]...    the echo_server example; $url is ws:, and $secure_url is wss:
#   start_tokio_echo                 the wss_echo example of sansock-tokio; the same variables
#   start_pages                      the hyper_page_and_echo example of sansock-tokio; the same
#                                    variables, with http: and https:
#   build_example NAME...            builds examples for release
#   missing WHAT                     from .ci/missing.sh
#
# $scratch is a directory that exists as long as the script. $target is cargo's target directory.

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

# A program takes any free port, and prints it in a line "listening on URL". So no port is fixed,
# and the script waits no longer than necessary.
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
        "listening on ws"* | "listening on http"*) url=${line#listening on } ;;
        *) echo "a server did not say where it listens, but: '$line'" >&2; exit 1 ;;
    esac
}

start_echo_server() {
    start_both "$target/release/examples/echo_server" --listen 127.0.0.1:0 --listen-tls 127.0.0.1:0 \
        --cert-out "$scratch/cert.pem" "$@"
}

start_tokio_echo() {
    start_both "$target/release/examples/wss_echo" 127.0.0.1:0 127.0.0.1:0 "$scratch/cert.pem"
}

start_pages() {
    start_both "$target/release/examples/hyper_page_and_echo" 127.0.0.1:0 127.0.0.1:0 "$scratch/cert.pem"
}

start_both() {
    start "$@"
    local plain_url=$url
    next_url
    secure_url=$url url=$plain_url
}

build_example() { cargo build --release --all-features "${@/#/--example=}"; }
