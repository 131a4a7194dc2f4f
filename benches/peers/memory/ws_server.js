// An echo server by Node's ws: node --expose-gc ws_server.js off | default | BITS MEMORY_LEVEL
//
// Prints its port, and collects garbage for each line of its input.
"use strict";

const readline = require("node:readline");
const { WebSocketServer } = require("ws");

const [mode, memoryLevel] = process.argv.slice(2);
const fixed = { off: false, default: true };
const bits = Number(mode);
const perMessageDeflate = fixed[mode] ?? {
  serverMaxWindowBits: bits,
  clientMaxWindowBits: bits,
  zlibDeflateOptions: { memLevel: Number(memoryLevel) },
};

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
server.on("listening", () => console.log(server.address().port));
server.on("connection", (ws) => {
  ws.on("message", (data, isBinary) => ws.send(data, { binary: isBinary }));
});
readline.createInterface(process.stdin).on("line", () => {
  global.gc();
  console.log("collected");
});
