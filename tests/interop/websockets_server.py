"""Python's websockets as a server: python websockets_server.py [CERT KEY]

Prints "listening on URL". Leads any client through the steps of the Autobahn testsuite:
/getCaseCount returns the number of cases, /runCase?case=N runs one with a client that echoes, and
/updateReports ends the run, with status 0 if all cases passed. At every other path it echoes.
"""

import asyncio
import functools
import os
import ssl
import sys
import traceback
from urllib.parse import parse_qs, urlsplit

import websockets
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16_000_000]


async def text_and_binary_of_every_length_class(ws):
    for length in LENGTHS:
        text, data = "ä" * (length // 2) + "x" * (length % 2), os.urandom(length)
        await ws.send(text)
        assert await ws.recv() == text, f"text of {length}"
        await ws.send(data)
        assert await ws.recv() == data, f"binary of {length}"


async def fragments_are_a_message(ws):
    await ws.send(["one ", "", "two ", "thr", "ée"])
    assert await ws.recv() == "one two thrée"
    await ws.send(bytes([i]) for i in range(256))
    assert await ws.recv() == bytes(range(256))


async def pings_are_answered(ws):
    for payload in [b"", b"there?", b"x" * 125]:
        await asyncio.wait_for(await ws.ping(payload), 10)


async def a_close_is_answered_with_its_code(code, reason, ws):
    await ws.close(code, reason)
    assert (ws.close_code, ws.protocol.close_rcvd.code) == (code, code)


async def a_transport_may_vanish(ws):
    await ws.send("hello")
    assert await ws.recv() == "hello"
    ws.transport.abort()
    await ws.wait_closed()


CLOSES = [(1000, ""), (1001, "bye"), (1011, "ä" * 61), (3000, "x"), (4999, "x" * 123)]
CASES = [
    text_and_binary_of_every_length_class,
    fragments_are_a_message,
    pings_are_answered,
    *(functools.partial(a_close_is_answered_with_its_code, *close) for close in CLOSES),
    a_transport_may_vanish,
]


async def run_case(ws, number, passed):
    case = CASES[number - 1]
    try:
        await asyncio.wait_for(case(ws), 60)
        passed.add(number)
    except Exception:
        traceback.print_exc()


async def main(cert=None, key=None):
    context, passed, over = None, set(), asyncio.Event()
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)

    async def handle(ws):
        url = urlsplit(ws.request.path)
        if url.path == "/getCaseCount":
            await ws.send(str(len(CASES)))
        elif url.path == "/runCase":
            await run_case(ws, int(parse_qs(url.query)["case"][0]), passed)
        elif url.path == "/updateReports":
            over.set()
        else:
            try:
                async for message in ws:
                    await ws.send(message)
            except ConnectionClosed:
                pass

    async with serve(handle, "127.0.0.1", 0, ssl=context, max_size=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"listening on {'wss' if cert else 'ws'}://localhost:{port}", flush=True)
        await over.wait()
    scheme = "wss" if cert else "ws"
    summary = f"{len(passed)} of {len(CASES)} cases"
    print(f"  websockets {websockets.__version__}, {scheme}, server: {summary}", file=sys.stderr)
    return len(passed) != len(CASES)


sys.exit(asyncio.run(main(*sys.argv[1:])))
