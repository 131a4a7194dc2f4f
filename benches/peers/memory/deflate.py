"""What servers hold for a connection with permessage-deflate: Python's websockets and Node's ws.

    python deflate.py [--connections N] [--messages M] [--runs R] [SERVER...]

Linux only. It needs `pip install websockets`, and `npm install ws` where Node finds it (NODE_PATH).
SERVER is the beginning of a name that it prints; without one, all are measured.

Each run starts a server in a process of its own on a free port of 127.0.0.1. N clients connect, each
sends M compressed messages of 1 KiB of JSON and gets each back, and all stay idle. The server collects
its garbage. Then N more do the same. A figure is the growth of the server's resident memory from N to
2N connections, divided by N: the median of all runs, the least and the greatest. "of it compression" is
the median without that of the same server with compression off.

Resident memory has the pages that were touched, also those of the socket's objects and of free memory
between them, but none of the kernel. The clients are sockets of this script: they are not counted.
"""

import argparse
import os
import pathlib
import random
import re
import socket
import statistics
import subprocess
import sys
import zlib

HERE = pathlib.Path(__file__).parent
WEBSOCKETS = [sys.executable, str(HERE / "websockets_server.py")]
WS = ["node", "--expose-gc", str(HERE / "ws_server.js")]

# A name, the command, and the server to compare with.
SERVERS = {
    "websockets, off": ([*WEBSOCKETS, "off"], None),
    "websockets, its default (12 bits, level 5)": ([*WEBSOCKETS, "default"], "websockets, off"),
    "websockets, 15 bits, level 8": ([*WEBSOCKETS, "15", "8"], "websockets, off"),
    "ws, off": ([*WS, "off"], None),
    "ws, its default (15 bits, level 8)": ([*WS, "default"], "ws, off"),
    "ws, 12 bits, level 5": ([*WS, "12", "5"], "ws, off"),
}

MESSAGE_LEN = 1024
TEXT = 0x1
FIN, RSV1, MASKED = 0x80, 0x40, 0x80
# RFC 7692 §7.2.1: what is removed from the end of a message.
TAIL = b"\x00\x00\xff\xff"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=400)
    parser.add_argument("--messages", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("servers", nargs="*", metavar="SERVER", default=[""])
    options = parser.parse_args()
    print(f"bytes of a connection, {options.connections} to {2 * options.connections} connections, "
          f"{options.messages} messages each way, {options.runs} runs")
    print(f"{'':<44}{'median':>10}{'least':>10}{'greatest':>10}{'of it compression':>19}")
    medians = {}
    for name, (command, without) in SERVERS.items():
        if not name.startswith(tuple(options.servers)):
            continue
        runs = [growth(command, options) for _ in range(options.runs)]
        medians[name] = statistics.median(runs)
        more = f"{medians[name] - medians[without]:.0f}" if without in medians else ""
        print(f"{name:<44}{medians[name]:>10.0f}{min(runs):>10.0f}{max(runs):>10.0f}{more:>19}")


def growth(command, options):
    """Returns by how many bytes a server grows for each connection."""
    with Server(command) as server:
        clients, resident = [], []
        for _ in range(2):
            for _ in range(options.connections):
                clients.append(Client(server.port))
            for client in clients[-options.connections:]:
                client.exchange(options.messages)
            resident.append(server.resident())
        for client in clients:
            client.socket.close()
    return (resident[1] - resident[0]) / options.connections


class Server:
    """A server that prints its port, and collects its garbage for each line that it gets."""

    def __init__(self, command):
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def resident(self):
        """Returns the bytes of its resident memory after it has collected its garbage."""
        print(file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "collected\n"
        statm = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text()
        return int(statm.split()[1]) * os.sysconf("SC_PAGESIZE")


class Client:
    """A client that offers what Chromium offers."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OUFCQ0RFRg==\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n".encode()
        )
        assert self.stream.readline().split()[1] == b"101"
        self.bits = None
        while (line := self.stream.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            if name.lower() == "sec-websocket-extensions":
                assert "takeover" not in value, value
                bits = re.search(r"client_max_window_bits=(\d+)", value)
                self.bits = int(bits[1]) if bits else zlib.MAX_WBITS

    def exchange(self, count):
        """Sends so many messages and gets each of them back, compressed if that was agreed on."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        for message, frame in frames(self.bits, count):
            self.socket.sendall(frame)
            first, payload = self.receive()
            assert first == FIN | TEXT | (RSV1 if self.bits else 0), hex(first)
            if self.bits:
                payload = inflater.decompress(payload + TAIL)
            assert payload == message

    def receive(self):
        first, length = self.stream.read(2)
        if length == 126:
            length = int.from_bytes(self.stream.read(2), "big")
        return first, self.stream.read(length)


def frames(bits, count, known={}):
    """Returns so many messages, and their frames. They are the same for all connections."""
    if (bits, count) not in known:
        compressor = bits and zlib.compressobj(wbits=-bits)
        known[bits, count] = [(message, frame(message, compressor)) for message in messages(count)]
    return known[bits, count]


def frame(payload, compressor):
    first = FIN | TEXT
    if compressor:
        first |= RSV1
        payload = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
        payload = payload.removesuffix(TAIL)
    if len(payload) < 126:
        header = bytes([first, MASKED | len(payload)])
    else:
        header = bytes([first, MASKED | 126]) + len(payload).to_bytes(2, "big")
    # With this key, what is masked is as it was.
    return header + bytes(4) + payload


def messages(count):
    """Returns so many pieces of a JSON document, the same in each run."""
    generator, text = random.Random(1), ""
    while len(text) < count * MESSAGE_LEN:
        symbol, side = generator.choice(["AAPL", "MSFT", "GOOG"]), generator.choice(["buy", "sell"])
        number, price = generator.randrange(1 << 32), generator.randrange(90_000) / 100
        text += f'{{"id":{number},"symbol":"{symbol}","side":"{side}","price":{price}}},'
    return [text[at : at + MESSAGE_LEN].encode() for at in range(0, count * MESSAGE_LEN, MESSAGE_LEN)]


if __name__ == "__main__":
    main()
