// Node's http2 as a server for h2_client, with the frames of ws: node http2_server.js
//
// Prints "listening on URL". Echoes the messages of one WebSocket, and ends with its connection, with
// status 0 if the request, the Close and the end of the stream were as they should be.
"use strict";

const assert = require("node:assert/strict");
const http2 = require("node:http2");
const { once } = require("node:events");
const { Receiver, Sender } = require("ws");

const server = http2.createServer({ settings: { enableConnectProtocol: true } });

server.once("session", async (session) => {
  server.close();
  const [stream, headers] = await once(session, "stream");
  assert.deepEqual(Object.fromEntries(Object.entries(headers)), {
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "http",
    ":authority": `127.0.0.1:${port}`,
    ":path": "/chat?room=1",
    "sec-websocket-version": "13",
  });
  stream.respond({ ":status": 200 });
  const receiver = new Receiver({ isServer: true });
  const sender = new Sender(stream);
  receiver.on("message", (data, binary) => {
    sender.send(data, { binary, fin: true, mask: false, compress: false });
  });
  stream.pipe(receiver);
  const [code] = await once(receiver, "conclude");
  assert.equal(code, 1000);
  sender.close(code, "", false);
  stream.end();
  await once(stream, "close");
  assert.equal(stream.rstCode, http2.constants.NGHTTP2_NO_ERROR);
  await once(session, "close");
  console.error(`  http2 of Node ${process.version}, http server: fields of the request, text, close code`);
});

let port;
server.listen(0, "127.0.0.1", () => {
  port = server.address().port;
  console.log(`listening on ws://127.0.0.1:${port}/chat?room=1`);
});
