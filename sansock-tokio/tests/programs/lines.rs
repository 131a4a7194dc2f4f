//! The client that sends lines.

use std::path::Path;
use std::thread;

use tungstenite::Message;

use crate::program::Program;
use crate::{accept_tcp, address, end, listen, text};

#[test]
fn lines_go_out_and_messages_come_in() {
    let (listener, address) = listen();
    let mut client = Program::start("wss_client", &[&format!("ws://{address}/")]);
    let mut peer = tungstenite::accept(accept_tcp(&listener)).unwrap();
    client.write("hello\n\ngrüße\n".into());
    for line in ["hello", "", "grüße"] {
        assert_eq!(text(&mut peer), line);
        peer.send(Message::text(line)).unwrap();
    }
    assert_eq!(end(peer), Some(1000));
    let ended = client.end();
    assert_eq!((&*ended.output, &*ended.errors), ("hello\n\ngrüße\n", "closed: 1000\n"));
    assert_eq!(ended.status, Some(0));
}

#[test]
fn a_server_that_closes_ends_the_client() {
    let (listener, address) = listen();
    let client = Program::start("wss_client", &[&format!("ws://{address}/")]);
    let mut peer = tungstenite::accept(accept_tcp(&listener)).unwrap();
    peer.send(Message::binary(vec![0, b'a'])).unwrap();
    peer.close(None).unwrap();
    thread::spawn(move || end(peer));
    let ended = client.end();
    assert_eq!((&*ended.output, ended.status), ("\\x00a\n", Some(0)));
}

#[test]
fn a_certificate_is_trusted_if_its_authority_is_given() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wss_echo_of_wss_client.pem");
    let file = file.to_str().unwrap();
    let server = Program::start("wss_echo", &["127.0.0.1:0", "127.0.0.1:0", file]);
    let _plain = address(&server, "ws");
    let url = format!("wss://{}/", address(&server, "wss"));
    let mut client = Program::start("wss_client", &["--ca", file, &url]);
    client.write("hello\n".into());
    let ended = client.end();
    assert_eq!((&*ended.output, &*ended.errors), ("hello\n", "closed: 1000\n"));

    let ended = Program::start("wss_client", &[&url]).end();
    assert!(ended.errors.contains("UnknownIssuer"), "{ended:?}");
    assert_eq!(ended.status, Some(1));
}
