"""Parses the corpora of tests/verdicts, as tests/verdicts/README.md describes them."""

import re

KEY = bytes.fromhex("37fa213d")
OPCODES = {"cont": 0x0, "text": 0x1, "binary": 0x2, "close": 0x8, "ping": 0x9, "pong": 0xA}
WORD = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\*(\d+))?|(\S+)')
ESCAPE = re.compile(rb'\\(?:x([0-9a-f]{2})|([rn"\\]))')
LETTERS = {b"r": b"\r", b"n": b"\n"}


def fingerprint(data):
    """Returns the 32-bit FNV-1a hash of `data`."""
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{value:08x}"


def unescape(match):
    return bytes.fromhex(match[1].decode()) if match[1] else LETTERS.get(match[2], match[2])


def words(line):
    """Returns lists of words, which were separated by `|`. A quoted string is of bytes."""
    groups = [[]]
    for string, times, plain in (match.groups() for match in WORD.finditer(line)):
        if plain == "|":
            groups.append([])
        elif plain:
            groups[-1].append(plain)
        else:
            groups[-1].append(ESCAPE.sub(unescape, string.encode()) * int(times or 1))
    return groups


def lines(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, rest = line.split(":", 1)
            yield name, words(rest)


def streams(path, prefix=""):
    """Yields (key, receiver, bytes) for each stream and each of its receivers."""
    for name, frames in lines(path):
        name, _, only = name.partition(" ")
        for receiver in ("server", "client"):
            if only in ("", receiver):
                yield f"{prefix}{receiver} {name}", receiver, b"".join(frame(f, receiver) for f in frames)


def frame(words, receiver):
    first, *rest = words
    key, is_masked, bits, declared, payload = KEY, receiver == "server", None, None, b""
    for word in rest:
        name, _, value = word.partition("=") if isinstance(word, str) else (None, None, None)
        if name is None:
            payload += word
        elif name == "len":
            declared = int(value)
        elif name == "key":
            key = bytes.fromhex(value)
        elif name in ("masked", "unmasked"):
            is_masked = name == "masked"
        elif name in ("len16", "len64"):
            bits = int(name[3:])
        else:
            payload += int(word).to_bytes(2, "big")
    if first == "bytes":
        return payload
    length = len(payload) if declared is None else declared
    return head(first_byte(first), is_masked, length, bits) + (masked(payload, key) if is_masked else payload)


def first_byte(word):
    name = word.removesuffix("...")
    if name not in OPCODES:
        return int(word, 16)
    return OPCODES[name] | (0x80 if name == word else 0)


def head(first, is_masked, length, bits):
    if bits is None:
        bits = 7 if length < 126 else 16 if length < 0x10000 else 64
    code = {7: length, 16: 126, 64: 127}[bits]
    return bytes([first, code | is_masked << 7]) + (length.to_bytes(bits // 8, "big") if bits > 7 else b"")


def masked(payload, key):
    return key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def heads(path, kind):
    """Yields (key, bytes) for each head: the one called `plain` with its own edits."""
    plain = b""
    for name, edits in lines(path):
        data = plain
        for words in edits:
            data = edited(data, *words)
        if name == "plain":
            plain = data
        yield f"{kind} {name}", data


def edited(data, verb, *values):
    match verb, *values:
        case "same",:
            return data
        case "whole", new:
            return new
        case "after", more:
            return data + more
        case "line", line:
            return data[:-2] + line + b"\r\n\r\n"
        case "drop", start:
            at = data.index(b"\r\n" + start)
            return data[:at] + data[data.index(b"\r\n", at + 2) :]
        case "replace", old, new:
            at = data.index(old)
            return data[:at] + new + data[at + len(old) :]
        case "all", old, new:
            return data.replace(old, new)
    raise ValueError(f"unknown edit {verb}")
