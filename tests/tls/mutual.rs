//! Clients that must have a certificate of a private authority.
//!
//! With TLS 1.2 a client that is refused knows by the end of the TLS handshake. With TLS 1.3 (RFC 8446
//! §4.4.2, figure 1) its own side of that handshake ends before the server has seen the certificate:
//! the client has a connection, sends its request, and finds the alert where it expects the response.
//! Either way the server reads no byte of the request.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};
use sansock::handshake::client::{Request, nonce};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{AlertDescription, Error, SupportedProtocolVersion};

use crate::authority::{Authority, Leaf};
use crate::client::{connect, exchange, open, rest, verdict};
use crate::running::{Running, serve_localhost};
use crate::time_limit::within_a_minute;

static VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Starts a server for the clients of an authority, with a list of revocations if there is one.
fn serve(authority: &Authority, crl: Option<&Path>) -> Running {
    let (leaf, ca) = (authority.localhost(), authority.cert());
    let mut files = vec![("--cert", &*leaf.cert), ("--key", &*leaf.key), ("--client-ca", &*ca)];
    files.extend(crl.map(|file| ("--client-crl", file)));
    Running::start(&files)
}

/// Asks for a WebSocket with this certificate. Returns the alert for it.
fn refusal(
    server: &Running,
    authority: &Authority,
    version: &'static SupportedProtocolVersion,
    leaf: Option<&Leaf>,
) -> AlertDescription {
    let config = Arc::new(authority.client_config(&[version], leaf));
    let error = match connect(server, &config) {
        Err(error) => {
            assert_eq!(version, &TLS12);
            error
        }
        Ok(mut stream) => {
            assert_eq!(version, &TLS13);
            // The server has refused before it could have read this, and still takes it, so that
            // nothing is reset before the client reads.
            let (request, _) = Request::new("wss://localhost/").unwrap().start(nonce());
            for _ in 0..2 {
                stream.write_all(&request).unwrap();
            }
            let (response, end) = rest(&mut stream);
            assert_eq!(response, b"");
            end.unwrap_err()
        }
    };
    match verdict(error) {
        Error::AlertReceived(alert) => alert,
        other => panic!("{other}"),
    }
}

/// Checks that a client with this certificate is refused, whichever the version.
fn assert_refused(
    server: &Running,
    authority: &Authority,
    leaf: Option<&Leaf>,
    alert: AlertDescription,
    why: &str,
) {
    for version in VERSIONS {
        assert_eq!(refusal(server, authority, version, leaf), alert, "{why}");
        let line = server.line();
        let (_, logged) = line.split_once(": TLS handshake failed: ").expect(&line);
        // What follows is a time.
        assert!(logged == why || why.ends_with(' ') && logged.starts_with(why), "{line}");
        server.assert_no_line();
    }
}

/// Checks that a client with this certificate is served. Returns what the server calls it.
fn served(server: &Running, authority: &Authority, leaf: &Leaf) -> String {
    let [first, second] = VERSIONS.map(|version| {
        let config = Arc::new(authority.client_config(&[version], Some(leaf)));
        let mut ws = open(connect(server, &config).unwrap());
        exchange(&mut ws, "hello");
        let line = server.line();
        line.split_once(": request of ").expect(&line).1.to_owned()
    });
    assert_eq!(first, second);
    first
}

#[test]
fn a_client_without_a_certificate_is_refused() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve(&authority, None);
        let alert = AlertDescription::CertificateRequired;
        assert_refused(&server, &authority, None, alert, "peer sent no certificates");
    });
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    within_a_minute(|| {
        let (authority, other) = (Authority::new(), Authority::new());
        let server = serve(&authority, None);
        let (leaf, alert) = (other.issue(&["alice.example"]), AlertDescription::UnknownCA);
        let why = "invalid peer certificate: UnknownIssuer";
        assert_refused(&server, &authority, Some(&leaf), alert, why);
    });
}

#[test]
fn a_certificate_that_has_expired_or_is_not_valid_yet_is_refused() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve(&authority, None);
        let expired = authority.issue_expired(&["alice.example"]);
        let early = authority.issue_with(&["alice.example"], |params| {
            params.not_before = date_time_ymd(4000, 1, 1);
        });
        let alert = AlertDescription::CertificateExpired;
        for (leaf, why) in
            [(expired, "certificate expired: "), (early, "certificate not valid yet: ")]
        {
            let start = format!("invalid peer certificate: {why}");
            assert_refused(&server, &authority, Some(&leaf), alert, &start);
        }
    });
}

/// A certificate of a server is none of a client, RFC 5280 §4.2.1.12.
#[test]
fn a_certificate_for_servers_alone_is_refused() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve(&authority, None);
        let leaf = authority.issue_with(&["alice.example"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        });
        let alert = AlertDescription::UnsupportedCertificate;
        let why = "invalid peer certificate: certificate does not allow extended key usage for client \
            ";
        assert_refused(&server, &authority, Some(&leaf), alert, why);
    });
}

#[test]
fn a_certificate_that_was_revoked_is_refused_and_no_other() {
    within_a_minute(|| {
        let authority = Authority::new();
        let [alice, mallory] = ["alice", "mallory"].map(|name| authority.issue(&[name]));
        let crl = authority.file("crl.pem", &authority.revoke(&[&mallory]));
        let server = serve(&authority, Some(&crl));
        let (alert, why) =
            (AlertDescription::CertificateRevoked, "invalid peer certificate: Revoked");
        assert_refused(&server, &authority, Some(&mallory), alert, why);
        served(&server, &authority, &alice);
        assert_refused(&server, &authority, Some(&mallory), alert, why);
    });
}

/// Without a current list, nobody can say that a certificate was not revoked.
#[test]
fn a_list_that_has_expired_or_is_of_another_authority_refuses_everyone() {
    within_a_minute(|| {
        let (authority, other) = (Authority::new(), Authority::new());
        let alice = authority.issue(&["alice.example"]);
        let expired = authority.file("expired.pem", &authority.revoke_expired());
        let foreign = authority.file("foreign.pem", &other.revoke(&[]));
        let server = serve(&authority, Some(&expired));
        let why = "invalid peer certificate: certificate revocation list expired: ";
        let alert = AlertDescription::UnknownCA;
        assert_refused(&server, &authority, Some(&alice), alert, why);
        let server = serve(&authority, Some(&foreign));
        let why = "invalid peer certificate: UnknownRevocationStatus";
        assert_refused(&server, &authority, Some(&alice), alert, why);
    });
}

/// The authority whose certificate is on disk has issued that of another, which issues those of clients.
#[test]
fn each_authority_of_a_chain_needs_its_list() {
    within_a_minute(|| {
        let authority = Authority::new();
        let below = authority.subordinate();
        let alice = below.issue(&["alice.example"]);
        served(&serve(&authority, None), &authority, &alice);
        let (all, none) = (authority.revoke(&[]), below.revoke(&[]));
        for (lists, refused) in [
            (&[&all, &none][..], None),
            (&[&none], Some("UnknownRevocationStatus")),
            (&[&all], Some("UnknownRevocationStatus")),
            (&[&all, &below.revoke(&[&alice])], Some("Revoked")),
            (&[&authority.revoke_authority(&below), &none], Some("Revoked")),
        ] {
            let lists: String = lists.iter().map(|list| &list[..]).collect();
            let server = serve(&authority, Some(&authority.file("crl.pem", &lists)));
            let Some(why) = refused else {
                served(&server, &authority, &alice);
                continue;
            };
            let alert = match why {
                "Revoked" => AlertDescription::CertificateRevoked,
                _ => AlertDescription::UnknownCA,
            };
            let why = format!("invalid peer certificate: {why}");
            assert_refused(&server, &authority, Some(&alice), alert, &why);
        }
    });
}

#[test]
fn a_client_is_known_by_the_names_in_its_certificate() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve(&authority, None);
        for (names, known) in [
            (&["alice.example"][..], "DNS:alice.example "),
            (&["spiffe://a.example/bob"], "URI:spiffe://a.example/bob "),
            (&["x://y", "*.a.example", "b.example"], "DNS:*.a.example DNS:b.example URI:x://y "),
            // What a log would take for another line is escaped.
            (&["x://y\n127.0.0.1"], "URI:x://y\\n127.0.0.1 "),
            (&[], ""),
        ] {
            let shown = served(&server, &authority, &authority.issue(names));
            let (shown_names, fingerprint) = shown.split_at(shown.find("SHA256:").unwrap());
            assert_eq!(shown_names, known);
            let bytes: Vec<_> = fingerprint["SHA256:".len()..].split(':').collect();
            assert!(bytes.len() == 32 && bytes.iter().all(|byte| byte.len() == 2), "{shown}");
        }
        // Two certificates of one name are told apart.
        let [first, second] =
            [(); 2].map(|()| served(&server, &authority, &authority.issue(&["alice.example"])));
        assert_ne!(first, second);
    });
}

/// Without a certificate to ask for, nobody is known.
#[test]
fn a_client_that_is_not_asked_is_served_unknown() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve_localhost(&authority);
        let config = Arc::new(authority.client_config(&VERSIONS, Some(authority.localhost())));
        exchange(&mut open(connect(&server, &config).unwrap()), "hello");
        server.assert_no_line();
    });
}
