//! What RFC 6455 §4 requires of a head, line by line. `Err` names the first thing that is missing.

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
        whole(head.as_bytes())?;
    }
    whole(last.as_bytes())?;
    ensure(last.starts_with("HTTP/1.1 ") && status(last) == Some(101), "status line")?;
    let head = last.as_bytes();
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

/// Returns the first head and what follows it, or `None` if it is cut.
pub fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&bytes[..end], &bytes[end + 4..]))
}

/// Returns interim responses and the one after them, or `None` if that is cut.
pub fn split_responses(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        let (head, after) = split(rest)?;
        let text = String::from_utf8_lossy(head);
        if !status(&text).is_some_and(|status| status != 101 && (100..200).contains(&status)) {
            return Some(&bytes[..bytes.len() - after.len() - 4]);
        }
        rest = after;
    }
}

/// Returns whether a list is valid by RFC 6455 §9.1. Checks its shape, with `t` for each token
/// and `q` for each quoted string.
pub(super) fn is_extensions(list: &str) -> bool {
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
pub(super) fn unquoted(text: &str) -> Option<(String, usize)> {
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

/// Checks the status line and the fields of a response. RFC 9112 §4
fn whole(head: &[u8]) -> Verdict {
    let lines = lines(head);
    let line = lines[0];
    ensure(line.iter().all(is_text_byte), "control byte in the status line")?;
    let rest = line.strip_prefix(b"HTTP/1.").ok_or("name of HTTP")?;
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let is_line = rest.len() >= 5
        && matches!(rest[0], b'0' | b'1')
        && rest[1] == b' '
        && digits(&rest[2..5])
        && rest.get(5).is_none_or(|byte| *byte == b' ');
    ensure(is_line, "status line")?;
    fields(&lines)
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
        ensure(line[colon..].iter().all(is_text_byte), "value of a field")?;
    }
    Ok(())
}

fn is_text_byte(byte: &u8) -> bool {
    *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f)
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
pub fn is_authority(authority: &str) -> bool {
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
        return is_hex && !address.is_empty() && address.chars().all(|c| is_name(c) || c == ':');
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
    let is_whole = value.len().is_multiple_of(4) && pads <= 2 && digits.chars().all(is_digit);
    is_whole.then_some(digits.len() * 6 / 8)
}
