// Parses the corpora of tests/verdicts, as tests/verdicts/README.md describes them.
"use strict";

const fs = require("node:fs");

const KEY = "37fa213d";
const OPCODES = { cont: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa };
const LETTERS = { r: "\r", n: "\n" };

// Returns the 32-bit FNV-1a hash of `bytes`.
function fingerprint(bytes) {
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value.toString(16).padStart(8, "0");
}

// Escapes stand for bytes. All else is UTF-8.
function unescaped(string) {
  const parts = string.match(/\\x[0-9a-f]{2}|\\.|[^\\]+/gu) ?? [];
  return Buffer.concat(parts.map((part) => {
    if (part.startsWith("\\x")) return Buffer.from(part.slice(2), "hex");
    return Buffer.from(part.startsWith("\\") ? LETTERS[part[1]] ?? part[1] : part);
  }));
}

// Returns lists of words, which were separated by `|`. A quoted string is a Buffer.
function words(line) {
  const groups = [[]];
  for (const [, string, times, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"(?:\*(\d+))?|(\S+)/gu)) {
    if (plain === "|") groups.push([]);
    else if (plain) groups.at(-1).push(plain);
    else groups.at(-1).push(Buffer.concat(Array(Number(times ?? 1)).fill(unescaped(string))));
  }
  return groups;
}

function lines(path) {
  const all = fs.readFileSync(path, "utf8").split("\n");
  return all.filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), words(line.slice(colon + 1))];
  });
}

// Returns [key, receiver, bytes] for each stream and each of its receivers.
function streams(path, prefix = "") {
  return lines(path).flatMap(([nameAndReceiver, frames]) => {
    const [name, only] = nameAndReceiver.split(" ");
    const receivers = ["server", "client"].filter((receiver) => (only ?? receiver) === receiver);
    return receivers.map((receiver) =>
      [`${prefix}${receiver} ${name}`, receiver, Buffer.concat(frames.map((words) => frame(words, receiver)))]);
  });
}

function frame([first, ...rest], receiver) {
  let key = KEY, isMasked = receiver === "server", bits, declared;
  const pieces = [];
  for (const word of rest) {
    const [name, value] = typeof word === "string" ? word.split("=") : [];
    if (name === undefined) pieces.push(word);
    else if (name === "len") declared = BigInt(value);
    else if (name === "key") key = value;
    else if (name === "masked" || name === "unmasked") isMasked = name === "masked";
    else if (name === "len16" || name === "len64") bits = Number(name.slice(3));
    else pieces.push(bigEndian(BigInt(word), 2));
  }
  const payload = Buffer.concat(pieces);
  if (first === "bytes") return payload;
  const head = header(firstByte(first), isMasked, declared ?? BigInt(payload.length), bits);
  return Buffer.concat([head, isMasked ? masked(payload, Buffer.from(key, "hex")) : payload]);
}

function firstByte(word) {
  const name = word.replace(/\.\.\.$/, "");
  if (!(name in OPCODES)) return parseInt(word, 16);
  return OPCODES[name] | (name === word ? 0x80 : 0);
}

function header(first, isMasked, length, bits) {
  bits ??= length < 126n ? 7 : length < 0x10000n ? 16 : 64;
  const code = { 7: Number(length), 16: 126, 64: 127 }[bits];
  const start = Buffer.from([first, code | (isMasked ? 0x80 : 0)]);
  return bits === 7 ? start : Buffer.concat([start, bigEndian(length, bits / 8)]);
}

function bigEndian(number, size) {
  return Buffer.from(number.toString(16).padStart(2 * size, "0"), "hex");
}

function masked(payload, key) {
  return Buffer.concat([key, payload.map((byte, i) => byte ^ key[i % 4])]);
}

// Returns [key, bytes] for each head: the one called `plain` with its own edits.
function heads(path, kind) {
  let plain = Buffer.alloc(0);
  return lines(path).map(([name, edits]) => {
    const bytes = edits.reduce((bytes, [verb, ...values]) => edited(bytes, verb, values), plain);
    if (name === "plain") plain = bytes;
    return [`${kind} ${name}`, bytes];
  });
}

function edited(bytes, verb, [first, second]) {
  const splice = (at, end, ...between) => Buffer.concat([bytes.subarray(0, at), ...between, bytes.subarray(end)]);
  switch (verb) {
    case "same": return bytes;
    case "whole": return first;
    case "after": return Buffer.concat([bytes, first]);
    case "line": return splice(bytes.length - 2, bytes.length - 2, first, Buffer.from("\r\n"));
    case "drop": {
      const at = bytes.indexOf(Buffer.concat([Buffer.from("\r\n"), first]));
      return splice(at, bytes.indexOf("\r\n", at + 2));
    }
    case "replace": {
      const at = bytes.indexOf(first);
      return splice(at, at + first.length, second);
    }
    case "all": {
      const latin = (buffer) => buffer.toString("latin1");
      return Buffer.from(latin(bytes).replaceAll(latin(first), () => latin(second)), "latin1");
    }
    default: throw new Error(`unknown edit ${verb}`);
  }
}

module.exports = { fingerprint, heads, streams };
