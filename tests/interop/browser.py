"""Controls Chromium by its debugging protocol, which also runs over a WebSocket."""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import tempfile
import urllib.request

from websockets.asyncio.client import connect

# The certificates of the servers here are self-signed.
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--ignore-certificate-errors", "--remote-debugging-port=0",
]  # fmt: skip

ECHOES = """
new Promise((done, fail) => {
  const records = Array.from({length: 5000}, (_, id) => ({id, price: Math.random()}));
  const kinds = ["", "hello", "ä".repeat(70000), new Uint8Array(0), new Uint8Array([0, 255]),
                 new Uint8Array(1 << 20).fill(7), crypto.getRandomValues(new Uint8Array(1000)),
                 JSON.stringify(records)];
  const messages = [...kinds, ...kinds];
  const ws = new WebSocket(URL, ["unknown", "echo"]);
  ws.binaryType = "arraybuffer";
  const same = (sent, got) => typeof sent === "string" ? sent === got
    : got.byteLength === sent.length && new Uint8Array(got).every((byte, i) => byte === sent[i]);
  let next = 0;
  ws.onopen = () => ws.send(messages[0]);
  ws.onmessage = event => {
    if (!same(messages[next], event.data)) fail(new Error("message " + next));
    next += 1;
    if (next < messages.length) ws.send(messages[next]); else ws.close(4321, "enough");
  };
  ws.onclose = ({wasClean, code}) =>
    done([ws.protocol, ws.extensions, messages.length - next, wasClean, code]);
  ws.onerror = () => fail(new Error("error event"));
})
"""


async def echoes(devtools, url, extensions=""):
    """Exchanges messages with the echo server at `url`, which agrees to these extensions."""
    outcome = await evaluate(devtools, ECHOES.replace("URL", json.dumps(url)))
    assert outcome == ["echo", extensions, 0, True, 4321], outcome


async def evaluate(devtools, expression):
    call = {"expression": expression, "awaitPromise": True, "returnByValue": True}
    await devtools.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": call}))
    while (answer := json.loads(await devtools.recv())).get("id") != 1:
        pass
    result = answer["result"]
    assert "exceptionDetails" not in result, result
    return result["result"].get("value")


@contextlib.asynccontextmanager
async def opened(devtools_port, page):
    """Opens a page in a tab of its own."""
    new = urllib.request.Request(f"http://127.0.0.1:{devtools_port}/json/new?{page}", method="PUT")
    target = json.load(urllib.request.urlopen(new))["webSocketDebuggerUrl"]
    async with connect(target, max_size=None, compression=None) as devtools:
        loaded = "new Promise(r => document.readyState == 'complete' ? r() : onload = r)"
        while await evaluate(devtools, f"{loaded}.then(() => location.href)") != page:
            pass
        yield devtools


def run(program, main):
    """Starts Chromium, and runs `main` with the port of its debugging protocol."""
    # Chromium's other processes may write for a moment longer than Chromium itself.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        chromium = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            for line in chromium.stderr:
                if found := re.search(r"DevTools listening on ws://[^:]+:(\d+)/", line):
                    break
            else:
                sys.exit("Chromium did not start")
            asyncio.run(asyncio.wait_for(main(found.group(1)), 60))
        finally:
            chromium.kill()
            chromium.wait()
