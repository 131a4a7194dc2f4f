"""A WebSocket of Python's websockets over a stream of HTTP/2 or HTTP/3, and what is tried with it."""

import asyncio
import os

from websockets.frames import Opcode
from websockets.protocol import Protocol, Side

LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20]
CLOSES = [(1000, ""), (1001, "bye"), (1011, "ä" * 61), (3000, "x"), (4999, "x" * 123)]


class Stream:
    """A stream of a connection, which calls the `receive` methods. A subclass writes: it has
    `send_headers(headers, is_end)`, `write(data, is_end)` and `write_reset()`. Headers are pairs of
    text.
    """

    def __init__(self):
        self.headers = asyncio.get_running_loop().create_future()
        self.end = asyncio.get_running_loop().create_future()
        self.content = b""
        self.websocket = None
        self.can_send = True

    def attach(self, websocket):
        """Passes on what comes after the headers, and what has come already."""
        content, self.content, self.websocket = self.content, b"", websocket
        if content:
            websocket.receive(content)
        if self.end.done():
            websocket.receive_end()

    def send(self, data, is_end):
        if self.can_send:
            self.can_send = not is_end
            self.write(data, is_end)

    def reset(self):
        self.can_send, self.websocket = False, None
        self.write_reset()

    def receive_headers(self, headers):
        text = lambda word: word.decode() if isinstance(word, bytes) else word
        self.headers.set_result([(text(name), text(value)) for name, value in headers])

    def receive(self, data):
        if self.websocket:
            self.websocket.receive(data)
        else:
            self.content += data

    def receive_end(self, reset=None):
        """Takes the end of the stream. If it was reset, `reset` is the code."""
        if not self.end.done():
            self.can_send &= reset is None
            self.end.set_result(reset)
            if self.websocket:
                self.websocket.receive_end()


class WebSocket:
    """Takes the stream over after the handshake."""

    def __init__(self, stream, side):
        self.protocol = Protocol(side, max_size=None)
        self.stream, self.fragments, self.on_message = stream, [], None
        self.messages, self.pongs = asyncio.Queue(), asyncio.Queue()
        stream.attach(self)

    def receive(self, data):
        self.protocol.receive_data(data)
        self.take()

    def receive_end(self):
        self.protocol.receive_eof()
        self.take()

    def take(self):
        for frame in self.protocol.events_received():
            if frame.opcode is Opcode.PONG:
                self.pongs.put_nowait(bytes(frame.data))
            elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self.fragments.append(frame)
                if frame.fin:
                    self.deliver()
        self.flush()

    def deliver(self):
        data = b"".join(bytes(frame.data) for frame in self.fragments)
        message = data.decode() if self.fragments[0].opcode is Opcode.TEXT else data
        self.fragments = []
        self.on_message(message) if self.on_message else self.messages.put_nowait(message)

    def send(self, message):
        if isinstance(message, str):
            self.protocol.send_text(message.encode())
        else:
            self.protocol.send_binary(message)
        self.flush()

    def flush(self):
        for data in self.protocol.data_to_send():
            self.stream.send(data, data == b"")

    async def close(self, code, reason):
        self.protocol.send_close(code, reason)
        self.flush()
        # The server's END_STREAM: a stream that is reset has failed.
        assert await self.stream.end is None
        assert self.protocol.close_rcvd.code == code, self.protocol.close_rcvd


async def echoes_text_and_binary_of_every_length_class(connect):
    ws = await connect()
    for length in LENGTHS:
        for message in ["ä" * (length // 2) + "x" * (length % 2), os.urandom(length)]:
            ws.send(message)
            assert await ws.messages.get() == message, f"message of {length}"
    await ws.close(1000, "")


async def echoes_fragments_and_answers_pings_between_them(connect):
    ws = await connect()
    ws.protocol.send_text(b"one \xc3", fin=False)
    ws.protocol.send_ping(b"between")
    ws.protocol.send_continuation(b"\xa9", fin=True)
    ws.flush()
    assert await ws.pongs.get() == b"between"
    assert await ws.messages.get() == "one é"
    await ws.close(1000, "")


async def answers_a_close_with_its_code_and_ends_the_stream(connect):
    for code, reason in CLOSES:
        await (await connect()).close(code, reason)


async def fails_a_frame_without_a_mask_with_1002(connect):
    ws = await connect()
    ws.stream.send(b"\x81\x00", False)
    assert await ws.stream.end is None
    assert ws.protocol.close_rcvd.code == 1002, ws.protocol.close_rcvd


ECHO_CASES = [
    echoes_text_and_binary_of_every_length_class,
    echoes_fragments_and_answers_pings_between_them,
    answers_a_close_with_its_code_and_ends_the_stream,
    fails_a_frame_without_a_mask_with_1002,
]


def connect_request(scheme, authority, path, *fields, protocol="websocket"):
    """Returns the headers of an Extended CONNECT, RFC 8441 §5."""
    pseudo = [(":method", "CONNECT"), (":protocol", protocol), (":scheme", scheme)]
    version = ("sec-websocket-version", "13")
    return [*pseudo, (":path", path), (":authority", authority), version, *fields]


async def run(peer, cases, connect):
    for case in cases:
        await asyncio.wait_for(case(connect), 60)
        print(f"  {peer}: {case.__name__}")


__all__ = ["ECHO_CASES", "Side", "Stream", "WebSocket", "connect_request", "run"]
