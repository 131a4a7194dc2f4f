//! However a head is cut into reads, a handshake reaches the same verdict, takes the same bytes and
//! reports the same error.

use std::fmt::Debug;

use arbitrary::Arbitrary;
use crate::naive::head;
use crate::stream::{lens, pieces};
use sansock::handshake::{HeadError, client, server};

#[path = "../../../tests/it/handshake/feed.rs"]
#[allow(dead_code, reason = "the tests feed in every way, which here is for the fuzzer to choose")]
mod feed;
use feed::{Received, client_takes, in_chunks, server_takes};

#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
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

pub fn run(input: Case<'_>) {
    let stream = input.stream();
    if input.server { serve(&stream, input.cuts) } else { ask(&stream, input.cuts) }
}

/// Checks a server that receives `stream`.
fn serve(stream: &[u8], cuts: [u8; 8]) {
    let over = server::Refusal::Head(HeadError::Over);
    let result = every_way(stream, cuts, server::ServerHandshake::default, server_takes, &over);
    let (taken, request) = match result {
        Ok((taken, Some(request))) => (taken, request),
        Ok((taken, None)) => return assert_eq!(taken, stream.len()),
        Err(refusal) => {
            let is_limit = matches!(
                refusal,
                server::Refusal::Head(HeadError::TooLong { .. } | HeadError::TooManyHeaders { .. })
            );
            let head = head::split(stream).map(|(head, _)| head);
            assert!(is_limit || head.is_none_or(|head| head::request(head).is_err()), "{refusal}");
            return check_refusal(stream, &refusal);
        }
    };
    let head = stream[..taken].strip_suffix(b"\r\n\r\n").expect("an empty line ends a head");
    match request.upgrade() {
        Ok(upgrade) => {
            assert_eq!(head::request(head), Ok(()));
            let offered: Vec<String> = upgrade.subprotocols().map(str::to_owned).collect();
            assert_eq!(head::list(head, "sec-websocket-protocol"), offered);
            let (response, _) = upgrade.accept();
            assert!(response.starts_with(b"HTTP/1.1 101 ") && response.ends_with(b"\r\n\r\n"));
        }
        Err(refusal) => {
            assert!(head::request(head).is_err(), "{refusal}");
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
fn ask(stream: &[u8], cuts: [u8; 8]) {
    let request = client::Request::new("ws://a/").expect("a URI");
    let request = request.subprotocol("chat").expect("a token");
    // The nonce of RFC 6455 §1.3
    let start = || request.start(*b"the sample nonce").1;
    let over = client::InvalidResponse::Head(HeadError::Over);
    match every_way(stream, cuts, start, client_takes, &over) {
        Ok((taken, Some(client::Outcome::Established { negotiated, .. }))) => {
            let heads =
                stream[..taken].strip_suffix(b"\r\n\r\n").expect("an empty line at the end");
            assert_eq!(head::response(heads), Ok(()));
            let subprotocol: Vec<_> = negotiated.subprotocol().into_iter().collect();
            assert_eq!(head::values(heads, "sec-websocket-protocol"), subprotocol);
        }
        Ok((taken, Some(client::Outcome::Http(response)))) => {
            assert!(stream[..taken].ends_with(b"\r\n\r\n"));
            assert!(!(100..=199).contains(&response.status()));
        }
        Ok((taken, None)) => assert_eq!(taken, stream.len()),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let is_limit = matches!(
                error,
                client::InvalidResponse::Head(
                    HeadError::TooLong { .. } | HeadError::TooManyHeaders { .. }
                )
            );
            let heads = head::split_responses(stream);
            assert!(is_limit || heads.is_none_or(|heads| head::response(heads).is_err()), "{error}");
        }
    }
}

/// Passes `stream` whole, byte by byte, cut, and up to the end of the head. Asserts that the result
/// is the same.
fn every_way<S, T: Debug + PartialEq, E: Debug + PartialEq>(
    stream: &[u8],
    cuts: [u8; 8],
    start: impl Fn() -> S,
    receive: impl Fn(&mut S, &[u8]) -> Received<T, E>,
    over: &E,
) -> Received<T, E> {
    let run = |pieces: &[&[u8]]| in_chunks(&mut start(), pieces, &receive, over);
    let whole = run(&[stream]);
    assert_eq!(run(&stream.chunks(1).collect::<Vec<_>>()), whole);
    assert_eq!(run(&pieces(stream, &lens(cuts))), whole);
    if let Ok((taken, Some(_))) = whole {
        assert_eq!(run(&[&stream[..taken]]), whole, "what follows means nothing");
        assert!(matches!(run(&[&stream[..taken - 1]]), Ok((_, None))));
    }
    whole
}
