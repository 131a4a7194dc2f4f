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
