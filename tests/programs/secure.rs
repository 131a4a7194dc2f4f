//! The programs over TLS: how the client says that it has ended, and what the echo server logs.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use sansock::blocking::{self, WithShutdown};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::authority::{Authority, Leaf};
use crate::peer::{accept_tcp, listen};
use crate::program::{Ended, Program};

/// What a server does before it ends TCP.
#[derive(Clone, Copy, Debug)]
struct Ending {
    /// It completes the closing handshake.
    closes: bool,
    /// It sends `close_notify`.
    notifies: bool,
}

/// Serves one client. Returns whether TLS ended with the client's `close_notify`.
fn serve(listener: &TcpListener, config: Arc<ServerConfig>, ending: Ending) -> bool {
    let tls = ServerConnection::new(config).unwrap();
    let tls: StreamOwned<_, TcpStream> = StreamOwned::new(tls, accept_tcp(listener));
    let keep = |_: &mut _| Ok(false);
    let mut ws = blocking::accept(WithShutdown::new(tls, keep)).unwrap();
    if ending.closes {
        assert_eq!(ws.receive().unwrap(), None);
    }
    let mut tls = ws.into_parts().0.into_inner();
    if ending.notifies {
        tls.conn.send_close_notify();
        tls.flush().unwrap();
    }
    tls.sock.shutdown(Shutdown::Write).unwrap();
    match tls.read(&mut [0; 1]) {
        Ok(len) => len == 0,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            false
        }
    }
}

/// Runs the client with such a server. Returns its result, and whether it sent `close_notify`.
fn ended(authority: &Authority, config: &Arc<ServerConfig>, ending: Ending) -> (Ended, bool) {
    let (listener, address) = listen();
    let url = address.replace("127.0.0.1", "wss://localhost");
    let mut client = Program::start("client", &["--ca", path(&authority.cert()), &url]);
    if ending.closes {
        client.end_input();
    }
    let config = Arc::clone(config);
    let server = thread::spawn(move || serve(&listener, config, ending));
    (client.end(), server.join().unwrap())
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[test]
fn after_the_closing_handshake_tls_may_end_anyhow() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(authority.server_config(&[version]));
        for notifies in [true, false] {
            let ending = Ending { closes: true, notifies };
            let (ended, was_notified) = ended(&authority, &config, ending);
            assert_eq!(
                (&ended.errors[..], ended.status),
                ("closed: 1000\n", Some(0)),
                "{ending:?}"
            );
            assert!(was_notified, "{ending:?}");
        }
    }
}

#[test]
fn before_the_closing_handshake_no_end_of_tls_is_clean() {
    let authority = Authority::new();
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(authority.server_config(&[version]));
        for notifies in [true, false] {
            let ending = Ending { closes: false, notifies };
            let (ended, was_notified) = ended(&authority, &config, ending);
            let mut lines = ended.errors.lines();
            assert_eq!(lines.next(), Some("closed: without a closing handshake (1006)"));
            let cut = lines.next().map(|line| line.split(':').next().unwrap());
            let said =
                (!notifies).then_some("peer closed connection without sending TLS close_notify");
            assert_eq!((cut, ended.status), (said, Some(1)), "{ending:?}");
            assert_eq!(was_notified, notifies);
        }
    }
}

/// An echo server that asks for certificates.
struct Asking {
    authority: Authority,
    server: Program,
    url: String,
}

impl Asking {
    fn new() -> Asking {
        let authority = Authority::new();
        let Leaf { cert, key, .. } = authority.localhost();
        let crl = authority.file("crl.pem", &authority.revoke(&[]));
        let server = Program::start(
            "echo_server",
            &[
                "--listen-tls",
                "127.0.0.1:0",
                "--cert",
                path(cert),
                "--key",
                path(key),
                "--client-ca",
                path(&authority.cert()),
                "--client-crl",
                path(&crl),
            ],
        );
        let line = server.line();
        let url = line.strip_prefix("listening on ").unwrap().replace("127.0.0.1", "localhost");
        Asking { authority, server, url }
    }

    /// Runs the client with this certificate. It sends one line.
    fn ask(&self, leaf: Option<&Leaf>) -> Ended {
        let ca = self.authority.cert();
        let mut options = vec!["--ca", path(&ca)];
        if let Some(leaf) = leaf {
            options.extend(["--cert", path(&leaf.cert), "--key", path(&leaf.key)]);
        }
        let mut client = Program::start("client", &[&options[..], &[&self.url]].concat());
        client.write(b"hello\n".into());
        client.end()
    }

    /// Returns the next line of the server's log without the client's address.
    fn logged(&self) -> String {
        let line = self.server.error_line();
        assert!(line.starts_with("127.0.0.1:"), "{line}");
        line.split_once(": ").unwrap().1.to_owned()
    }
}

#[test]
fn the_log_says_which_client_asks_and_which_is_refused() {
    let asking = Asking::new();
    let alice = asking.authority.issue(&["alice.example"]);
    let server = asking.url.trim_start_matches("wss://").trim_end_matches('/');

    let ended = asking.ask(Some(&alice));
    assert_eq!((&ended.output[..], ended.status), ("hello\n", Some(0)), "{ended:?}");
    assert!(asking.logged().starts_with("request of DNS:alice.example SHA256:"));

    // With TLS 1.3, the client has a connection before it is refused.
    let ended = asking.ask(None);
    let why =
        format!("opening handshake with {server}: received fatal alert: CertificateRequired\n");
    assert_eq!((&ended.output[..], ended.errors, ended.status), ("", why, Some(1)));
    assert_eq!(asking.logged(), "TLS handshake failed: peer sent no certificates");

    asking.authority.file("crl.pem", &asking.authority.revoke(&[&alice]));
    let ended = asking.ask(Some(&alice));
    let why =
        format!("opening handshake with {server}: received fatal alert: CertificateRevoked\n");
    assert_eq!((&ended.output[..], ended.errors, ended.status), ("", why, Some(1)));
    let replaced = "TLS files replaced: new connections use them";
    assert_eq!(asking.server.error_line(), replaced);
    assert_eq!(asking.logged(), "TLS handshake failed: invalid peer certificate: Revoked");
}

#[test]
fn a_file_that_is_no_use_is_named_at_the_start() {
    let (authority, other) = (Authority::new(), Authority::new());
    let Leaf { cert, key, .. } = authority.localhost();
    let (ca, empty) = (authority.cert(), authority.file("empty.pem", ""));
    let crl = authority.file("crl.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
    let pair = |cert, key| vec!["--cert", path(cert), "--key", path(key)];
    for (options, file, why) in [
        (pair(&empty, key), &empty, "no certificate"),
        (pair(cert, &empty), &empty, "no items found"),
        (pair(cert, &other.localhost().key), cert, "key"),
        (vec!["--client-ca", path(&empty)], &empty, "no certificate in it"),
        (vec!["--client-ca", path(key)], key, "no certificate in it"),
        (
            vec!["--client-ca", path(&ca), "--client-crl", path(&ca)],
            &ca,
            "no list of revocations in it",
        ),
        (vec!["--client-ca", path(&ca), "--client-crl", path(&crl)], &crl, "could not be parsed"),
    ] {
        let all = [&["--listen-tls", "127.0.0.1:0"], &options[..]].concat();
        let ended = Program::start("echo_server", &all).end();
        let start = format!("{}: ", file.display());
        assert!(ended.errors.starts_with(&start) && ended.errors.contains(why), "{ended:?}");
        assert_eq!((&ended.output[..], ended.status), ("", Some(1)));
    }
}
