// permessage-deflate with Node's ws as client and as server: node deflate_ws.js EXAMPLES
//
// EXAMPLES is the directory of echo_server and client. Each window and each choice of context
// takeover is tried twice: once the peer asks for it, and once our options do. There is no option
// for takeover in one direction only, so the peer asks for that in any case.
"use strict";

const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const readline = require("node:readline");
const { WebSocket, WebSocketServer } = require("ws");
const { version } = require("ws/package.json");

const [examples] = process.argv.slice(2);
const COMBINATIONS = [9, 10, 12, 15].flatMap((bits) =>
  [[false, false], [true, false], [false, true], [true, true]].map((off) => [bits, ...off]));
const MAX_WINDOW_BITS = 15;

// Returns text like JSON, which repeats itself as such text does.
function records(length) {
  let text = "";
  while (text.length < length) {
    const [id, price] = [crypto.randomInt(2 ** 32), crypto.randomInt(10_000) / 100];
    const name = ["bolt", "Mutter", "écrou"][crypto.randomInt(3)];
    text += `{"id": ${id}, "name": "${name}", "price": ${price}}, `;
  }
  return text.slice(0, length);
}

// Without an earlier message to refer to, it shrinks by half at most.
const SHORT = crypto.randomBytes(100).toString("hex");
const [KIB, LONG, LONGER] = [1 << 10, 64 << 10, 300 << 10].map(records);
const [NOISE, MORE_NOISE] = [1000, 70_000].map((length) => crypto.randomBytes(length));
const MESSAGES = [
  KIB, KIB, "", Buffer.alloc(0), NOISE, NOISE, LONG, LONG, "", MORE_NOISE, KIB, LONGER, LONGER, SHORT, KIB,
];

// Returns the parameters of an extension header, with the values of those that are absent.
function agreement(header) {
  const [name, ...params] = header.split(";").map((part) => part.trim());
  assert.equal(name, "permessage-deflate");
  const agreed = {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: MAX_WINDOW_BITS,
    client_max_window_bits: MAX_WINDOW_BITS,
  };
  for (const [key, value] of params.map((param) => param.split("="))) {
    assert(key in agreed, header);
    agreed[key] = value === undefined ? true : Number(value);
  }
  return Object.values(agreed);
}

// Returns our options, and those of the peer.
function askedByPeer(bits, serverNoContextTakeover, clientNoContextTakeover) {
  const windows = { serverMaxWindowBits: bits, clientMaxWindowBits: bits };
  return [["--deflate"], { serverNoContextTakeover, clientNoContextTakeover, ...windows }];
}

function askedByUs(bits, serverIsOff, clientIsOff) {
  const ours = ["--deflate-window-bits", String(bits)];
  if (serverIsOff && clientIsOff) return [[...ours, "--deflate-no-takeover"], {}];
  // Here `false` would refuse it.
  const peers = {};
  if (serverIsOff) peers.serverNoContextTakeover = true;
  if (clientIsOff) peers.clientNoContextTakeover = true;
  return [ours, peers];
}

async function answered(answer, message, echo) {
  const [data, isBinary] = await answer;
  const expected = echo(message);
  assert.equal(isBinary, typeof expected !== "string");
  assert(data.equals(Buffer.from(expected)), `message of ${message.length}`);
}

async function exchange(ws, message, echo) {
  const answer = once(ws, "message");
  ws.send(message);
  await answered(answer, message, echo);
}

// Checks that each message comes back as `echo` of it, and that ours shrink as was agreed on.
async function exchangeAll(ws, socket, takesOver, echo) {
  const closed = once(ws, "close").then(([code, reason]) => {
    throw new Error(`closed: ${code} ${reason}`);
  });
  await Promise.race([exchangeEach(ws, socket, takesOver, echo), closed]);
}

async function exchangeEach(ws, socket, takesOver, echo) {
  const lengths = [];
  for (const message of [SHORT, SHORT, KIB]) {
    const before = socket.bytesRead;
    await exchange(ws, message, echo);
    lengths.push(socket.bytesRead - before);
  }
  const [first, second, kib] = lengths;
  assert(takesOver ? second < first / 4 : second === first, `${first} bytes, then ${second}`);
  assert(kib < KIB.length * 0.7, `${kib} bytes`);
  for (const message of MESSAGES) await exchange(ws, message, echo);
  for (const message of [LONG, NOISE, KIB]) await exchangeFragments(ws, message, echo);
  const many = Array.from({ length: 50 }, (_, number) => `${number} ${SHORT}`);
  const answers = received(ws, many.length);
  for (const message of many) ws.send(message);
  assert.deepEqual(await answers, many);
}

async function exchangeFragments(ws, message, echo) {
  const [answer, pong] = [once(ws, "message"), once(ws, "pong")];
  const [third, binary] = [Math.floor(message.length / 3), typeof message !== "string"];
  ws.send(message.slice(0, third), { fin: false, binary });
  ws.ping("between");
  assert.equal(String((await pong)[0]), "between");
  ws.send("", { fin: false });
  ws.send(message.slice(third));
  await answered(answer, message, echo);
}

function received(ws, count) {
  const texts = [];
  return new Promise((done) => {
    ws.on("message", (data) => {
      if (texts.push(String(data)) === count) done(texts);
    });
  });
}

// Returns the text that the client prints for a message.
function escaped(message) {
  return typeof message === "string" ? message : Array.from(message, escapedByte).join("");
}

function escapedByte(byte) {
  const char = String.fromCharCode(byte);
  if (char in NAMED) return NAMED[char];
  return byte >= 0x20 && byte < 0x7f ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
}

const NAMED = { "\t": "\\t", "\r": "\\r", "\n": "\\n", "'": "\\'", '"': '\\"', "\\": "\\\\" };

// Talks to our server, which echoes.
async function asClient(ours, peers, expected) {
  const server = start("echo_server", "--listen", "127.0.0.1:0", ...ours);
  const [line] = await once(readline.createInterface(server.stdout), "line");
  const perMessageDeflate = { ...peers, threshold: 0 };
  const ws = new WebSocket(line.replace("listening on ", ""), { perMessageDeflate });
  const [[{ socket, headers }]] = await Promise.all([once(ws, "upgrade"), once(ws, "open")]);
  assert.deepEqual(agreement(headers["sec-websocket-extensions"]), expected);
  await exchangeAll(ws, socket, !expected[0], (message) => message);
  const closed = once(ws, "close");
  ws.close(1000);
  assert.equal((await closed)[0], 1000);
  server.kill();
}

const started = [];
process.on("exit", () => started.forEach((program) => program.kill()));

function start(name, ...options) {
  const program = spawn(`${examples}/${name}`, options);
  program.log = "";
  program.stderr.on("data", (data) => { program.log += data; });
  started.push(program);
  return program;
}

// Talks to our client, whose output is its input, so that it echoes.
async function asServer(ours, peers, expected) {
  const perMessageDeflate = { ...peers, threshold: 0 };
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
  let answer;
  server.on("headers", (headers) => {
    answer = headers.find((header) => header.startsWith("Sec-WebSocket-Extensions: "));
  });
  await once(server, "listening");
  const client = start("client", ...ours, `ws://127.0.0.1:${server.address().port}/`);
  client.stdout.pipe(client.stdin);
  const ended = once(client, "close");
  const [ws, request] = await once(server, "connection");
  await exchangeAll(ws, request.socket, !expected[1], escaped);
  ws.close(1000);
  assert.deepEqual(await ended, [0, null], client.log);
  assert.deepEqual(agreement(answer.replace(/.*: /, "")), expected);
  assert.deepEqual(agreement(client.log.match(/^extensions (.*)$/m)[1]), expected);
  server.close();
}

async function tryAll(name, ask, run) {
  for (const [bits, ...off] of COMBINATIONS) {
    const [ours, peers] = ask(bits, ...off);
    try {
      await run(ours, peers, [...off, bits, bits]);
    } catch (error) {
      console.log(`  ${name}: ${bits} bits, no takeover of server and client: ${off}`);
      throw error;
    }
  }
  console.log(`  ws ${version}, ${name}: ${COMBINATIONS.length} agreements`);
}

async function main() {
  setTimeout(() => { throw new Error("this hangs"); }, 90_000).unref();
  await tryAll("client, which asks", askedByPeer, asClient);
  await tryAll("client, asked", askedByUs, asClient);
  await tryAll("server, which asks", askedByPeer, asServer);
  await tryAll("server, asked", askedByUs, asServer);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
