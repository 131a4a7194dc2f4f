//! The heads of opening handshakes.

/// A request as a browser sends it, with the key of RFC 6455 §1.3.
pub const BROWSER_REQUEST: &[u8] = b"GET /chat?room=42 HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/130.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: https://www.example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en-US;q=0.9,en;q=0.8\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
    \r\n";

/// The nonce of that key.
pub const NONCE: [u8; 16] = *b"the sample nonce";

/// The URI that a client other than a browser requests.
pub const URI: &str = "wss://server.example.com/chat?room=42";

/// A response with the headers that servers add to the handshake.
pub const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Server: nginx\r\n\
    Date: Sat, 21 Nov 2026 06:54:00 GMT\r\n\
    Connection: upgrade\r\n\
    Upgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    \r\n";

/// Returns `head` with one more header field, which makes it `len` bytes long.
pub fn padded_by_a_line(head: &[u8], len: usize) -> Vec<u8> {
    let value = vec![b'x'; len - head.len() - "Cookie: \r\n".len()];
    padded(head, &[b"Cookie: ", &value[..], b"\r\n"].concat())
}

/// Returns `head` with as many short header fields as make it `len` bytes long.
pub fn padded_by_lines(head: &[u8], len: usize) -> Vec<u8> {
    let (line, most) = (b"a: b\r\n", len - head.len());
    let (lines, rest) = (most / line.len(), most % line.len());
    // The last one is longer.
    let last = [b"a: b", &vec![b'x'; rest][..], b"\r\n"].concat();
    padded(head, &[line.repeat(lines - 1), last].concat())
}

fn padded(head: &[u8], lines: &[u8]) -> Vec<u8> {
    let end = head.len() - b"\r\n".len();
    [&head[..end], lines, b"\r\n"].concat()
}
