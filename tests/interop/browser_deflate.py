"""permessage-deflate with Chromium as the client: python browser_deflate.py ECHO-SERVER CHROMIUM

Chromium offers what it always offers. The options of the echo server decide what is agreed on.
"""

import sys

import browser
from programs import listening

ECHO_SERVER, CHROMIUM = sys.argv[1:]

# Options of the server, and the agreement that the page sees.
AGREEMENTS = [
    (["--deflate"], ""),
    (
        ["--deflate-window-bits", "10"],
        "; server_max_window_bits=10; client_max_window_bits=10",
    ),
    (
        ["--deflate-no-takeover"],
        "; server_no_context_takeover; client_no_context_takeover",
    ),
]


async def main(devtools_port):
    for options, params in AGREEMENTS:
        address = ["--listen", "127.0.0.1:0", "--subprotocol", "echo"]
        async with listening(ECHO_SERVER, *address, *options) as url:
            page = url.replace("ws://", "http://") + "/"
            async with browser.opened(devtools_port, page) as devtools:
                await browser.echoes(devtools, f"{url}/", f"permessage-deflate{params}")
        print(f"  Chromium: echoes with {' '.join(options)}")


browser.run(CHROMIUM, main)
