//! Servers with several names: the client's SNI (RFC 6066 §3) chooses the certificate.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error};

use crate::authority::{Authority, Leaf};
use crate::client::{connect_at, exchange, open, verdict};
use crate::running::Running;
use crate::time_limit::within_a_minute;

fn serve(leaves: &[&Leaf]) -> Running {
    let files = leaves.iter().flat_map(|leaf| [("--cert", &*leaf.cert), ("--key", &*leaf.key)]);
    Running::start(&files.collect::<Vec<(&str, &Path)>>())
}

/// Asks the server of this name. Returns the certificate that it has shown.
fn shown(
    server: &Running,
    name: &'static str,
    config: &Arc<ClientConfig>,
) -> Result<CertificateDer<'static>, Error> {
    let stream = connect_at(server.address, name, config).map_err(verdict)?;
    let shown = stream.conn.peer_certificates().unwrap()[0].clone();
    exchange(&mut open(stream), "hello");
    Ok(shown)
}

#[test]
fn the_name_that_the_client_asks_for_chooses_the_certificate() {
    within_a_minute(|| {
        let authority = Authority::new();
        let leaves = [
            &["a.example", "127.0.0.1"][..],
            &["b.example"],
            &["c.example", "*.b.example"],
            // The first that is valid is chosen.
            &["b.example", "d.example"],
        ]
        .map(|names| authority.issue(names));
        let server = serve(&leaves.each_ref());
        for version in [&TLS12, &TLS13] {
            let config = Arc::new(authority.client_config(&[version], None));
            for (name, i) in [
                ("a.example", 0),
                ("b.example", 1),
                ("B.EXAMPLE", 1),
                ("c.example", 2),
                ("x.b.example", 2),
                ("d.example", 3),
                // An address is not sent, and the first certificate is valid for it.
                ("127.0.0.1", 0),
            ] {
                assert!(shown(&server, name, &config).unwrap() == leaves[i].chain()[0], "{name}");
            }
        }
    });
}

#[test]
fn without_a_known_name_the_certificate_is_the_first() {
    within_a_minute(|| {
        let authority = Authority::new();
        let leaves = [&["a.example"][..], &["b.example"]].map(|names| authority.issue(names));
        let server = serve(&leaves.each_ref());
        let mut config = authority.client_config(&[&TLS12, &TLS13], None);
        // The client sees what it got instead of the name that it asks for.
        let refused = shown(&server, "c.example", &Arc::new(config.clone())).unwrap_err();
        let Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            presented, ..
        }) = refused
        else {
            panic!("{refused}")
        };
        assert_eq!(presented, [r#"DnsName("a.example")"#]);
        config.enable_sni = false;
        let config = Arc::new(config);
        assert!(shown(&server, "a.example", &config).unwrap() == leaves[0].chain()[0]);
        assert!(shown(&server, "b.example", &config).is_err());
    });
}
