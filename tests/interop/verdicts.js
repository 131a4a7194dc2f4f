// Prints what Node's ws makes of the corpora in tests/verdicts: node verdicts.js
//
// tests/verdicts/README.md describes the lines.
"use strict";

const crypto = require("node:crypto");
const { once } = require("node:events");
const http = require("node:http");
const net = require("node:net");
const path = require("node:path");

// The key of RFC 6455 §1.3: each client of ws would take a random one. It takes the function when it
// is loaded.
crypto.randomBytes = (size) => Buffer.from("the sample nonce").subarray(0, size);

const { Receiver, WebSocket, WebSocketServer } = require("ws");
const { version } = require("ws/package.json");
// The symbol under which an error of ws has its close code is not exported, nor is its compression.
const internal = (name) => require(path.join(path.dirname(require.resolve("ws")), "lib", name));
const { kStatusCode } = internal("constants.js");
const PerMessageDeflate = internal("permessage-deflate.js");

const { fingerprint, heads, streams } = require("./corpus.js");

const VERDICTS = path.join(__dirname, "..", "verdicts");
const OFFER = ["chat", "superchat"];
// The default of a WebSocket.
const MAX_PAYLOAD = 100 * 1024 * 1024;

// What a receiver has reported, and how it ended.
class Log {
  seen = [];
  isOver = false;

  payload(kind, bytes) {
    const short = () => quoted(bytes);
    const long = () => `${bytes.length} bytes ${fingerprint(bytes)}`;
    this.seen.push(`${kind} ${bytes.length > 32 ? long() : short()}`);
  }

  end(event) {
    this.isOver = true;
    this.seen.push(event);
  }

  text() {
    return (this.isOver ? this.seen : [...this.seen, "open"]).join(", ");
  }
}

// Returns the bytes in quotes, with escapes for what is not printable ASCII.
function quoted(bytes) {
  const plain = (byte) => byte >= 0x20 && byte < 0x7f && !'"\\'.includes(String.fromCharCode(byte));
  const escaped = (byte) => `\\x${byte.toString(16).padStart(2, "0")}`;
  return `"${[...bytes].map((byte) => plain(byte) ? String.fromCharCode(byte) : escaped(byte)).join("")}"`;
}

// Returns the extensions of an end that has agreed on the default parameters.
function agreed(isServer) {
  const deflate = new PerMessageDeflate({ isServer, maxPayload: MAX_PAYLOAD });
  deflate.accept([{}]);
  return { [PerMessageDeflate.extensionName]: deflate };
}

async function stream(receiver, bytes, isCompressed) {
  const log = new Log();
  const isServer = receiver === "server";
  const extensions = isCompressed ? agreed(isServer) : {};
  const ws = new Receiver({ isServer, maxPayload: MAX_PAYLOAD, extensions });
  ws.on("message", (data, isBinary) => log.payload(isBinary ? "binary" : "text", data));
  ws.on("ping", (data) => log.payload("ping", data));
  ws.on("pong", (data) => log.payload("pong", data));
  ws.on("conclude", (code, reason) => {
    if (code === 1005) log.end("close");
    else {
      log.isOver = true;
      log.payload(`close ${code}`, reason);
    }
  });
  ws.on("error", (error) => log.end(`fail ${error[kStatusCode]}`));
  // The callback comes when all of it was read, with or without an error.
  await new Promise((done) => ws.write(bytes, done));
  if (ws.errored && !log.isOver) await once(ws, "error").catch(() => {});
  return log.text();
}

const accepted = (subprotocol) => subprotocol ? `accept ${subprotocol}` : "accept";

// Returns the port of a server on this machine.
async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

// Sends a request, and then the end of the transport. Only a 101 accepts it.
async function request(port, bytes) {
  const socket = net.connect(port, "127.0.0.1");
  const chunks = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // A socket that is reset after the response has been seen like any other.
  socket.on("error", () => {});
  socket.end(bytes);
  await once(socket, "close");
  const response = Buffer.concat(chunks).toString("latin1");
  if (!response.startsWith("HTTP/1.1 101 ")) return "refuse";
  return accepted(/\r\nSec-WebSocket-Protocol: (.*)\r\n/.exec(response)?.[1]);
}

async function requests() {
  const server = http.createServer((_, response) => response.writeHead(426).end());
  const chat = (offered) => offered.has("chat") && "chat";
  const wss = new WebSocketServer({ server, handleProtocols: chat });
  // What follows a request may be no frame.
  wss.on("connection", (ws) => ws.on("error", () => {}));
  const port = await listen(server);
  for (const [key, bytes] of heads(path.join(VERDICTS, "requests.txt"), "request")) {
    console.log(`${key} ${fingerprint(bytes)}: ${await request(port, bytes)}`);
  }
  server.close();
}

function response(port) {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/chat`, OFFER, { perMessageDeflate: false });
  return new Promise((done) => {
    ws.on("open", () => done(accepted(ws.protocol)));
    ws.on("unexpected-response", (request, response) => {
      // Node calls this also for a 101 whose fields do not say Upgrade.
      done(response.statusCode === 101 ? "refuse" : `http ${response.statusCode}`);
      request.destroy();
    });
    ws.on("error", () => done("refuse"));
  });
}

async function responses() {
  let bytes;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    // A request comes in one write.
    socket.once("data", () => socket.end(bytes));
  });
  const port = await listen(server);
  for (const [key, next] of heads(path.join(VERDICTS, "responses.txt"), "response")) {
    bytes = next;
    console.log(`${key} ${fingerprint(bytes)}: ${await response(port)}`);
  }
  server.close();
}

async function main() {
  console.log(`# ws ${version}`);
  for (const [name, prefix] of [["streams", ""], ["deflate", "deflate-"]]) {
    for (const [key, receiver, bytes] of streams(path.join(VERDICTS, `${name}.txt`), prefix)) {
      console.log(`${key} ${fingerprint(bytes)}: ${await stream(receiver, bytes, name === "deflate")}`);
    }
  }
  await requests();
  await responses();
}

main();
