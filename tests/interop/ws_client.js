// Node's ws as a client of an echo server: node ws_client.js [--deflate] URL [CA]
//
// With --deflate, the server is one that compresses if the client offers it.
"use strict";

const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const { once } = require("node:events");
const WebSocket = require("ws");
const { version } = require("ws/package.json");

const isCompressing = process.argv[2] === "--deflate";
const [url, ca] = process.argv.slice(isCompressing ? 3 : 2);
const LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 17_000_000];
const LIMIT = 20_000_000; // the server's limit

async function connect(subprotocols = [], options = {}) {
  const trust = ca ? { ca: fs.readFileSync(ca) } : {};
  const ws = new WebSocket(url, subprotocols, { perMessageDeflate: false, ...trust, ...options });
  await once(ws, "open");
  return ws;
}

async function close(ws, code = 1000, reason = "") {
  const closed = once(ws, "close");
  ws.close(code, reason);
  const [seen] = await closed;
  assert.equal(seen, code);
}

async function exchange(ws, message) {
  const answer = once(ws, "message");
  ws.send(message);
  await answered(answer, message);
}

async function answered(answer, message) {
  const [data, isBinary] = await answer;
  assert.equal(isBinary, typeof message !== "string");
  assert(data.equals(Buffer.from(message)), `message of ${message.length}`);
}

const cases = {
  async "text and binary of every length class"() {
    const ws = await connect();
    for (const length of LENGTHS) {
      await exchange(ws, "ä".repeat(length / 2) + "x".repeat(length % 2));
      await exchange(ws, crypto.randomBytes(length));
    }
    await close(ws);
  },

  async "fragments, with a ping between them"() {
    const ws = await connect();
    const [answer, pong] = [once(ws, "message"), once(ws, "pong")];
    ws.send("one ", { fin: false });
    ws.ping("between");
    ws.send("", { fin: false });
    ws.send("two");
    assert.equal(String((await pong)[0]), "between");
    await answered(answer, "one two");
    await close(ws);
  },

  async pings() {
    const ws = await connect();
    for (const payload of ["", "there?", "x".repeat(125)]) {
      const pong = once(ws, "pong");
      ws.ping(payload);
      assert.equal(String((await pong)[0]), payload);
    }
    await close(ws);
  },

  async "close codes"() {
    const reasons = [[1000, ""], [1001, "bye"], [1011, "ä".repeat(61)], [3000, "x"], [4999, "x".repeat(123)]];
    for (const [code, reason] of reasons) await close(await connect(), code, reason);
  },

  async subprotocols() {
    const offers = [[["echo", "chat"], "chat"], [["echo"], "echo"]];
    for (const [offered, chosen] of offers) {
      const ws = await connect(offered);
      assert.equal(ws.protocol, chosen);
      await close(ws);
    }
  },

  async "the answer to an offer of compression"() {
    const ws = await connect([], { perMessageDeflate: true });
    assert.equal(ws.extensions, isCompressing ? "permessage-deflate" : "");
    await exchange(ws, "hello");
    await close(ws);
  },

  async "1009 beyond the limit"() {
    const ws = await connect();
    const closed = once(ws, "close");
    ws.on("error", () => {}); // the server may close before all of it is written
    ws.send(Buffer.alloc(LIMIT + 1));
    assert.equal((await closed)[0], 1009);
  },

  async "a hundred clients at once"() {
    const one = async (name) => {
      const ws = await connect();
      for (let i = 0; i < 10; i += 1) await exchange(ws, `${name} ${i}`);
      await close(ws);
    };
    await Promise.all(Array.from({ length: 100 }, (_, name) => one(name)));
  },
};

async function main() {
  setTimeout(() => { throw new Error("this hangs"); }, 120_000).unref();
  for (const [name, run] of Object.entries(cases)) {
    await run();
    console.log(`  ws ${version}, ${new URL(url).protocol.slice(0, -1)} client: ${name}`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
