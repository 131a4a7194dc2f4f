//! Raw clients of the servers.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use tokio_rustls::rustls::StreamOwned;
use tungstenite::Message;

use super::{PROGRAMS, REQUEST, Server, is_tls, line, rest, tls_client, write_half};

/// Sends STARTTLS, and reads the reply.
fn start_tls(stream: &mut TcpStream) {
    stream.write_all(b"STARTTLS\r\n").unwrap();
    assert_eq!(line(stream), "220 begin TLS\r\n");
}

#[test]
fn commands_are_answered_in_the_clear() {
    for name in PROGRAMS {
        let server = Server::start(name, "commands");
        let mut client = server.connect();
        for (command, code) in [("HELP", "214 "), ("starttls", "500 "), (&"a".repeat(510), "500 ")]
        {
            client.write_all(format!("{command}\r\n").as_bytes()).unwrap();
            assert!(line(&mut client).starts_with(code), "{name}: {command}");
        }
        client.write_all(b"QUIT\r\n").unwrap();
        assert_eq!(rest(&mut client), b"221 bye\r\n", "{name}");
    }
}

#[test]
fn bytes_read_with_starttls_are_refused_whatever_they_are() {
    for name in PROGRAMS {
        let server = Server::start(name, "one_write");
        let mut hello = Vec::new();
        tls_client(&server.file).write_tls(&mut hello).unwrap();
        for injected in [b"\n", &b"NOOP\r\n"[..], b"STARTTLS\r\n", REQUEST, &hello] {
            for before in [&b""[..], b"HELP\r\nHELP\r\n"] {
                let mut client = server.connect();
                client.write_all(&[before, b"STARTTLS\r\n", injected].concat()).unwrap();
                let answer = String::from_utf8(rest(&mut client)).unwrap();
                assert!(answer.ends_with("501 bytes behind STARTTLS\r\n"), "{name}: {answer}");
                assert!(!answer.contains("220 "), "{name}: {answer}");
                server.has_logged(&format!("no TLS: {} bytes were injected", injected.len()));
            }
        }
    }
}

#[test]
fn bytes_between_starttls_and_tls_are_never_a_request() {
    for name in PROGRAMS {
        let server = Server::start(name, "two_writes");
        let mut client = server.connect();
        start_tls(&mut client);
        client.write_all(REQUEST).unwrap();
        let answer = rest(&mut client);
        assert!(is_tls(&answer) && !answer.is_empty(), "{name}: {}", answer.escape_ascii());
        server.has_logged("TLS handshake: received corrupt message");

        // The reply is not waited for: the server reads both together or one after the other.
        let mut client = server.connect();
        client.set_nodelay(true).unwrap();
        client.write_all(b"STARTTLS\r\n").unwrap();
        client.write_all(REQUEST).unwrap();
        let answer = rest(&mut client);
        let is_refused = match answer.strip_prefix(b"220 begin TLS\r\n") {
            Some(answer) => is_tls(answer),
            None => answer == b"501 bytes behind STARTTLS\r\n",
        };
        assert!(is_refused, "{name}: {}", answer.escape_ascii());
        server.has_logged("");
    }
}

#[test]
fn a_request_in_the_clear_is_answered_as_unknown_commands() {
    for name in PROGRAMS {
        let server = Server::start(name, "clear");
        let mut client = server.connect();
        client.write_all(REQUEST).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(&mut client), b"500 unknown command\r\n".repeat(7), "{name}");
        server.has_logged("no TLS: the peer closed the connection");
    }
}

#[test]
fn lines_without_end_and_commands_without_end_are_refused() {
    for name in PROGRAMS {
        let server = Server::start(name, "endless");
        for (sent, replies, logged) in [
            (&b"a".repeat(512)[..], 0, "no TLS: a line is longer than 512 bytes"),
            (&[&b"a".repeat(511)[..], b"\r"].concat(), 0, "no TLS: a line is longer"),
            (b"STARTTLS\n", 0, "no TLS: a line ends without CR"),
            (b"STARTTLS\r", 0, "no TLS: the peer closed the connection"),
            (b"", 0, "no TLS: the peer closed the connection"),
            (&b"NOOP\r\n".repeat(8), 8, "no TLS: more than 8 commands"),
            (b"\xFF\r\n", 1, "no TLS: the peer closed the connection"),
        ] {
            let mut client = server.connect();
            client.write_all(sent).unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            assert_eq!(rest(&mut client), b"500 unknown command\r\n".repeat(replies), "{name}");
            server.has_logged(logged);
        }
    }
}

#[test]
fn tls_that_ends_within_its_handshake_is_an_error() {
    for name in PROGRAMS {
        let server = Server::start(name, "half");
        let mut hello = Vec::new();
        tls_client(&server.file).write_tls(&mut hello).unwrap();
        for sent in [&hello[..], b""] {
            let mut client = server.connect();
            start_tls(&mut client);
            write_half(&mut client, sent);
            assert!(is_tls(&rest(&mut client)), "{name}");
            server.has_logged("TLS handshake: ");
        }
    }
}

#[test]
fn a_server_ends_with_close_notify() {
    for name in PROGRAMS {
        let server = Server::start(name, "notify");
        let mut client = server.connect();
        start_tls(&mut client);
        let stream = StreamOwned::new(tls_client(&server.file), client);
        let (mut peer, _) = tungstenite::client("wss://localhost/", stream).unwrap();
        peer.send(Message::text("hello")).unwrap();
        assert_eq!(peer.read().unwrap(), Message::text("hello"), "{name}");
        peer.close(None).unwrap();
        while peer.read().is_ok() {}
        // Without close_notify it would be an error.
        assert_eq!(peer.get_mut().read(&mut [0]).unwrap(), 0, "{name}");
    }
}
