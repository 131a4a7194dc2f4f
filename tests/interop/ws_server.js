// Node's ws as a server: node ws_server.js [CERT KEY]
//
// Prints "listening on URL". Leads any client through the steps of the Autobahn testsuite:
// /getCaseCount returns the number of cases, /runCase?case=N runs one with a client that echoes,
// and /updateReports ends the run, with status 0 if all cases passed. At every other path it
// echoes.
"use strict";

const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const { once } = require("node:events");
const { WebSocketServer } = require("ws");
const { version } = require("ws/package.json");

const [cert, key] = process.argv.slice(2);
const LENGTHS = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, 16_000_000];

async function answered(answer, message) {
  const [data, isBinary] = await answer;
  assert.equal(isBinary, typeof message !== "string");
  assert(data.equals(Buffer.from(message)), `message of ${message.length}`);
}

async function lengths(ws) {
  for (const length of LENGTHS) {
    for (const message of ["ä".repeat(length / 2) + "x".repeat(length % 2), crypto.randomBytes(length)]) {
      const answer = once(ws, "message");
      ws.send(message);
      await answered(answer, message);
    }
  }
}

async function fragments(ws) {
  const [answer, pong] = [once(ws, "message"), once(ws, "pong")];
  ws.send("one ", { fin: false });
  ws.ping("between");
  ws.send("", { fin: false });
  ws.send("two");
  assert.equal(String((await pong)[0]), "between");
  await answered(answer, "one two");
}

async function pings(ws) {
  for (const payload of ["", "there?", "x".repeat(125)]) {
    const pong = once(ws, "pong");
    ws.ping(payload);
    assert.equal(String((await pong)[0]), payload);
  }
}

const closes = (code, reason) => async (ws) => {
  const closed = once(ws, "close");
  ws.close(code, reason);
  assert.equal((await closed)[0], code);
};

async function vanishes(ws) {
  const [answer, closed] = [once(ws, "message"), once(ws, "close")];
  ws.send("hello");
  await answered(answer, "hello");
  ws.terminate();
  assert.equal((await closed)[0], 1006);
}

const cases = [
  lengths, fragments, pings, closes(1000, ""), closes(1001, "bye"), closes(1011, "ä".repeat(61)),
  closes(3000, "x"), closes(4999, "x".repeat(123)), vanishes,
];

const scheme = cert ? "wss" : "ws";
const server = cert
  ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) })
  : http.createServer();
const passed = new Set();

new WebSocketServer({ server }).on("connection", (ws, request) => {
  const { pathname, searchParams } = new URL(request.url, "ws://localhost");
  ws.on("error", (error) => console.error(error));
  if (pathname === "/getCaseCount") {
    ws.send(String(cases.length));
    ws.close();
  } else if (pathname === "/runCase") {
    const number = Number(searchParams.get("case"));
    cases[number - 1](ws).then(() => passed.add(number), console.error).finally(() => ws.close());
  } else if (pathname === "/updateReports") {
    ws.close();
    ws.on("close", report);
  } else {
    ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
  }
});

function report() {
  console.error(`  ws ${version}, ${scheme}, server: ${passed.size} of ${cases.length} cases`);
  process.exit(passed.size === cases.length ? 0 : 1);
}

server.listen(0, "127.0.0.1", () => {
  console.log(`listening on ${scheme}://localhost:${server.address().port}`);
});
