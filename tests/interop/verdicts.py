"""Prints what Python's websockets or wsproto makes of the corpora in tests/verdicts.

    verdicts.py websockets | wsproto

tests/verdicts/README.md describes the lines. Nothing is sent over a network: both are sans I/O.
"""

import logging
import sys
from importlib.metadata import version
from pathlib import Path

import websockets.client
import websockets.exceptions
import websockets.frames
import websockets.protocol
import websockets.server
import websockets.sync.messages
import websockets.uri
import wsproto
import wsproto.connection
import wsproto.events
import wsproto.extensions
import wsproto.handshake
import wsproto.utilities
from websockets.extensions import permessage_deflate as websockets_deflate

import corpus

VERDICTS = Path(__file__).parents[1] / "verdicts"
# The key of RFC 6455 §1.3, and the subprotocols that a client offers.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
OFFER = ["chat", "superchat"]


class Log:
    """What a receiver has reported, and how it ended."""

    def __init__(self):
        self.seen = []
        self.is_over = False

    def payload(self, kind, data):
        if len(data) > 32:
            self.seen.append(f"{kind} {len(data)} bytes {corpus.fingerprint(data)}")
        else:
            self.seen.append(f"{kind} {quoted(data)}")

    def close(self, code, reason):
        """`code` is None if the Close had none."""
        self.is_over = True
        if code is None:
            self.seen.append("close")
        else:
            self.payload(f"close {code}", reason)

    def fail(self, code):
        self.is_over = True
        self.seen.append(f"fail {code}")

    def text(self):
        """Returns the verdict. What was reported after an end is a part of it."""
        return ", ".join(self.seen if self.is_over else [*self.seen, "open"])


def quoted(data):
    """Returns the bytes in quotes, with escapes for what is not printable ASCII."""
    plain = set(range(0x20, 0x7F)) - set(b'"\\')
    return '"' + "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in data) + '"'


def websockets_stream(receiver, data, deflate=False):
    """Reassembles and decodes messages as a connection of websockets does, by its Assembler."""
    side = websockets.protocol.SERVER if receiver == "server" else websockets.protocol.CLIENT
    protocol = websockets.protocol.Protocol(side)
    if deflate:
        protocol.extensions = [websockets_deflate.PerMessageDeflate(False, False, 15, 15)]
    protocol.receive_data(data)
    log, messages = Log(), websockets.sync.messages.Assembler()
    for frame in protocol.events_received():
        match frame.opcode:
            case websockets.frames.OP_PING:
                log.payload("ping", frame.data)
            case websockets.frames.OP_PONG:
                log.payload("pong", frame.data)
            case websockets.frames.OP_CLOSE:
                close = websockets.frames.Close.parse(frame.data)
                code = None if close.code == websockets.frames.CloseCode.NO_STATUS_RCVD else close.code
                log.close(code, close.reason.encode())
            case _:
                messages.put(frame)
                if not frame.fin:
                    continue
                try:
                    message = messages.get(timeout=0)
                except UnicodeDecodeError:
                    log.fail(1007)
                    return log
                is_text = isinstance(message, str)
                log.payload("text" if is_text else "binary", message.encode() if is_text else message)
    if protocol.parser_exc is not None:
        log.fail(protocol.close_sent.code)
    return log


def wsproto_stream(receiver, data, deflate=False):
    kind = wsproto.connection.ConnectionType[receiver.upper()]
    extensions = []
    if deflate:
        extensions = [wsproto.extensions.PerMessageDeflate()]
        extensions[0].finalize("permessage-deflate")
    connection = wsproto.connection.Connection(kind, extensions)
    log, message = Log(), b""
    connection.receive_data(data)
    # A failure is reported like a Close, but in a connection that is still open. After a Close of
    # the peer nothing tells them apart.
    for event in connection.events():
        match event:
            case wsproto.events.Message():
                is_text = isinstance(event, wsproto.events.TextMessage)
                message += event.data.encode() if is_text else event.data
                if event.message_finished:
                    log.payload("text" if is_text else "binary", message)
                    message = b""
            case wsproto.events.Ping():
                log.payload("ping", event.payload)
            case wsproto.events.Pong():
                log.payload("pong", event.payload)
            case wsproto.events.CloseConnection():
                if log.is_over:
                    log.seen.append("end")
                elif connection.state is wsproto.connection.ConnectionState.OPEN:
                    log.fail(int(event.code))
                else:
                    log.close(None if event.code == 1005 else int(event.code), (event.reason or "").encode())
    return log


def websockets_request(data):
    protocol = websockets.server.ServerProtocol(subprotocols=["chat"])
    protocol.receive_data(data)
    for request in protocol.events_received()[:1]:
        if protocol.accept(request).status_code == 101:
            return accepted(protocol.subprotocol)
    return "refuse"


def websockets_response(data):
    uri = websockets.uri.parse_uri("ws://server.example.com/chat")
    protocol = websockets.client.ClientProtocol(uri, subprotocols=OFFER)
    protocol.key = KEY
    protocol.send_request(protocol.connect())
    protocol.receive_data(data)
    if protocol.state is websockets.protocol.State.CONNECTING:
        protocol.receive_eof()
    match protocol.handshake_exc:
        case None:
            return accepted(protocol.subprotocol)
        case websockets.exceptions.InvalidStatus() as exc:
            return f"http {exc.response.status_code}"
        case _:
            return "refuse"


def wsproto_request(data):
    ws = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    try:
        ws.receive_data(data)
        for event in ws.events():
            if isinstance(event, wsproto.events.Request):
                subprotocol = "chat" if "chat" in event.subprotocols else None
                ws.send(wsproto.events.AcceptConnection(subprotocol=subprotocol))
                return accepted(subprotocol)
    except wsproto.utilities.RemoteProtocolError:
        pass
    return "refuse"


def wsproto_response(data):
    ws = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    ws.send(wsproto.events.Request(host="server.example.com", target="/chat", subprotocols=OFFER))
    try:
        ws.receive_data(data)
        for event in ws.events():
            if isinstance(event, wsproto.events.AcceptConnection):
                return accepted(event.subprotocol)
            if isinstance(event, wsproto.events.RejectConnection):
                return f"http {event.status_code}"
    except wsproto.utilities.RemoteProtocolError:
        pass
    return "refuse"


def accepted(subprotocol):
    return f"accept {subprotocol}" if subprotocol else "accept"


def guarded(judge, data):
    """Returns the verdict, or the exception that the peer does not expect of itself."""
    try:
        return judge(data)
    except Exception as exc:
        return f"raise {type(exc).__name__}"


# What judges a stream, a request and a response.
PEERS = {
    "websockets": (websockets_stream, websockets_request, websockets_response),
    "wsproto": (wsproto_stream, wsproto_request, wsproto_response),
}


def main(peer):
    # websockets logs what it does not expect.
    logging.disable()
    # Each client would choose a random key.
    wsproto.handshake.generate_nonce = lambda: KEY.encode()
    stream, request, response = PEERS[peer]
    print(f"# {peer} {version(peer)}")
    for name, prefix, deflate in ("streams", "", False), ("deflate", "deflate-", True):
        for key, receiver, data in corpus.streams(VERDICTS / f"{name}.txt", prefix):
            print(f"{key} {corpus.fingerprint(data)}: {stream(receiver, data, deflate).text()}")
    for kind, judge in ("request", request), ("response", response):
        for key, data in corpus.heads(VERDICTS / f"{kind}s.txt", kind):
            print(f"{key} {corpus.fingerprint(data)}: {guarded(judge, data)}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PEERS:
        sys.exit(__doc__)
    main(sys.argv[1])
