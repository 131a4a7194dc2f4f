// Node's http2 as a client of hyper_page_and_echo, with the frames of ws: node http2_client.js URL [CA]
"use strict";

const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const http2 = require("node:http2");
const { once } = require("node:events");
const { Receiver, Sender } = require("ws");

const [url, ca] = process.argv.slice(2);
const LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20];
const CLOSES = [[1000, ""], [1001, "bye"], [1011, "ä".repeat(61)], [3000, "x"], [4999, "x".repeat(123)]];
const CONNECT = { ":method": "CONNECT", ":protocol": "websocket", ":path": "/echo", "sec-websocket-version": "13" };

// Asks for a WebSocket. Returns the stream, the headers, and what reads and writes frames.
async function connect(session, headers = {}) {
  const stream = session.request({ ...CONNECT, ...headers });
  const [response] = await once(stream, "response");
  assert.equal(response[":status"], 200);
  const receiver = new Receiver({ isServer: false });
  stream.pipe(receiver);
  return { stream, response, receiver, sender: new Sender(stream) };
}

function send({ sender }, data, fin = true) {
  sender.send(data, { binary: typeof data !== "string", fin, mask: true, compress: false });
}

async function exchange(ws, message) {
  const answer = once(ws.receiver, "message");
  send(ws, message);
  await answered(answer, message);
}

async function answered(answer, message) {
  const [data, isBinary] = await answer;
  assert.equal(isBinary, typeof message !== "string");
  assert(data.equals(Buffer.from(message)), `message of ${message.length}`);
}

// Closes, and waits for the end of the stream from both sides, which is no reset.
async function close({ stream, receiver, sender }, code = 1000, reason = "") {
  const concluded = once(receiver, "conclude");
  const closed = once(stream, "close");
  sender.close(code, reason, true);
  assert.equal((await concluded)[0], code);
  stream.end();
  await closed;
  assert.equal(stream.rstCode, http2.constants.NGHTTP2_NO_ERROR);
}

const cases = {
  async "settings that allow Extended CONNECT"(session) {
    assert.equal(session.remoteSettings.enableConnectProtocol, true);
  },

  async "the page, between messages on the same connection"(session) {
    const ws = await connect(session);
    await exchange(ws, "before");
    const page = session.request({ ":path": "/" });
    assert.equal((await once(page, "response"))[0][":status"], 200);
    let content = "";
    for await (const chunk of page) content += chunk;
    assert.match(content, /new WebSocket\(/);
    await exchange(ws, "after");
    await close(ws);
  },

  async "text and binary of every length class"(session) {
    const ws = await connect(session);
    for (const length of LENGTHS) {
      await exchange(ws, "ä".repeat(length / 2) + "x".repeat(length % 2));
      await exchange(ws, crypto.randomBytes(length));
    }
    await close(ws);
  },

  async "fragments, with a ping between them"(session) {
    const ws = await connect(session);
    const [answer, pong] = [once(ws.receiver, "message"), once(ws.receiver, "pong")];
    send(ws, "one ", false);
    ws.sender.ping("between", true);
    send(ws, "two");
    assert.equal(String((await pong)[0]), "between");
    await answered(answer, "one two");
    await close(ws);
  },

  async "close codes"(session) {
    for (const [code, reason] of CLOSES) await close(await connect(session), code, reason);
  },

  async subprotocols(session) {
    for (const [offered, chosen] of [["chat, echo", "echo"], ["other", undefined]]) {
      const ws = await connect(session, { "sec-websocket-protocol": offered });
      assert.equal(ws.response["sec-websocket-protocol"], chosen);
      await close(ws);
    }
  },

  async "refusals"(session) {
    const refused = [[{ ":protocol": "connect-udp" }, 501], [{ "sec-websocket-version": "8" }, 400]];
    for (const [headers, status] of refused) {
      const stream = session.request({ ...CONNECT, ...headers });
      assert.equal((await once(stream, "response"))[0][":status"], status);
      stream.resume().end();
      await once(stream, "close");
    }
  },

  async "a stream that is reset, and the connection goes on"(session) {
    const { stream } = await connect(session);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await once(stream, "close");
    const ws = await connect(session);
    await exchange(ws, "hello");
    await close(ws);
  },
};

async function main() {
  setTimeout(() => { throw new Error("this hangs"); }, 120_000).unref();
  const session = http2.connect(url, ca ? { ca: fs.readFileSync(ca) } : {});
  await once(session, "remoteSettings");
  for (const [name, run] of Object.entries(cases)) {
    await run(session);
    console.log(`  http2 of Node ${process.version}, ${new URL(url).protocol.slice(0, -1)} client: ${name}`);
  }
  session.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
