#!/usr/bin/env bash
# OpenSSL as the peer of the examples, in both roles and versions of TLS: openssl.sh EXAMPLES-DIRECTORY
#
# `s_client` and `s_server` move bytes, so the WebSocket is written here by hand. The authority, the
# certificates and the list of revocations are made by OpenSSL too, as an operator would make them.
set -euo pipefail

examples=$1
versions=(-tls1_2 -tls1_3)
scratch=$(mktemp -d)
processes=()

clean_up() {
    if [ ${#processes[@]} -gt 0 ]; then kill "${processes[@]}" 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap clean_up EXIT

fail() {
    echo "$1" >&2
    tail -n 20 "$scratch"/*.log >&2
    exit 1
}

expect() {
    if [ "$1" != "$2" ]; then fail "'$2' is not '$1'"; fi
}

# Runs openssl. What it says is only shown if it fails.
quietly() {
    openssl "$@" >"$scratch/openssl.log" 2>&1 || fail "openssl $1 failed"
}

# Returns the next bytes of a file descriptor in hexadecimal digits.
bytes() { timeout 30 head -c "$2" <&"$1" | od -An -v -tx1 | tr -d ' \n'; }

# Sets $out and $in to duplicates of a coprocess's descriptors, which are closed in subshells.
duplicate() {
    local first=$1 second=$2
    exec {out}<&"$first" {in}>&"$second" {first}<&- {second}>&-
}

# Reads a line that ends in CR LF.
read_line() {
    IFS= read -r -t 30 line <&"$1" || fail "no line of a head"
    line=${line%$'\r'}
}

# Makes ca.pem, and a certificate NAME.pem with its key for each name.
make_authority() {
    cat >"$scratch/ca.conf" <<CONFIG
[ca]
default_ca = private
[private]
database = $scratch/index.txt
crlnumber = $scratch/crl-number
default_md = sha256
default_crl_days = 1
[req]
distinguished_name = name
prompt = no
[name]
CN = private authority
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = keyCertSign, cRLSign
subjectKeyIdentifier = hash
CONFIG
    : >"$scratch/index.txt"
    echo 01 >"$scratch/crl-number"
    quietly req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
        -keyout "$scratch/ca-key.pem" -out "$scratch/ca.pem" -config "$scratch/ca.conf" -extensions authority
    for name in localhost alice mallory; do
        quietly req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config "$scratch/ca.conf" \
            -subj "/CN=$name" -keyout "$scratch/$name-key.pem" -out "$scratch/$name.csr"
        printf 'subjectAltName = DNS:%s\nbasicConstraints = critical, CA:FALSE\n' "$name" >"$scratch/san.conf"
        quietly x509 -req -in "$scratch/$name.csr" -CA "$scratch/ca.pem" -CAkey "$scratch/ca-key.pem" \
            -CAcreateserial -days 1 -extfile "$scratch/san.conf" -out "$scratch/$name.pem"
    done
}

# Writes crl.pem: the list of these names.
revoke() {
    local name
    for name in "$@"; do
        quietly ca -config "$scratch/ca.conf" -cert "$scratch/ca.pem" -keyfile "$scratch/ca-key.pem" \
            -revoke "$scratch/$name.pem"
    done
    quietly ca -config "$scratch/ca.conf" -cert "$scratch/ca.pem" -keyfile "$scratch/ca-key.pem" \
        -gencrl -out "$scratch/new.pem"
    mv "$scratch/new.pem" "$scratch/crl.pem"
}

# Starts the echo server. Sets $address and $server_log.
start_server() {
    mkfifo "$scratch/server"
    server_log=$scratch/server.log
    "$examples/echo_server" --listen-tls 127.0.0.1:0 --cert "$scratch/localhost.pem" \
        --key "$scratch/localhost-key.pem" "$@" >"$scratch/server" 2>"$server_log" &
    processes+=($!)
    local line=
    read -r -t 30 line <"$scratch/server" || true
    rm "$scratch/server"
    address=${line#listening on wss://}
    address=${address%/}
}

# Runs s_client with the server that was started.
s_client() {
    timeout 30 openssl s_client -connect "$address" -servername localhost -CAfile "$scratch/ca.pem" \
        -verify_return_error -verify_hostname localhost "$@"
}

request() {
    printf 'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    printf 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
}

# Sends the request, a text and a Close, and reads what comes back, to the end of TLS.
talk_to_server() {
    coproc client { s_client -quiet -alpn http/1.1 "$@" 2>"$scratch/client.log"; }
    # shellcheck disable=SC2154
    local process=$client_PID in out
    duplicate "${client[@]}"
    request >&"$in"
    read_line "$out"
    expect "HTTP/1.1 101 Switching Protocols" "$line"
    local head=
    while [ -n "$line" ]; do
        read_line "$out"
        head+=$line$'\n'
    done
    # The answer to this key, RFC 6455 §1.3.
    grep -qix "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" <<<"$head" || fail "no answer to the key"
    # The masked text of RFC 6455 §5.7, and its echo.
    printf '\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58' >&"$in"
    expect 810548656c6c6f "$(bytes "$out" 7)"
    # A Close with 1000, and its answer. After that the server ends TLS, and s_client itself.
    printf '\x88\x82\x37\xfa\x21\x3d\x34\x12' >&"$in"
    expect 880203e8 "$(bytes "$out" 4)"
    expect "" "$(bytes "$out" 1)"
    wait "$process" || fail "s_client says that TLS did not end well"
    if grep -qi "unexpected eof" "$scratch/client.log"; then fail "no close_notify"; fi
}

# Checks the line of s_client's report that begins like this.
expect_report() {
    s_client "${@:2}" </dev/null >"$scratch/report.log" 2>&1 || fail "s_client ${*:2} failed"
    grep -q "^ *$1" "$scratch/report.log" || fail "s_client does not report $1"
}

expect_no_protocol() {
    if s_client "$@" -alpn h2 </dev/null >"$scratch/report.log" 2>&1; then fail "h2 was accepted"; fi
    grep -q "no application protocol" "$scratch/report.log" || fail "not refused by ALPN"
}

try_client() {
    start_server
    talk_to_server "$1" -sess_out "$scratch/session"
    expect_report "Reused, TLSv1" "$1" -sess_in "$scratch/session"
    expect_report "ALPN protocol: http/1.1" "$1" -alpn http/1.1
    expect_report "No ALPN negotiated" "$1"
    expect_no_protocol "$1"
}

# Checks that the client with this certificate is refused by an alert, which s_client reads where the
# response would be.
expect_alert() {
    request | s_client -quiet "${@:2}" >"$scratch/response" 2>"$scratch/client.log" &&
        fail "s_client was not refused"
    expect "" "$(cat "$scratch/response")"
    grep -q "alert $1" "$scratch/client.log" || fail "no alert $1"
}

try_certificates() {
    local alice=(-cert "$scratch/alice.pem" -key "$scratch/alice-key.pem")
    local mallory=(-cert "$scratch/mallory.pem" -key "$scratch/mallory-key.pem")
    revoke mallory
    start_server --client-ca "$scratch/ca.pem" --client-crl "$scratch/crl.pem"
    local fingerprint
    fingerprint=$(openssl x509 -in "$scratch/alice.pem" -noout -fingerprint -sha256)
    for version in "${versions[@]}"; do
        talk_to_server "$version" "${alice[@]}"
        grep -qF "request of DNS:alice SHA256:${fingerprint#*=}" "$server_log" || fail "alice is not known"
        : >"$server_log"
        expect_alert "certificate revoked" "$version" "${mallory[@]}"
    done
    revoke alice
    for version in "${versions[@]}"; do
        expect_alert "certificate revoked" "$version" "${alice[@]}"
    done
}

# Runs the example's client with s_server, which prints what it receives and sends what it is written.
talk_to_client() {
    coproc peer {
        exec openssl s_server -accept 127.0.0.1:0 -naccept 1 -cert "$scratch/localhost.pem" \
            -key "$scratch/localhost-key.pem" -alpn http/1.1 "$@" 2>"$scratch/server.log"
    }
    # shellcheck disable=SC2154
    local server=$peer_PID in out
    duplicate "${peer[@]}"
    processes+=("$server")
    line=
    until [ "${line#ACCEPT }" != "$line" ]; do read_line "$out"; done
    mkfifo "$scratch/lines"
    "$examples/client" --ca "$scratch/ca.pem" "wss://localhost:${line##*:}/" <"$scratch/lines" \
        >"$scratch/output.log" 2>"$scratch/client.log" &
    local ours=$!
    exec {lines}>"$scratch/lines"
    rm "$scratch/lines"
    local key=
    until [ "$line" = "GET / HTTP/1.1" ]; do read_line "$out"; done
    while [ -n "$line" ]; do
        read_line "$out"
        if [ "${line%%:*}" = Sec-WebSocket-Key ]; then key=${line#*: }; fi
    done
    local accept
    accept=$(printf '%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11' "$key" | openssl dgst -sha1 -binary | base64)
    # Sent at once, because a read that begins with an S would be a command for s_server.
    printf 'HTTP/1.1 101 Hello\r\n%s\r\n%s\r\nSec-WebSocket-Accept: %s\r\n\r\n\x81\x06w\xc3\xb6rld' \
        "Upgrade: websocket" "Connection: Upgrade" "$accept" >"$scratch/answer"
    cat "$scratch/answer" >&"$in"
    echo hello >&"$lines"
    expect 68656c6c6f "$(unmasked "$out" 8185)"
    exec {lines}>&-
    expect 03e8 "$(unmasked "$out" 8882)"
    # The end of its input ends TLS and s_server.
    printf '\x88\x02\x03\xe8' >&"$in"
    exec {in}>&-
    wait "$ours" || fail "the client did not end well"
    wait "$server" || fail "s_server did not end well"
    expect "wörld" "$(cat "$scratch/output.log")"
    expect "closed: 1000" "$(cat "$scratch/client.log")"
}

# Returns the payload of a masked frame of which these are the first two bytes.
unmasked() {
    local frame len=$((16#${2:2} & 0x7f)) i
    expect "$2" "$(bytes "$1" 2)"
    frame=$(bytes "$1" $((4 + len)))
    for ((i = 0; i < len; i++)); do
        printf '%02x' $((16#${frame:8 + 2 * i:2} ^ 16#${frame:2 * (i % 4):2}))
    done
}

make_authority
for version in "${versions[@]}"; do
    try_client "$version"
    talk_to_client "$version"
done
try_certificates
echo "  $(openssl version | cut -d' ' -f1,2), client and server: messages, sessions, ALPN, close_notify, clients' certificates; TLS 1.2 and 1.3"
