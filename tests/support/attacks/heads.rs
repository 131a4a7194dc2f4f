//! Attacks within the opening handshake. Except where a limit is what they attack, the limits are
//! lifted, as the default ones bound a head to 16 KiB and 64 fields.

use sansock::Role;

use super::{Attack, End, HEAD};
use crate::support::conversation::REQUEST;

/// A head is stored once, in a buffer that doubles, and parsed to a list of its fields. The request
/// has both.
const fn head(len: usize) -> usize {
    4 * len + SLACK
}

const SLACK: usize = 4 << 10;

pub(super) const ALL: &[Attack] = &[
    Attack {
        name: "endless-head",
        size: 20_000,
        stream: |len| [b"GET / HTTP/1.1\r\nA: ".to_vec(), vec![b'x'; len]].concat(),
        read: 1,
        settings: |_, _| (),
        end: End::Http(431),
        most: |_| 2 * (16 << 10) + SLACK,
        ..HEAD
    },
    Attack {
        name: "endless-fields",
        stream: |count| [b"GET / HTTP/1.1\r\n".to_vec(), b"A:\r\n".repeat(count)].concat(),
        settings: |_, _| (),
        end: End::Http(431),
        most: |_| SLACK,
        ..HEAD
    },
    Attack {
        name: "long-field",
        size: 50_000,
        stream: |len| request(&format!("A: {}\r\n", "x".repeat(len))),
        most: head,
        ..HEAD
    },
    Attack {
        name: "long-field-byte-by-byte",
        size: 5000,
        stream: |len| request(&format!("A: {}\r\n", "x".repeat(len))),
        read: 1,
        most: head,
        ..HEAD
    },
    Attack {
        name: "long-name",
        size: 50_000,
        stream: |len| request(&format!("{}: a\r\n", "x".repeat(len))),
        most: head,
        ..HEAD
    },
    Attack {
        name: "long-target",
        size: 50_000,
        stream: |len| REQUEST.replacen("/chat", &format!("/{}", "x".repeat(len)), 1).into_bytes(),
        most: head,
        ..HEAD
    },
    // Each field has 4 bytes on the wire.
    Attack {
        name: "many-fields",
        size: 2000,
        stream: |count| request(&"A:\r\n".repeat(count)),
        most: |count| FIELD * count + SLACK,
        ..HEAD
    },
    Attack {
        name: "cookies",
        size: 5000,
        stream: |count| request(&format!("Cookie: {}\r\n", "a=bcdef; ".repeat(count))),
        most: |count| head(9 * count),
        ..HEAD
    },
    Attack {
        name: "white-space",
        size: 50_000,
        stream: |len| {
            let space = " \t".repeat(len / 2);
            request(&format!("Sec-WebSocket-Extensions: x{space};{space}y{space},z\r\n"))
        },
        most: |len| head(3 * len),
        ..HEAD
    },
    Attack {
        name: "subprotocols",
        size: 5000,
        stream: |count| {
            let names: Vec<String> = (0..count).map(|i| format!("p{i:06}")).collect();
            let list = format!("Protocol: chat, {}", names.join(", "));
            REQUEST.replacen("Protocol: chat", &list, 1).into_bytes()
        },
        most: |count| head(9 * count),
        ..HEAD
    },
    Attack {
        name: "extensions",
        size: 5000,
        stream: |count| request(&format!("Sec-WebSocket-Extensions: {}y\r\n", "x, ".repeat(count))),
        most: |count| head(3 * count),
        ..HEAD
    },
    Attack {
        name: "extensions-in-fields-of-their-own",
        size: 1000,
        stream: |count| request(&"Sec-WebSocket-Extensions: x\r\n".repeat(count)),
        most: |count| head(29 * count) + FIELD * count,
        ..HEAD
    },
    Attack {
        name: "parameters",
        size: 5000,
        stream: |count| {
            request(&format!("Sec-WebSocket-Extensions: x{}\r\n", "; y=1".repeat(count)))
        },
        most: |count| head(5 * count),
        ..HEAD
    },
    Attack {
        name: "offers-of-compression-that-are-declined",
        size: 1000,
        stream: |count| {
            let offer = "permessage-deflate; server_max_window_bits=0, ";
            request(&format!("Sec-WebSocket-Extensions: {}x\r\n", offer.repeat(count)))
        },
        #[cfg(feature = "deflate")]
        settings: |settings, config| {
            (HEAD.settings)(settings, config);
            config.deflate = Some(sansock::deflate::Deflate::default());
        },
        most: |count| head(46 * count),
        ..HEAD
    },
    Attack {
        name: "quotes-that-never-close",
        size: 20_000,
        stream: |len| {
            request(&format!("Sec-WebSocket-Extensions: x; y=\"{}\r\n", "\\c".repeat(len)))
        },
        end: End::Http(400),
        most: |len| head(2 * len),
        ..HEAD
    },
    Attack {
        name: "interim-responses",
        victim: Role::Client,
        size: 1000,
        stream: |count| {
            let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(count);
            format!("{interim}HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n").into_bytes()
        },
        end: End::Http(401),
        most: |_| SLACK,
        ..HEAD
    },
    Attack {
        name: "long-redirect",
        victim: Role::Client,
        size: 20_000,
        stream: |len| {
            let location = "a/../".repeat(len / 5);
            format!("HTTP/1.1 302 Found\r\nLocation: /{location}\r\nContent-Length: 0\r\n\r\n")
                .into_bytes()
        },
        end: End::Http(302),
        most: head,
        ..HEAD
    },
    // By default, 64 KiB of the body of a refusal are kept.
    Attack {
        name: "endless-body-of-a-refusal",
        victim: Role::Client,
        size: 100_000,
        stream: |len| [b"HTTP/1.1 503 Busy\r\n\r\n".to_vec(), vec![b'x'; len]].concat(),
        end: End::Http(503),
        most: |_| 2 * (64 << 10) + SLACK,
        ..HEAD
    },
    Attack {
        name: "body-of-a-refusal-in-tiny-chunks",
        victim: Role::Client,
        size: 20_000,
        stream: |count| {
            let head = "HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n";
            [head.as_bytes(), &b"1\r\nx\r\n".repeat(count)].concat()
        },
        end: End::Http(503),
        most: |_| 2 * (64 << 10) + SLACK,
        ..HEAD
    },
];

/// What a field may take while a head is parsed, and in the request.
const FIELD: usize = 128;

/// Returns a request with these lines in front of its last ones.
fn request(lines: &str) -> Vec<u8> {
    REQUEST.replacen("Upgrade:", &format!("{lines}Upgrade:"), 1).into_bytes()
}
