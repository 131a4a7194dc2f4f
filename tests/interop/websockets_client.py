"""Python's websockets as a client of an echo server: python websockets_client.py [--deflate] URL [CA]

With --deflate, the server is one that compresses if the client offers it.
"""

import asyncio
import functools
import os
import ssl
import sys

import websockets
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

IS_COMPRESSING = sys.argv[1] == "--deflate"
URL, *CA = sys.argv[1 + IS_COMPRESSING :]
if CA:
    connect = functools.partial(connect, ssl=ssl.create_default_context(cafile=CA[0]))
LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 17_000_000]


async def echoes_text_and_binary_of_every_length_class():
    async with connect(URL, max_size=None, compression=None) as ws:
        for length in LENGTHS:
            text, data = "ä" * (length // 2) + "x" * (length % 2), os.urandom(length)
            await ws.send(text)
            assert await ws.recv() == text, f"text of {length}"
            await ws.send(data)
            assert await ws.recv() == data, f"binary of {length}"


async def echoes_fragments_as_their_message():
    async with connect(URL, compression=None) as ws:
        await ws.send(["one ", "", "two ", "thr", "ée"])
        assert await ws.recv() == "one two thrée"
        await ws.send(bytes([i]) for i in range(256))
        assert await ws.recv() == bytes(range(256))


async def answers_pings():
    async with connect(URL, compression=None) as ws:
        for payload in [b"", b"there?", b"x" * 125]:
            await asyncio.wait_for(await ws.ping(payload), 10)


async def answers_a_close_with_its_code():
    for code, reason in [(1000, ""), (1001, "bye"), (1011, "ä" * 61), (3000, "x"), (4999, "x" * 123)]:
        async with connect(URL, compression=None) as ws:
            await ws.close(code, reason)
            assert (ws.close_code, ws.protocol.close_rcvd.code) == (code, code)


async def chooses_a_subprotocol_that_both_know():
    for offered, chosen in [(["echo", "chat"], "chat"), (["echo"], "echo"), (["other"], None), (None, None)]:
        async with connect(URL, subprotocols=offered, compression=None) as ws:
            assert ws.subprotocol == chosen
            await ws.send("hello")
            assert await ws.recv() == "hello"


async def answers_an_offer_of_compression():
    async with connect(URL) as ws:
        assert len(ws.protocol.extensions) == IS_COMPRESSING
        await ws.send("hello")
        assert await ws.recv() == "hello"


async def refuses_a_message_beyond_its_limit_with_1009():
    async with connect(URL, max_size=None, compression=None) as ws:
        await ws.send(b"x" * 20_000_000)
        assert await ws.recv() == b"x" * 20_000_000
    # Without `async with`: its close() sometimes fails within asyncio (AttributeError in call_soon)
    # if the end arrived while output was left.
    ws = await connect(URL, compression=None)
    try:
        await ws.send(b"x" * 20_000_001)
        await ws.recv()
    except ConnectionClosed as closed:
        assert closed.rcvd and closed.rcvd.code == 1009, closed
    else:
        raise AssertionError("more than the limit was echoed")


async def serves_many_clients_at_once():
    async def one(i):
        async with connect(URL, compression=None) as ws:
            for j in range(10):
                await ws.send(f"{i} {j}")
                assert await ws.recv() == f"{i} {j}"

    await asyncio.gather(*(one(i) for i in range(100)))


CASES = [
    echoes_text_and_binary_of_every_length_class,
    echoes_fragments_as_their_message,
    answers_pings,
    answers_a_close_with_its_code,
    chooses_a_subprotocol_that_both_know,
    answers_an_offer_of_compression,
    refuses_a_message_beyond_its_limit_with_1009,
    serves_many_clients_at_once,
]


async def main():
    for case in CASES:
        await asyncio.wait_for(case(), 60)
        scheme = URL.partition(":")[0]
        print(f"  websockets {websockets.__version__}, {scheme} client: {case.__name__}")


asyncio.run(main())
