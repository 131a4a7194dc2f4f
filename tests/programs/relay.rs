//! What the relay logs if it cannot open a tunnel.

use std::io::Write;
use std::net::TcpStream;

use crate::peer::{head, nowhere};
use crate::program::{PATIENCE, Program};

const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: proxy\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Returns the URL that a program prints when it listens, without the slash at its end.
fn url(program: &Program) -> String {
    let line = program.line();
    line.strip_prefix("listening on ").unwrap().trim_end_matches('/').to_owned()
}

/// Returns what a relay to this server logs for a client that it answers with 502.
fn logged(server: &str) -> String {
    let relay = Program::start("relay", &["127.0.0.1:0", server]);
    let mut client = TcpStream::connect(url(&relay).trim_start_matches("ws://")).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(REQUEST).unwrap();
    assert!(head(&mut client).starts_with("HTTP/1.1 502 "));
    let from = client.local_addr().unwrap();
    drop(client);
    let start = format!("{from}: 502 for {server}/chat?room=1: ");
    let line = relay.error_line();
    line.strip_prefix(&start).unwrap_or_else(|| panic!("{line:?} is not of {from}")).to_owned()
}

#[test]
fn the_log_says_that_a_server_is_not_there() {
    let address = nowhere();
    let logged = logged(&format!("ws://{address}"));
    assert!(logged.starts_with(&format!("connect {address}: ")), "{logged}");
    assert!(logged.contains("refused"), "{logged}");
}

#[test]
fn the_log_says_that_a_server_is_not_to_be_trusted() {
    let server = Program::start("echo_server", &["--listen-tls", "127.0.0.1:0"]);
    let url = url(&server);
    let address = url.trim_start_matches("wss://");
    let expected = format!("TLS handshake with {address}: invalid peer certificate: UnknownIssuer");
    assert_eq!(logged(&url), expected);
}
