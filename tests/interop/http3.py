"""HTTP/3 by Python's aioquic, both ends of it: python http3.py CONNECT-PIPE CERT KEY

The WebSocket at one end is that of connect_pipe, with the header fields of its handshake, and the
WebSocket at the other end that of Python's websockets. Each is the client once and the server once.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE

import aioquic
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3_ALPN, H3Connection, Setting
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import StreamReset

import over_stream
from over_stream import Side, WebSocket, connect_request

PROGRAM, CERT, KEY = sys.argv[1:]


class Stream(over_stream.Stream):
    def __init__(self, peer, stream_id):
        super().__init__()
        self.peer, self.id = peer, stream_id

    def send_headers(self, headers, is_end=False):
        pairs = [(name.encode(), value.encode()) for name, value in headers]
        self.peer.http.send_headers(self.id, pairs, is_end)
        self.peer.transmit()

    def write(self, data, is_end):
        self.peer.http.send_data(self.id, data, is_end)
        self.peer.transmit()


class Peer(QuicConnectionProtocol):
    """A connection, which puts the streams that the other end opens into `requests`."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.http, self.streams, self.requests = H3Connection(self._quic), {}, asyncio.Queue()
        self.settings = asyncio.get_running_loop().create_future()

    def quic_event_received(self, event):
        if isinstance(event, StreamReset) and event.stream_id in self.streams:
            self.streams[event.stream_id].receive_end(event.error_code)
        for found in self.http.handle_event(event):
            if isinstance(found, (HeadersReceived, DataReceived)):
                self.handle(found)
        if self.http.received_settings is not None and not self.settings.done():
            self.settings.set_result(self.http.received_settings)

    def handle(self, event):
        if event.stream_id not in self.streams:
            self.streams[event.stream_id] = Stream(self, event.stream_id)
            self.requests.put_nowait(self.streams[event.stream_id])
        stream = self.streams[event.stream_id]
        if isinstance(event, HeadersReceived):
            stream.receive_headers(event.headers)
        else:
            stream.receive(event.data)
        if event.stream_ended:
            stream.receive_end()

    def open(self):
        stream = Stream(self, self._quic.get_next_available_stream_id())
        self.streams[stream.id] = stream
        return stream


class Piped:
    """Takes a stream over as a WebSocket does, and passes it on to connect_pipe."""

    @classmethod
    async def run(cls, stream, *arguments):
        """Runs connect_pipe at this end of the stream until it ends."""
        piped = cls()
        piped.process = await asyncio.create_subprocess_exec(PROGRAM, *arguments, stdin=PIPE, stdout=PIPE)
        into = asyncio.create_task(piped.pass_in(stream))
        await piped.pass_out(stream)
        assert await piped.process.wait() == 0, "connect_pipe has failed"
        await into

    async def pass_in(self, stream):
        fields = [f"{name}: {value}\n" for name, value in await stream.headers]
        self.write("headers", "".join(fields).encode())
        stream.attach(self)

    async def pass_out(self, stream):
        output = self.process.stdout
        while line := await output.readline():
            kind, length = line.split()
            content = await output.readexactly(int(length))
            if kind == b"headers":
                lines = content.decode().splitlines()
                stream.send_headers([tuple(line.split(": ", 1)) for line in lines])
            else:
                stream.send(content, kind == b"end")
        stream.send(b"", True)

    def receive(self, data):
        self.write("data", data)

    def receive_end(self):
        self.write("end", b"")

    def write(self, kind, content):
        self.process.stdin.write(f"{kind} {len(content)}\n".encode() + content)


async def pair():
    """Returns both ends of a connection over UDP, and the name of the server."""
    loop, servers = asyncio.get_running_loop(), asyncio.Queue()
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(CERT, KEY)

    def create_server(*args, **options):
        server = Peer(*args, **options)
        servers.put_nowait(server)
        return server

    listen = lambda: QuicServer(configuration=configuration, create_protocol=create_server)
    listener, _ = await loop.create_datagram_endpoint(listen, local_addr=("127.0.0.1", 0))
    trust = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="localhost", cafile=CERT)
    connect = lambda: Peer(QuicConnection(configuration=trust))
    _, client = await loop.create_datagram_endpoint(connect, local_addr=("127.0.0.1", 0))
    address = listener.get_extra_info("sockname")
    client.connect(address)
    await client.wait_connected()
    return client, await servers.get(), f"localhost:{address[1]}"


async def try_server(client, server, authority):
    """Our server, with websockets as the client."""
    pipes = []

    async def serve():
        while True:
            pipes.append(asyncio.create_task(Piped.run(await server.requests.get(), "server")))

    serving = asyncio.create_task(serve())

    async def ask(*fields, **options):
        stream = client.open()
        stream.send_headers(connect_request("https", authority, "/echo", *fields, **options))
        return stream, dict(await stream.headers)

    async def connect():
        stream, headers = await ask(("sec-websocket-protocol", "chat, echo"))
        assert headers == {":status": "200", "sec-websocket-protocol": "echo"}, headers
        return WebSocket(stream, Side.CLIENT)

    async def refuses_another_protocol_with_501(_):
        stream, headers = await ask(protocol="webtransport")
        assert headers == {":status": "501", "content-type": "text/plain"}, headers
        assert await stream.end is None and stream.content == b'protocol "webtransport" is not websocket'
        stream.send(b"", True)

    cases = [*CASES_OF_OUR_SERVER, refuses_another_protocol_with_501]
    await over_stream.run(f"aioquic {aioquic.__version__}, https client", cases, connect)
    serving.cancel()
    assert len(pipes) == 8, len(pipes)
    await asyncio.gather(*pipes)


# connect_pipe fails with the connection.
CASES_OF_OUR_SERVER = [case for case in over_stream.ECHO_CASES if "fails" not in case.__name__]


async def try_client(client, server, authority):
    """Our client, with websockets as the server."""
    piped = asyncio.create_task(Piped.run(client.open(), "client", f"wss://{authority}/chat?room=1"))
    stream = await server.requests.get()
    request = dict(await stream.headers)
    expected = connect_request("https", authority, "/chat?room=1", ("sec-websocket-protocol", "echo"))
    assert request == dict(expected), request
    stream.send_headers([(":status", "200"), ("sec-websocket-protocol", "echo")])
    ws = WebSocket(stream, Side.SERVER)
    ws.on_message = ws.send
    await piped
    assert ws.protocol.close_rcvd.code == 4321, ws.protocol.close_rcvd
    assert await stream.end is None
    print(f"  aioquic {aioquic.__version__}, https server: text and binary, subprotocol, close code")


async def main():
    client, server, authority = await pair()
    for peer in (client, server):
        assert (await peer.settings)[Setting.ENABLE_CONNECT_PROTOCOL] == 1
    await try_server(client, server, authority)
    await asyncio.wait_for(try_client(client, server, authority), 60)
    client.close()
    await client.wait_closed()


asyncio.run(main())
