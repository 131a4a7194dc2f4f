#!/usr/bin/env bash
# curl as a client of hyper_page_and_echo: curl_client.sh HTTP-URL HTTPS-URL CA
set -euo pipefail

url=$1 secure_url=$2 ca=$3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ask() { curl --silent --show-error --max-time 60 --cacert "$ca" "$@"; }

# Gets the page, and compares the version of HTTP, the status, and the title.
expect_page() {
    local version=$1
    shift
    local got
    got=$(ask --output "$scratch/page" --write-out '%{http_version} %{http_code}' "$@")
    expect "$version 200" "$got"
    grep -q '<title>Echo</title>' "$scratch/page"
}

# Gets the path of the WebSocket without asking for one, and compares the status and a header.
expect_refusal() {
    local status=$1 header=$2
    shift 2
    ask --output /dev/null --dump-header "$scratch/head" "$@"
    expect "$status" "$(head -n 1 "$scratch/head" | cut -d' ' -f1,2)"
    grep -qix "$header"$'\r' "$scratch/head" || { cat "$scratch/head" >&2; exit 1; }
}

# Upgrades by hand. curl takes the 101 for an interim response, and waits for another one that never
# comes, so it is ended once the head is here. Of what it prints, it only writes the trace at once.
expect_upgrade() {
    coproc upgrade {
        exec curl --silent --verbose --http1.1 --cacert "$ca" --header "Connection: Upgrade" \
            --header "Upgrade: websocket" --header "Sec-WebSocket-Version: 13" \
            --header "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" "$@" 2>&1
    }
    # shellcheck disable=SC2154
    local process=$upgrade_PID line=
    : >"$scratch/head"
    while IFS= read -r -t 30 line <&"${upgrade[0]}" && [ "${line%$'\r'}" != "< " ]; do
        echo "${line%$'\r'}" >>"$scratch/head"
    done
    kill "$process"
    wait "$process" || true
    # The answer to this key, RFC 6455 §1.3.
    for expected in "HTTP/1.1 101 Switching Protocols" "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; do
        grep -qixF "< $expected" "$scratch/head" || { cat "$scratch/head" >&2; exit 1; }
    done
}

expect() {
    if [ "$1" != "$2" ]; then echo "'$2' is not '$1'" >&2; exit 1; fi
}

expect_page 1.1 --http1.1 "$url"
expect_page 2 --http2-prior-knowledge "$url"
expect_page 1.1 --http1.1 "$secure_url"
expect_page 2 --http2 "$secure_url"
for address in "$url" "$secure_url"; do
    expect_refusal "HTTP/1.1 426" "upgrade: websocket" --http1.1 "${address}echo"
    expect_upgrade "${address}echo"
done
expect_refusal "HTTP/2 405" "allow: CONNECT" --http2 "${secure_url}echo"
expect_refusal "HTTP/2 405" "allow: CONNECT" --http2-prior-knowledge "${url}echo"
echo "  $(curl --version | head -n 1 | cut -d' ' -f1,2), client: the page, refusals and the upgrade, HTTP/1.1 and HTTP/2"
