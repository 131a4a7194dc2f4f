"""Python's h2 as a client of hyper_page_and_echo: python http2_client.py URL [CA]"""

import asyncio
import ssl
import sys
from urllib.parse import urlsplit

import h2
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes

import over_stream
from over_stream import Side, WebSocket, connect_request

URL = urlsplit(sys.argv[1])
CA = sys.argv[2:]


class Stream(over_stream.Stream):
    def __init__(self, client):
        super().__init__()
        self.client, self.id = client, client.h2.get_next_available_stream_id()
        self.unsent, self.is_ending = b"", False

    def send_headers(self, headers, is_end=False):
        self.client.h2.send_headers(self.id, headers, end_stream=is_end)
        self.client.flush()

    def write(self, data, is_end):
        self.unsent, self.is_ending = self.unsent + data, is_end
        self.pump()
        self.client.flush()

    def pump(self):
        """Sends as much as the windows of the server have room for."""
        http = self.client.h2
        while self.unsent and (window := http.local_flow_control_window(self.id)) > 0:
            size = min(window, http.max_outbound_frame_size)
            http.send_data(self.id, self.unsent[:size])
            self.unsent = self.unsent[size:]
        if self.is_ending and not self.unsent:
            http.end_stream(self.id)
            self.is_ending = False

    def write_reset(self):
        self.unsent = b""
        self.client.h2.reset_stream(self.id, ErrorCodes.CANCEL)
        self.client.flush()


class Client(asyncio.Protocol):
    def __init__(self):
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.streams = {}
        self.settings = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        self.h2.initiate_connection()
        self.flush()

    def data_received(self, data):
        for event in self.h2.receive_data(data):
            self.handle(event)
        for stream in self.streams.values():
            stream.pump()
        self.flush()

    def handle(self, event):
        stream = self.streams.get(getattr(event, "stream_id", None))
        if isinstance(event, RemoteSettingsChanged) and not self.settings.done():
            self.settings.set_result(event.changed_settings)
        elif isinstance(event, ResponseReceived):
            stream.receive_headers(event.headers)
        elif isinstance(event, DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            stream.receive(event.data)
        elif isinstance(event, StreamEnded):
            stream.receive_end()
        elif isinstance(event, StreamReset):
            stream.unsent = b""
            stream.receive_end(event.error_code)

    def flush(self):
        self.transport.write(self.h2.data_to_send())

    def ask(self, headers, is_end=False):
        stream = Stream(self)
        self.streams[stream.id] = stream
        stream.send_headers(headers, is_end)
        return stream

    async def connect(self, *fields):
        stream = self.ask(connect_request(URL.scheme, URL.netloc, "/echo", *fields))
        headers = dict(await stream.headers)
        assert headers[":status"] == "200", headers
        assert not {"upgrade", "connection", "sec-websocket-accept"} & headers.keys(), headers
        return WebSocket(stream, Side.CLIENT)


async def allows_extended_connect_by_its_settings(client):
    changed = (await client.settings)[SettingCodes.ENABLE_CONNECT_PROTOCOL]
    assert changed.new_value == 1, changed


async def serves_the_page_on_the_connection_of_an_open_websocket(client):
    ws = await client.connect()
    get = [(":method", "GET"), (":scheme", URL.scheme), (":authority", URL.netloc), (":path", "/")]
    page = client.ask(get, is_end=True)
    assert dict(await page.headers)[":status"] == "200"
    assert await page.end is None and b"new WebSocket(" in page.content
    await ws.close(1000, "")


async def chooses_a_subprotocol(client):
    for offered, chosen in [("chat, echo", "echo"), ("chat", "chat"), ("other", None), (None, None)]:
        fields = [("sec-websocket-protocol", offered)] if offered else []
        ws = await client.connect(*fields)
        assert dict(await ws.stream.headers).get("sec-websocket-protocol") == chosen
        await ws.close(1000, "")


async def refuses_what_is_no_websocket(client):
    request = lambda *fields, **options: connect_request(URL.scheme, URL.netloc, "/echo", *fields, **options)
    get = [(":method", "GET"), *request()[2:]]
    old = [*request()[:-1], ("sec-websocket-version", "8")]
    refused = [(request(protocol="connect-udp"), "501"), (get, "405"), (old, "400"), (request()[:-1], "400")]
    for headers, status in refused:
        stream = client.ask(headers, is_end=True)
        answer = dict(await stream.headers)
        assert answer[":status"] == status, (headers, answer)
        assert await stream.end is None and stream.content, headers
        assert answer.get("sec-websocket-version") == ("13" if headers is old else None), answer


async def ends_its_side_of_a_stream_that_ends_without_a_close(client):
    ws = await client.connect()
    ws.stream.send(b"", True)
    await ws.stream.end
    assert ws.protocol.close_rcvd is None


async def survives_streams_that_are_reset(client):
    for _ in range(10):
        ws = await client.connect()
        ws.send("x" * 100_000)
        ws.stream.reset()
    await chooses_a_subprotocol(client)


async def echoes_on_a_hundred_streams_at_once(client):
    async def one(name):
        ws = await client.connect()
        for i in range(10):
            ws.send(f"{name} {i}")
            assert await ws.messages.get() == f"{name} {i}"
        await ws.close(1000, "")

    await asyncio.gather(*(one(name) for name in range(100)))


CASES = [
    allows_extended_connect_by_its_settings,
    serves_the_page_on_the_connection_of_an_open_websocket,
    chooses_a_subprotocol,
    refuses_what_is_no_websocket,
    ends_its_side_of_a_stream_that_ends_without_a_close,
    survives_streams_that_are_reset,
    echoes_on_a_hundred_streams_at_once,
]


async def main():
    context = None
    if CA:
        context = ssl.create_default_context(cafile=CA[0])
        context.set_alpn_protocols(["h2"])
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(Client, URL.hostname, URL.port, ssl=context)
    if CA:
        assert transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    peer = f"h2 {h2.__version__}, {URL.scheme} client"
    # All on one connection, which nothing here may break.
    await over_stream.run(peer, CASES, client)
    await over_stream.run(peer, over_stream.ECHO_CASES, client.connect)


asyncio.run(main())
