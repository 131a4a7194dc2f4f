//! However a head is cut into reads, a handshake reaches the same verdict, takes the same bytes and
//! reports the same error. A naive reader of the RFC accepts everything that it accepts. That
//! reader is below, and shares no code with the crate.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sansock::handshake::{HeadError, client, server};

#[path = "../../tests/it/handshake/feed.rs"]
#[allow(dead_code, reason = "the tests feed in every way, which here is for the fuzzer to choose")]
mod feed;
use feed::{Received, client_takes, in_chunks, server_takes};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    server: bool,
    cuts: [u8; 8],
    /// Which lines of a valid head are left out, one bit for each.
    omitted: u8,
    /// Where in the rest bytes are inserted, and how many bytes they replace.
    place: u16,
    replaced: u8,
    /// The inserted bytes. Bytes from 0x80 on mean one of `LINES`, and bytes from 0xC0 on mean
    /// bytes that are not ASCII.
    bytes: &'a [u8],
}

impl Case<'_> {
    /// Returns what the peer sends.
    fn stream(&self) -> Vec<u8> {
        let lines = if self.server { &REQUEST[..] } else { &RESPONSE };
        let kept = lines.iter().enumerate().filter(|(index, _)| self.omitted >> index & 1 == 0);
        let mut stream: Vec<u8> = kept.flat_map(|(_, line)| line.bytes()).collect();
        let start = usize::from(self.place) % (stream.len() + 1);
        let end = stream.len().min(start + usize::from(self.replaced));
        let put_in = self.bytes.iter().flat_map(|byte| match byte {
            0x00..=0x7f => vec![*byte],
            0x80..=0xbf => LINES[usize::from(*byte) % LINES.len()].as_bytes().to_vec(),
            0xc0.. => vec![*byte - 0x40],
        });
        stream.splice(start..end, put_in);
        stream
    }
}

/// RFC 6455 §4.2.1
const REQUEST: [&str; 7] = [
    "GET /chat HTTP/1.1\r\n",
    "Host: a.example:80\r\n",
    "Upgrade: websocket\r\n",
    "Connection: keep-alive, Upgrade\r\n",
    "Sec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "\r\n",
];

/// RFC 6455 §4.2.2
const RESPONSE: [&str; 6] = [
    "HTTP/1.1 101 Switching Protocols\r\n",
    "Upgrade: websocket\r\n",
    "Connection: Upgrade\r\n",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    "Sec-WebSocket-Protocol: chat\r\n",
    "\r\n",
];

/// Lines of valid heads, and some that are almost valid.
const LINES: [&str; 33] = [
    "GET / HTTP/1.1\r\n",
    "GET http://a:80/?b HTTP/1.1\r\n",
    "HEAD / HTTP/1.1\r\n",
    "Host: a\r\n",
    "Host: [::1]:8080\r\n",
    "Host: a:\r\n",
    "Host: %41.b:0\r\n",
    "Host: ",
    "Upgrade: websocket\r\n",
    "upgrade:h2c, WebSocket\r\n",
    "Connection: Upgrade\r\n",
    "connection:\tkeep-alive,upgrade \r\n",
    "Sec-WebSocket-Version: 13\r\n",
    "Sec-WebSocket-Version: 8\r\n",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==\r\n",
    "Sec-WebSocket-Key: ",
    "Sec-WebSocket-Protocol: chat\r\n",
    "Sec-WebSocket-Protocol: ",
    "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    "Sec-WebSocket-Extensions: a; b=\"c\\d\", e;",
    "Content-Length: 0\r\n",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Origin: http://a\r\n",
    "X: \u{e9}\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 100\r\n\r\n",
    "HTTP/1.1 200 OK\r\n",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    "Sec-WebSocket-Accept: ",
    "\r\n",
    "\r\n\r\n",
];

fuzz_target!(|input: Case<'_>| {
    let stream = input.stream();
    if input.server { serve(&stream, &input.cuts) } else { ask(&stream, &input.cuts) }
});

/// Checks a server that receives `stream`.
fn serve(stream: &[u8], cuts: &[u8]) {
    let over = server::Refusal::Head(HeadError::Over);
    let result = every_way(stream, cuts, server::ServerHandshake::default, server_takes, &over);
    let (taken, request) = match result {
        Ok((taken, Some(request))) => (taken, request),
        Ok((taken, None)) => return assert_eq!(taken, stream.len()),
        Err(refusal) => return check_refusal(stream, &refusal),
    };
    let head = stream[..taken].strip_suffix(b"\r\n\r\n").expect("an empty line ends a head");
    match request.upgrade() {
        Ok(upgrade) => {
            assert_eq!(naive::request(head), Ok(()));
            let offered: Vec<String> = upgrade.subprotocols().map(str::to_owned).collect();
            assert_eq!(naive::list(head, "sec-websocket-protocol"), offered);
            let (response, _) = upgrade.accept();
            assert!(response.starts_with(b"HTTP/1.1 101 ") && response.ends_with(b"\r\n\r\n"));
        }
        Err(refusal) => {
            assert!(naive::request(head).is_err(), "{refusal}");
            check_refusal(stream, &refusal);
        }
    }
}

/// Checks that the response to a refused request is complete, without content if the request was
/// HEAD: RFC 9110 §9.3.2.
fn check_refusal(stream: &[u8], refusal: &server::Refusal) {
    let response = refusal.response().encode();
    let text = String::from_utf8(response).expect("a response is text");
    let (head, content) = text.split_once("\r\n\r\n").expect("a whole head");
    assert!(head.starts_with(&format!("HTTP/1.1 {} ", refusal.status())), "{head}");
    assert!(head.contains("\r\nConnection: close"), "{head}");
    if stream.starts_with(b"HEAD ") {
        assert_eq!(content, "");
        assert!(!head.contains("Content-Length"));
    } else {
        assert_eq!(content, refusal.to_string());
        assert!(head.contains(&format!("\r\nContent-Length: {}", content.len())), "{head}");
    }
}

/// Checks a client that has offered a subprotocol and receives `stream`.
fn ask(stream: &[u8], cuts: &[u8]) {
    let request = client::Request::new("ws://a/").expect("a URI");
    let request = request.subprotocol("chat").expect("a token");
    // The nonce of RFC 6455 §1.3
    let start = || request.start(*b"the sample nonce").1;
    let over = client::InvalidResponse::Head(HeadError::Over);
    match every_way(stream, cuts, start, client_takes, &over) {
        Ok((taken, Some(client::Outcome::Established { negotiated, .. }))) => {
            let heads =
                stream[..taken].strip_suffix(b"\r\n\r\n").expect("an empty line at the end");
            assert_eq!(naive::response(heads), Ok(()));
            let subprotocol: Vec<_> = negotiated.subprotocol().into_iter().collect();
            assert_eq!(naive::values(heads, "sec-websocket-protocol"), subprotocol);
        }
        Ok((taken, Some(client::Outcome::Http(response)))) => {
            assert!(stream[..taken].ends_with(b"\r\n\r\n"));
            assert!(!(100..=199).contains(&response.status()));
        }
        Ok((taken, None)) => assert_eq!(taken, stream.len()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Passes `stream` whole, byte by byte, cut, and up to the end of the head. Asserts that the result
/// is the same.
fn every_way<S, T: Debug + PartialEq, E: Debug + PartialEq>(
    stream: &[u8],
    cuts: &[u8],
    start: impl Fn() -> S,
    receive: impl Fn(&mut S, &[u8]) -> Received<T, E>,
    over: &E,
) -> Received<T, E> {
    let run = |pieces: &[&[u8]]| in_chunks(&mut start(), pieces, &receive, over);
    let whole = run(&[stream]);
    assert_eq!(run(&stream.chunks(1).collect::<Vec<_>>()), whole);
    assert_eq!(run(&pieces(stream, cuts).collect::<Vec<_>>()), whole);
    if let Ok((taken, Some(_))) = whole {
        assert_eq!(run(&[&stream[..taken]]), whole, "what follows means nothing");
        assert!(matches!(run(&[&stream[..taken - 1]]), Ok((_, None))));
    }
    whole
}

/// Cuts the stream into pieces of the lengths of `cuts`, repeated.
fn pieces<'a>(mut stream: &'a [u8], cuts: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    cuts.iter().cycle().map_while(move |cut| {
        let (piece, rest) = stream.split_at((usize::from(*cut) + 1).min(stream.len()));
        stream = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// What RFC 6455 §4 requires of a head, read line by line and without regard to speed. `Err` names
/// the first thing that is missing.
mod naive {
    use std::net::Ipv6Addr;

    type Verdict = Result<(), &'static str>;

    /// Checks a request by RFC 6455 §4.2.1. `head` is without its last two line ends.
    pub fn request(head: &[u8]) -> Verdict {
        let lines = lines(head);
        let words: Vec<&[u8]> = lines[0].split(|byte| *byte == b' ').collect();
        let [method, target, version] = words[..] else { return Err("request line") };
        ensure(method == b"GET", "method")?;
        ensure(version == b"HTTP/1.1", "version of HTTP")?;
        ensure(is_target(target), "target")?;
        fields(&lines)?;
        let hosts = values(head, "host");
        ensure(hosts.len() == 1 && is_authority(&hosts[0]), "Host")?;
        ensure(has_token(head, "upgrade", "websocket"), "Upgrade")?;
        ensure(has_token(head, "connection", "upgrade"), "Connection")?;
        ensure(values(head, "sec-websocket-version") == ["13"], "version of WebSocket")?;
        let keys = values(head, "sec-websocket-key");
        ensure(keys.len() == 1 && decoded_len(&keys[0]) == Some(16), "key")?;
        let subprotocols = list(head, "sec-websocket-protocol");
        let offers = !values(head, "sec-websocket-protocol").is_empty();
        ensure(subprotocols.iter().all(|name| is_token(name.as_bytes())), "subprotocol")?;
        ensure(!offers || !subprotocols.is_empty(), "list of subprotocols")?;
        let extensions = values(head, "sec-websocket-extensions");
        ensure(extensions.is_empty() || is_extensions(&extensions.join(",")), "extensions")?;
        ensure(values(head, "origin").len() <= 1, "origin")?;
        ensure(values(head, "transfer-encoding").is_empty(), "coding")?;
        ensure(values(head, "content-length").iter().all(|length| length == "0"), "length")
    }

    /// Checks responses by RFC 6455 §4.1: any number of interim responses and the last one.
    ///
    /// The client offers `chat` with the nonce of §1.3.
    pub fn response(heads: &[u8]) -> Verdict {
        let heads = String::from_utf8_lossy(heads).into_owned();
        let heads: Vec<&str> = heads.split("\r\n\r\n").collect();
        let (last, interim) = heads.split_last().ok_or("response")?;
        for head in interim {
            ensure(status(head).is_some_and(|status| (100..200).contains(&status)), "interim")?;
            ensure(status(head) != Some(101), "second 101")?;
            no_body(head.as_bytes())?;
        }
        ensure(last.starts_with("HTTP/1.1 ") && status(last) == Some(101), "status line")?;
        let head = last.as_bytes();
        fields(&lines(head))?;
        no_body(head)?;
        let upgrade = values(head, "upgrade");
        ensure(upgrade.len() == 1 && upgrade[0].eq_ignore_ascii_case("websocket"), "Upgrade")?;
        ensure(has_token(head, "connection", "upgrade"), "Connection")?;
        let accept = values(head, "sec-websocket-accept");
        ensure(accept == ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], "Accept")?;
        ensure(values(head, "sec-websocket-extensions").is_empty(), "extensions")?;
        let subprotocol = values(head, "sec-websocket-protocol");
        ensure(subprotocol.is_empty() || subprotocol == ["chat"], "subprotocol")
    }

    /// Returns whether a list is valid by RFC 6455 §9.1. Checks its shape, with `t` for each token
    /// and `q` for each quoted string.
    fn is_extensions(list: &str) -> bool {
        let Some(shape) = shape(list) else { return false };
        let mut elements = shape.split(',').filter(|element| !element.is_empty()).peekable();
        elements.peek().is_some()
            && elements.all(|element| {
                let mut parts = element.split(';');
                parts.next() == Some("t") && parts.all(|part| ["t", "t=t", "t=q"].contains(&part))
            })
    }

    fn shape(list: &str) -> Option<String> {
        let (mut rest, mut shape) = (list, String::new());
        while let Some(first) = rest.chars().next() {
            let len = match first {
                ' ' | '\t' => 1,
                ',' | ';' | '=' => {
                    shape.push(first);
                    1
                }
                '"' => {
                    let (token, len) = unquoted(rest)?;
                    shape.push('q');
                    is_token(token.as_bytes()).then_some(len)?
                }
                _ => {
                    shape.push('t');
                    let len = rest.bytes().take_while(|byte| is_token(&[*byte])).count();
                    (len > 0).then_some(len)?
                }
            };
            rest = &rest[len..];
        }
        Some(shape)
    }

    /// Returns the content of the quoted string at the front of `text`, and its length with quotes.
    fn unquoted(text: &str) -> Option<(String, usize)> {
        let mut unquoted = String::new();
        let mut chars = text.char_indices().skip(1);
        loop {
            match chars.next()? {
                (at, '"') => return Some((unquoted, at + 1)),
                (_, '\\') => unquoted.push(chars.next()?.1),
                (_, char) => unquoted.push(char),
            }
        }
    }

    /// Checks that there is no body. RFC 9110 §8.6, RFC 9112 §6.1
    fn no_body(head: &[u8]) -> Verdict {
        let framing = ["content-length", "transfer-encoding"];
        ensure(framing.iter().all(|name| values(head, name).is_empty()), "body of a 1xx")
    }

    fn status(head: &str) -> Option<u16> {
        head.get(9..12)?.parse().ok()
    }

    fn ensure(is_right: bool, what: &'static str) -> Verdict {
        if is_right { Ok(()) } else { Err(what) }
    }

    fn lines(head: &[u8]) -> Vec<&[u8]> {
        let mut lines = Vec::new();
        let mut rest = head;
        while let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") {
            lines.push(&rest[..end]);
            rest = &rest[end + 2..];
        }
        lines.push(rest);
        lines
    }

    /// Checks that each line is a name, a colon and a value without control bytes. RFC 9112 §5, RFC
    /// 9110 §5.5
    fn fields(lines: &[&[u8]]) -> Verdict {
        for line in &lines[1..] {
            let colon = line.iter().position(|byte| *byte == b':').ok_or("colon")?;
            ensure(is_token(&line[..colon]), "name of a field")?;
            let is_value = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
            ensure(line[colon..].iter().all(is_value), "value of a field")?;
        }
        Ok(())
    }

    /// Returns the values of all fields with this name.
    pub fn values(head: &[u8], name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for line in lines(head).into_iter().skip(1) {
            let line = String::from_utf8_lossy(line).into_owned();
            let Some((other, value)) = line.split_once(':') else { continue };
            if other.eq_ignore_ascii_case(name) {
                found.push(value.trim_matches([' ', '\t']).to_owned());
            }
        }
        found
    }

    /// Returns the elements of a list. RFC 9110 §5.6.1: all its lines together are one list.
    pub fn list(head: &[u8], name: &str) -> Vec<String> {
        let joined = values(head, name).join(",");
        let elements = joined.split(',').map(|element| element.trim_matches([' ', '\t']));
        elements.filter(|element| !element.is_empty()).map(str::to_owned).collect()
    }

    fn has_token(head: &[u8], name: &str, token: &str) -> bool {
        list(head, name).iter().any(|element| element.eq_ignore_ascii_case(token))
    }

    /// Returns whether `bytes` are a token, RFC 9110 §5.6.2.
    fn is_token(bytes: &[u8]) -> bool {
        let separators = b"\"(),/:;<=>?@[\\]{}";
        !bytes.is_empty()
            && bytes.iter().all(|byte| (b'!'..=b'~').contains(byte) && !separators.contains(byte))
    }

    /// Returns whether `target` is a resource name, or an absolute URI with one. RFC 6455 §4.2.1,
    /// item 1
    fn is_target(target: &[u8]) -> bool {
        let Ok(target) = std::str::from_utf8(target) else { return false };
        if target.contains('#') || !target.bytes().all(|byte| (b'!'..=b'~').contains(&byte)) {
            return false;
        }
        let lower = target.to_ascii_lowercase();
        let Some(rest) = lower.strip_prefix("http://").or(lower.strip_prefix("https://")) else {
            return target.starts_with('/');
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        is_authority(&rest[..end])
    }

    /// Returns whether it is an authority with a host, and a port below 2^16. RFC 3986 §3.2.2 and
    /// §3.2.3
    fn is_authority(authority: &str) -> bool {
        let (host, port) = match authority.rfind(':') {
            Some(colon) if !authority[colon..].contains(']') => authority.split_at(colon),
            _ => (authority, ""),
        };
        let digits = port.strip_prefix(':').unwrap_or_default().trim_start_matches('0');
        let is_port = digits.len() < 6
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse::<u32>().unwrap_or(0) < 1 << 16;
        is_port && is_host(host)
    }

    fn is_host(host: &str) -> bool {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c);
        if let Some(literal) = host.strip_prefix('[') {
            let Some(address) = literal.strip_suffix(']') else { return false };
            let Some(future) = address.strip_prefix(['v', 'V']) else {
                return address.parse::<Ipv6Addr>().is_ok();
            };
            let Some((version, address)) = future.split_once('.') else { return false };
            let is_hex = !version.is_empty() && version.chars().all(|c| c.is_ascii_hexdigit());
            return is_hex
                && !address.is_empty()
                && address.chars().all(|c| is_name(c) || c == ':');
        }
        // Each part after a `%` begins with two hexadecimal digits.
        let mut parts = host.split('%');
        let first = parts.next().unwrap_or_default();
        let is_escaped = |part: &str| {
            part.len() >= 2
                && part.chars().take(2).all(|c| c.is_ascii_hexdigit())
                && part.chars().skip(2).all(is_name)
        };
        !host.is_empty() && first.chars().all(is_name) && parts.all(is_escaped)
    }

    /// Returns the number of bytes that a base64 value encodes, RFC 4648 §4, whatever its pad bits
    /// are.
    fn decoded_len(value: &str) -> Option<usize> {
        let digits = value.trim_end_matches('=');
        let pads = value.len() - digits.len();
        let is_digit = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
        let is_whole = value.len() % 4 == 0 && pads <= 2 && digits.chars().all(is_digit);
        is_whole.then_some(digits.len() * 6 / 8)
    }
}
