//! Files that are replaced while the server runs.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, Error, HandshakeKind};

use crate::authority::{Authority, Leaf};
use crate::client::{connect, exchange, open, rest, verdict};
use crate::running::Running;
use crate::time_limit::within_a_minute;

const REPLACED: &str = "TLS files replaced: new connections use them";

/// A server whose files are replaced.
struct Site {
    authority: Authority,
    server: Running,
    config: Arc<ClientConfig>,
}

impl Site {
    /// Starts the server with this certificate.
    fn new(authority: Authority, leaf: &Leaf) -> Site {
        install(&authority, leaf);
        let (cert, key) = (authority.path("site.pem"), authority.path("site-key.pem"));
        let server = Running::start(&[("--cert", &cert), ("--key", &key)]);
        let config = Arc::new(authority.client_config(&[&TLS13], None));
        Site { authority, server, config }
    }

    /// Checks that a new connection is served with this certificate.
    fn assert_shows(&self, leaf: &Leaf) {
        let stream = connect(&self.server, &self.config).unwrap();
        assert!(stream.conn.peer_certificates().unwrap() == leaf.chain());
        exchange(&mut open(stream), "hello");
    }
}

/// Replaces the files of the server.
fn install(authority: &Authority, leaf: &Leaf) {
    authority.file("site.pem", &text(&leaf.cert));
    authority.file("site-key.pem", &text(&leaf.key));
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

#[test]
fn new_connections_see_a_new_certificate_and_open_ones_go_on() {
    within_a_minute(|| {
        let authority = Authority::new();
        let [first, second] = [(); 2].map(|()| authority.issue(&["localhost"]));
        let site = Site::new(authority, &first);
        let mut old = open(connect(&site.server, &site.config).unwrap());
        exchange(&mut old, "before");
        site.assert_shows(&first);
        site.server.assert_no_line();
        for leaf in [&second, &first, &second] {
            install(&site.authority, leaf);
            site.assert_shows(leaf);
            assert_eq!(site.server.line(), REPLACED);
            site.assert_shows(leaf);
            site.server.assert_no_line();
            exchange(&mut old, "after");
        }
    });
}

#[test]
fn broken_files_keep_the_old_certificate_and_are_logged_once() {
    within_a_minute(|| {
        let authority = Authority::new();
        let [first, second] = [(); 2].map(|()| authority.issue(&["localhost"]));
        let site = Site::new(authority, &first);
        let (cert, key) = (site.authority.path("site.pem"), site.authority.path("site-key.pem"));
        let half = text(&second.cert).split_at(300).0.to_owned();
        for (cert_text, named, why) in [
            (&half[..], &cert, "section end"),
            ("", &cert, "no certificate"),
            // The other half of the pair is still to come.
            (&text(&second.cert), &cert, "key"),
        ] {
            site.authority.file("site.pem", cert_text);
            for _ in 0..2 {
                site.assert_shows(&first);
            }
            let line = site.server.line();
            let start = format!("TLS files replaced, but not used: {}: ", named.display());
            assert!(line.starts_with(&start) && line.contains(why), "{line}");
            site.server.assert_no_line();
        }
        fs::remove_file(&key).unwrap();
        site.assert_shows(&first);
        assert!(site.server.line().contains("site-key.pem: "));
        site.authority.file("site-key.pem", &text(&second.key));
        site.assert_shows(&second);
        assert_eq!(site.server.line(), REPLACED);
    });
}

/// A file may be replaced so fast that the time is the same, or be written where it is.
#[cfg(unix)]
#[test]
fn a_file_is_known_by_its_time_its_length_and_its_inode() {
    within_a_minute(|| {
        let authority = Authority::new();
        let leaves = [(); 4].map(|()| authority.issue(&["localhost"]));
        let site = Site::new(authority, &leaves[0]);
        // Spaces after the end mean nothing.
        let padded = |file: &Path, len: usize| format!("{:len$}", text(file));
        let write = |leaf: &Leaf, len: usize, time: u64, renames: bool| {
            for (file, name) in [(&leaf.cert, "site.pem"), (&leaf.key, "site-key.pem")] {
                if renames {
                    site.authority.file(name, &padded(file, len));
                } else {
                    fs::write(site.authority.path(name), padded(file, len)).unwrap();
                }

                let path = site.authority.path(name);
                let written = fs::File::options().append(true).open(path).unwrap();
                written.set_modified(UNIX_EPOCH + Duration::from_secs(time)).unwrap();
            }
        };
        write(&leaves[0], 2000, 1, true);
        site.assert_shows(&leaves[0]);
        assert_eq!(site.server.line(), REPLACED);
        for (leaf, len, time, renames) in [
            (&leaves[1], 2000, 1, true),
            (&leaves[2], 2001, 1, false),
            (&leaves[3], 2001, 2, false),
        ] {
            write(leaf, len, time, renames);
            site.assert_shows(leaf);
            assert_eq!(site.server.line(), REPLACED);
        }
    });
}

/// Not even a client that has a session, which began under the old certificate, goes on with it.
#[test]
fn no_session_outlives_its_certificate() {
    within_a_minute(|| {
        let authority = Authority::new();
        let [first, second] = [(); 2].map(|()| authority.issue(&["localhost"]));
        let site = Site::new(authority, &first);
        for version in [&TLS12, &TLS13] {
            let config = Arc::new(site.authority.client_config(&[version], None));
            let kind = || {
                let stream = connect(&site.server, &config).unwrap();
                let kind = stream.conn.handshake_kind().unwrap();
                // The tickets of TLS 1.3 come with what follows.
                exchange(&mut open(stream), "hello");
                kind
            };
            install(&site.authority, &first);
            assert_eq!([kind(), kind()], [HandshakeKind::Full, HandshakeKind::Resumed]);
            install(&site.authority, &second);
            assert_eq!([kind(), kind()], [HandshakeKind::Full, HandshakeKind::Resumed]);
        }
    });
}

/// A list of revocations is only of use while it is new.
#[test]
fn a_client_that_is_revoked_is_refused_from_the_next_connection_on() {
    within_a_minute(|| {
        let authority = Authority::new();
        let (leaf, ca) = (authority.localhost(), authority.cert());
        let alice = authority.issue(&["alice.example"]);
        let crl = authority.file("crl.pem", &authority.revoke(&[]));
        let server = Running::start(&[
            ("--cert", &leaf.cert),
            ("--key", &leaf.key),
            ("--client-ca", &ca),
            ("--client-crl", &crl),
        ]);
        let config = Arc::new(authority.client_config(&[&TLS13], Some(&alice)));
        let mut old = open(connect(&server, &config).unwrap());
        exchange(&mut old, "before");
        assert!(server.line().contains(": request of DNS:alice.example SHA256:"));

        authority.file("crl.pem", &authority.revoke(&[&alice]));
        let (response, end) = rest(&mut connect(&server, &config).unwrap());
        assert_eq!(response, b"");
        assert!(matches!(verdict(end.unwrap_err()), Error::AlertReceived(_)));
        assert_eq!(server.line(), REPLACED);
        assert!(
            server.line().ends_with(": TLS handshake failed: invalid peer certificate: Revoked")
        );
        exchange(&mut old, "after");

        // A file without a list does not switch the check off.
        authority.file("crl.pem", "");
        rest(&mut connect(&server, &config).unwrap()).1.unwrap_err();
        assert!(server.line().ends_with("crl.pem: no list of revocations in it"));
        assert!(server.line().ends_with(": Revoked"));

        authority.file("crl.pem", &authority.revoke(&[]));
        exchange(&mut open(connect(&server, &config).unwrap()), "again");
    });
}
