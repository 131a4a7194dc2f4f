// Prints what Node's ws makes of the corpora in tests/verdicts: node verdicts.js
//
// tests/verdicts/README.md describes the lines.
"use strict";

const { once } = require("node:events");
const path = require("node:path");
const { Receiver } = require("ws");
const { version } = require("ws/package.json");
// The symbol under which an error of ws has its close code is not exported.
const { kStatusCode } = require(path.join(path.dirname(require.resolve("ws")), "lib", "constants.js"));

const { fingerprint, streams } = require("./corpus.js");

const VERDICTS = path.join(__dirname, "..", "verdicts");
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

async function stream(receiver, bytes) {
  const log = new Log();
  const ws = new Receiver({ isServer: receiver === "server", maxPayload: MAX_PAYLOAD });
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

async function main() {
  console.log(`# ws ${version}`);
  for (const [key, receiver, bytes] of streams(path.join(VERDICTS, "streams.txt"))) {
    console.log(`${key} ${fingerprint(bytes)}: ${await stream(receiver, bytes)}`);
  }
}

main();
