//! The application protocol, RFC 7301: the server speaks HTTP/1.1 alone.

use std::sync::Arc;

use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{AlertDescription, Error};

use crate::authority::Authority;
use crate::client::{connect, exchange, open, verdict};
use crate::running::serve_localhost;
use crate::time_limit::within_a_minute;

#[test]
fn http_1_1_is_chosen_or_nothing_is() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve_localhost(&authority);
        for version in [&TLS12, &TLS13] {
            for (offered, chosen) in [
                (&["http/1.1"][..], Some(&b"http/1.1"[..])),
                (&["h2", "http/1.1"], Some(b"http/1.1")),
                (&[], None),
            ] {
                let mut config = authority.client_config(&[version], None);
                config.alpn_protocols = offered.iter().map(|name| (*name).into()).collect();
                let stream = connect(&server, &Arc::new(config)).unwrap();
                assert_eq!(stream.conn.alpn_protocol(), chosen, "{offered:?}");
                exchange(&mut open(stream), "hello");
            }
        }
        server.assert_no_line();
    });
}

/// With TLS 1.3 too, because the protocol is chosen before the client's side of the handshake ends.
#[test]
fn a_client_that_speaks_no_http_1_1_is_refused_by_an_alert() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve_localhost(&authority);
        for version in [&TLS12, &TLS13] {
            let mut config = authority.client_config(&[version], None);
            config.alpn_protocols = vec![b"h2".to_vec()];
            let error = connect(&server, &Arc::new(config)).unwrap_err();
            let alert = AlertDescription::NoApplicationProtocol;
            assert_eq!(verdict(error), Error::AlertReceived(alert));
            let why = ": TLS handshake failed: peer doesn't support any known protocol";
            assert!(server.line().ends_with(why));
            server.assert_no_line();
        }
    });
}
