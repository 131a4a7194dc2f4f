"""permessage-deflate with Python's websockets in both roles: python deflate_websockets.py EXAMPLES

EXAMPLES is the directory of echo_server, client and relay. Each window and each choice of context
takeover is tried twice: once the peer asks for it, and once our options do. There is no option for
takeover in one direction only, so the peer asks for that in any case.
"""

import asyncio
import functools
import itertools
import os
import random
import re
import sys
from asyncio.subprocess import PIPE

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

from programs import listening

(EXAMPLES,) = sys.argv[1:]
COMBINATIONS = list(itertools.product([9, 10, 12, 15], [False, True], [False, True]))
MAX_WINDOW_BITS = 15
RANDOM = random.Random(7692)


def records(length):
    """Returns text like JSON, which repeats itself as such text does."""
    text = ""
    while len(text) < length:
        price, name = RANDOM.randrange(10_000) / 100, RANDOM.choice(["bolt", "Mutter", "écrou"])
        text += f'{{"id": {RANDOM.randrange(1 << 32)}, "name": "{name}", "price": {price}}}, '
    return text[:length]


# Without an earlier message to refer to, it shrinks by half at most.
SHORT = "".join(RANDOM.choices("0123456789abcdef", k=200))
KIB, LONG, LONGER = records(1 << 10), records(64 << 10), records(300 << 10)
NOISE, MORE_NOISE = RANDOM.randbytes(1000), RANDOM.randbytes(70_000)
MESSAGES = [
    KIB, KIB, "", b"", NOISE, NOISE, LONG, LONG, "", MORE_NOISE, KIB, LONGER, LONGER, SHORT, KIB,
]  # fmt: skip


def agreement(header):
    """Returns the parameters of an extension header, with the values of those that are absent."""
    name, *params = (part.strip() for part in header.split(";"))
    assert name == "permessage-deflate", header
    values = dict(param.partition("=")[::2] for param in params)
    agreed = (
        values.pop("server_no_context_takeover", None) == "",
        values.pop("client_no_context_takeover", None) == "",
        int(values.pop("server_max_window_bits", MAX_WINDOW_BITS)),
        int(values.pop("client_max_window_bits", MAX_WINDOW_BITS)),
    )
    assert values == {}, header
    return agreed


def asked_by_peer(bits, no_takeover_server, no_takeover_client):
    """Returns our options, and those of the peer."""
    return ["--deflate"], {
        "server_no_context_takeover": no_takeover_server,
        "client_no_context_takeover": no_takeover_client,
        "server_max_window_bits": bits,
        "client_max_window_bits": bits,
    }


def asked_by_us(bits, no_takeover_server, no_takeover_client):
    ours, peers = ["--deflate-window-bits", str(bits)], {}
    if no_takeover_server and no_takeover_client:
        ours.append("--deflate-no-takeover")
    else:
        peers["server_no_context_takeover"] = no_takeover_server
        peers["client_no_context_takeover"] = no_takeover_client
    return ours, peers


async def exchange_all(ws, is_client, expected, echo):
    """Checks what was agreed on, and that each message comes back as `echo` of it."""
    (deflate,) = ws.protocol.extensions
    ours = deflate.remote_no_context_takeover, deflate.remote_max_window_bits
    peers = deflate.local_no_context_takeover, deflate.local_max_window_bits
    server, client = (ours, peers) if is_client else (peers, ours)
    assert (server[0], client[0], server[1], client[1]) == expected, deflate
    lengths = received_lengths(deflate)

    async def exchange(message):
        await ws.send(message)
        assert await ws.recv() == echo(message), f"message of {len(message)}"
        return lengths[-1]

    first, second = await exchange(SHORT), await exchange(SHORT)
    assert second == first if ours[0] else second < first / 4, (first, second)
    assert await exchange(KIB) < len(KIB) * 0.7
    for message in MESSAGES:
        await exchange(message)
    for message in [LONG, NOISE, KIB]:
        await ws.send(fragments(ws, message))
        assert await ws.recv() == echo(message), f"fragments of {len(message)}"
    for number in range(50):
        await ws.send(f"{number} {SHORT}")
    for number in range(50):
        assert await ws.recv() == f"{number} {SHORT}"


def received_lengths(deflate):
    """Returns a list to which the length of each received payload is added, as it is on the wire."""
    lengths, decode = [], deflate.decode

    def decode_and_count(frame, **limits):
        lengths.append(len(frame.data))
        return decode(frame, **limits)

    deflate.decode = decode_and_count
    return lengths


async def fragments(ws, message):
    third = len(message) // 3
    yield message[:third]
    await (await ws.ping())
    yield message[:0]
    yield message[third:]


def escaped(message):
    """Returns the text that the client prints for a message."""
    return message if isinstance(message, str) else "".join(map(escaped_byte, message))


@functools.cache
def escaped_byte(byte):
    if named := {9: r"\t", 10: r"\n", 13: r"\r"}.get(byte):
        return named
    if chr(byte) in "'\"\\":
        return f"\\{chr(byte)}"
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"


async def as_client(url, peers, expected):
    """Talks to a server that echoes."""
    extensions = [ClientPerMessageDeflateFactory(**peers)]
    async with connect(url, max_size=None, compression=None, extensions=extensions) as ws:
        assert agreement(ws.response.headers["Sec-WebSocket-Extensions"]) == expected
        await exchange_all(ws, True, expected, lambda message: message)


async def as_server(ours, peers, expected):
    """Talks to our client, whose output is its input, so that it echoes."""
    outcome = asyncio.get_running_loop().create_future()

    async def handle(ws):
        try:
            outcome.set_result(await exchange_all(ws, False, expected, escaped))
        except Exception as error:
            outcome.set_exception(error)

    extensions = [ServerPerMessageDeflateFactory(**peers)]
    listen = serve(handle, "127.0.0.1", 0, max_size=None, compression=None, extensions=extensions)
    async with listen as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        source, sink = os.pipe()
        pipes = {"stdin": source, "stdout": sink, "stderr": PIPE}
        client = await asyncio.create_subprocess_exec(f"{EXAMPLES}/client", *ours, url, **pipes)
        os.close(source)
        os.close(sink)
        try:
            log = (await client.communicate())[1].decode()
        finally:
            if client.returncode is None:
                client.kill()
    assert outcome.done(), log
    await outcome
    assert client.returncode == 0, log
    assert agreement(re.search("^extensions (.*)$", log, re.MULTILINE)[1]) == expected, log


async def try_all(name, ask, run):
    for bits, *no_takeover in COMBINATIONS:
        ours, peers = ask(bits, *no_takeover)
        try:
            await asyncio.wait_for(run(ours, peers, (*no_takeover, bits, bits)), 60)
        except BaseException:
            print(f"  {name}: {bits} bits, no takeover of server and client: {no_takeover}", flush=True)
            raise
    print(f"  websockets {websockets.__version__}, {name}: {len(COMBINATIONS)} agreements")


async def with_echo_server(ours, peers, expected):
    async with listening(f"{EXAMPLES}/echo_server", "--listen", "127.0.0.1:0", *ours) as url:
        await as_client(url, peers, expected)


async def through_the_relay(ours, peers, expected):
    async with listening(f"{EXAMPLES}/echo_server", "--listen", "127.0.0.1:0", *ours) as server:
        async with listening(f"{EXAMPLES}/relay", "127.0.0.1:0", server) as url:
            await as_client(url, peers, expected)


async def main():
    await try_all("client, which asks", asked_by_peer, with_echo_server)
    await try_all("client, asked", asked_by_us, with_echo_server)
    await try_all("client, through the relay", asked_by_peer, through_the_relay)
    await try_all("server, which asks", asked_by_peer, as_server)
    await try_all("server, asked", asked_by_us, as_server)


asyncio.run(main())
