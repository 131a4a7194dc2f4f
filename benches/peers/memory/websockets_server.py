"""An echo server by Python's websockets: python websockets_server.py off | default | BITS MEMORY_LEVEL

Prints its port, and collects garbage for each line of its input.
"""

import asyncio
import gc
import sys

from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory


def settings(mode, *memory_level):
    if mode == "off":
        return {"compression": None}
    if mode == "default":
        return {}
    factory = ServerPerMessageDeflateFactory(
        server_max_window_bits=int(mode),
        client_max_window_bits=int(mode),
        compress_settings={"memLevel": int(*memory_level)},
    )
    return {"compression": None, "extensions": [factory]}


async def echo(ws):
    async for message in ws:
        await ws.send(message)


async def main():
    # Nothing is closed or pinged while it is idle.
    async with serve(echo, "127.0.0.1", 0, ping_interval=None, **settings(*sys.argv[1:])) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, sys.stdin.readline):
            gc.collect()
            print("collected", flush=True)


asyncio.run(main())
