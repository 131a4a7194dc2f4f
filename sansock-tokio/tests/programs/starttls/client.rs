//! Raw servers of the clients.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use tokio_rustls::rustls::{ServerConnection, StreamOwned};
use tungstenite::{Message, accept};

use super::{PROGRAMS, file, is_tls, line, rest, tls_server, write_half};
use crate::program::{Ended, Program};
use crate::{accept_tcp, listen};

const ACCEPTED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\n\r\n\x81\x01a";

/// A client that runs and is connected.
struct Client {
    program: Program,
    stream: TcpStream,
}

impl Client {
    /// Starts the program `name`, which trusts the certificate in `file`.
    fn start(name: &str, file: &str) -> Client {
        let (listener, address) = listen();
        let port = address.rsplit(':').next().unwrap();
        let url = format!("wss://localhost:{port}/");
        let program = Program::start(name, &["client", &url, file, "hello"]);
        Client { program, stream: accept_tcp(&listener) }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Greets the client, and reads its STARTTLS.
    fn greet(&mut self) {
        self.write(b"220 hello\r\n");
        assert_eq!(line(&mut self.stream), "STARTTLS\r\n");
    }

    /// Checks that the client has failed with `expected`.
    fn has_failed(self, expected: &str) {
        let Ended { status, output, errors } = self.program.end();
        assert!(errors.contains(expected), "{errors}, and not {expected}");
        assert_eq!((status, &*output), (Some(1), ""));
    }
}

/// A certificate that is not used, because TLS does not come so far.
fn unused(test: &str) -> String {
    let file = file(&format!("client_{test}.pem"));
    tls_server("localhost", &file);
    file
}

#[test]
fn bytes_read_with_a_reply_are_refused_whatever_they_are() {
    let file = unused("one_write");
    for name in PROGRAMS {
        for injected in [b"\n", &b"220 begin\r\n"[..], ACCEPTED, b"\x16\x03\x03\x00\x01\x02"] {
            let logged = format!("no TLS: {} bytes were injected", injected.len());
            let mut client = Client::start(name, &file);
            client.greet();
            client.write(&[b"220 begin\r\n", injected].concat());
            assert_eq!(rest(&mut client.stream), b"", "{name}");
            client.has_failed(&logged);

            let mut client = Client::start(name, &file);
            client.write(&[b"220 hello\r\n", injected].concat());
            assert_eq!(rest(&mut client.stream), b"", "{name}");
            client.has_failed(&logged);
        }
    }
}

#[test]
fn bytes_between_the_reply_and_tls_are_never_a_response() {
    let file = unused("two_writes");
    for name in PROGRAMS {
        let mut client = Client::start(name, &file);
        client.greet();
        client.write(b"220 begin\r\n");
        let mut sent = vec![0];
        client.stream.read_exact(&mut sent).unwrap();
        client.write(ACCEPTED);
        client.stream.shutdown(Shutdown::Write).unwrap();
        sent.extend(rest(&mut client.stream));
        assert!(is_tls(&sent), "{name}: {}", sent.escape_ascii());
        client.has_failed("corrupt message");

        // The client reads both together or one after the other.
        let mut client = Client::start(name, &file);
        client.stream.set_nodelay(true).unwrap();
        client.greet();
        client.write(b"220 begin\r\n");
        client.write(ACCEPTED);
        client.stream.shutdown(Shutdown::Write).unwrap();
        let sent = rest(&mut client.stream);
        assert!(is_tls(&sent), "{name}: {}", sent.escape_ascii());
        client.has_failed("");
    }
}

#[test]
fn a_client_without_tls_sends_no_request() {
    let file = unused("stripped");
    let too_long = "a".repeat(512);
    for name in PROGRAMS {
        for (reply, error) in [
            ("502 not implemented\r\n", "no TLS: the server replied \"502 not implemented\""),
            ("220-begin\r\n", "no TLS: the server replied \"220-begin\""),
            ("\r\n", "no TLS: the server replied \"\""),
            ("\x1B[2J502\r\n", "no TLS: the server replied \"\\u{1b}[2J502\""),
            ("HTTP/1.1 101 a\r\n", "no TLS: the server replied \"HTTP/1.1 101 a\""),
            (&too_long, "no TLS: a line is longer than 512 bytes"),
            ("220 begin\n", "no TLS: a line ends without CR"),
            ("220 begin\r", "no TLS: the peer closed the connection"),
            ("", "no TLS: the peer closed the connection"),
        ] {
            for is_greeting in [true, false] {
                let mut client = Client::start(name, &file);
                if !is_greeting {
                    client.greet();
                }
                client.write(reply.as_bytes());
                client.stream.shutdown(Shutdown::Write).unwrap();
                assert_eq!(rest(&mut client.stream), b"", "{name}: {reply:?}");
                client.has_failed(error);
            }
        }
    }
}

#[test]
fn an_endless_line_ends_a_client() {
    let file = unused("endless");
    for name in PROGRAMS {
        let mut client = Client::start(name, &file);
        client.greet();
        while client.stream.write_all(&[b'a'; 4096]).is_ok() {}
        client.has_failed("no TLS: a line is longer than 512 bytes");
    }
}

#[test]
fn tls_that_ends_within_its_handshake_is_an_error() {
    let file = file("client_half.pem");
    for name in PROGRAMS {
        let mut tls = tls_server("localhost", &file);
        let mut client = Client::start(name, &file);
        client.greet();
        client.write(b"220 begin\r\n");
        while !tls.wants_write() {
            assert_ne!(tls.read_tls(&mut client.stream).unwrap(), 0);
            tls.process_new_packets().unwrap();
        }
        let mut hello = Vec::new();
        tls.write_tls(&mut hello).unwrap();
        write_half(&mut client.stream, &hello);
        assert!(is_tls(&rest(&mut client.stream)), "{name}");
        client.has_failed("TLS handshake");
    }
}

#[test]
fn a_server_with_another_name_gets_no_request() {
    let file = file("client_name.pem");
    for name in PROGRAMS {
        let (client, tls) = secure(name, "elsewhere.example", &file);
        let error = accept(StreamOwned::new(tls, client.stream.try_clone().unwrap())).unwrap_err();
        assert!(error.to_string().contains("received fatal alert"), "{name}: {error}");
        client.has_failed("not valid for name");
    }
}

#[test]
fn a_client_ends_with_close_notify() {
    let file = file("client_notify.pem");
    for name in PROGRAMS {
        let (client, tls) = secure(name, "localhost", &file);
        let mut peer = accept(StreamOwned::new(tls, client.stream.try_clone().unwrap())).unwrap();
        let hello = peer.read().unwrap();
        assert_eq!(hello, Message::text("hello"), "{name}");
        peer.send(hello).unwrap();
        while peer.read().is_ok() {}
        peer.get_mut().conn.send_close_notify();
        peer.get_mut().flush().unwrap();
        // Without close_notify it would be an error.
        assert_eq!(peer.get_mut().read(&mut [0]).unwrap(), 0, "{name}");
        let ended = client.program.end();
        assert_eq!((&*ended.output, &*ended.errors, ended.status), ("hello\n", "", Some(0)));
    }
}

/// Starts a client up to the TLS handshake, with a server that has the name `server_name`.
fn secure(name: &str, server_name: &str, file: &str) -> (Client, ServerConnection) {
    let tls = tls_server(server_name, file);
    let mut client = Client::start(name, file);
    client.greet();
    client.write(b"220 begin\r\n");
    (client, tls)
}

#[test]
fn a_url_without_tls_is_not_connected_to() {
    let file = unused("plain");
    for name in PROGRAMS {
        let (listener, address) = listen();
        let url = format!("ws://{address}/");
        let ended = Program::start(name, &["client", &url, &file, "hello"]).end();
        assert_eq!((&*ended.output, ended.status), ("", Some(1)));
        assert_eq!(ended.errors, "the URL does not begin with wss:\n");
        assert!(has_no_client(&listener), "{name}");
    }
}

fn has_no_client(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_err()
}
