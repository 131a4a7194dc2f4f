//! Each mode with each kind of server.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::spawn;

use mio::net::TcpStream;
use mio::{Events, Poll};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use sansock::timer::Clock;
use sansock::{CloseCode, Event};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{CertificateError, Error as TlsError};
use webpki_roots::TLS_SERVER_ROOTS;

use crate::client::{Client, State};
use crate::drive::{open, wait};
use crate::dropped::Dropped;
use crate::error::ConnectError;
use crate::mode::Mode;
use crate::peer::TlsPolicy;
use crate::running::{Running, Tls};
use crate::session::{Session, Turn};
use crate::ssl_request::REQUEST;
use crate::time_limit::within_a_minute;
use crate::tls::{Identity, client_config, server_config};

/// What comes of a mode with a server.
#[derive(Debug, PartialEq)]
enum Outcome {
    Plain,
    Tls,
    NoTls,
    Refused(u16),
}

#[test]
fn each_mode_does_what_it_says_with_each_server() {
    use Mode::{Allow, Disable, Prefer, Require, VerifyFull};
    use Outcome::{NoTls, Plain, Refused, Tls as WithTls};
    within_a_minute(|| {
        let tls = Tls::new();
        let without = Running::start(TlsPolicy::Without);
        let offered = Running::start(TlsPolicy::Offered(Arc::clone(&tls.config)));
        let required = Running::start(TlsPolicy::Required(Arc::clone(&tls.config)));
        for (mode, expected) in [
            (Disable, [Plain, Plain, Refused(403)]),
            (Allow, [Plain, Plain, WithTls]),
            (Prefer, [Plain, WithTls, WithTls]),
            (Require, [NoTls, WithTls, WithTls]),
            (VerifyFull, [NoTls, WithTls, WithTls]),
        ] {
            for (server, expected) in [&without, &offered, &required].into_iter().zip(expected) {
                let outcome = echo(tls.client(mode, server.dial()));
                assert_eq!(outcome, expected, "{mode:?} at {:?}", server.address);
            }
        }
        for server in [without, offered, required] {
            server.memory_with(0);
        }
    });
}

#[test]
fn allow_fails_if_the_server_refuses_the_clear_and_has_no_tls() {
    within_a_minute(|| {
        let tls = Tls::new();
        let required = Running::start(TlsPolicy::Required(Arc::clone(&tls.config)));
        let without = Running::start(TlsPolicy::Without);
        let dial = in_turn(required.dial(), without.dial());
        assert_eq!(echo(tls.client(Mode::Allow, dial)), Outcome::NoTls);
    });
}

#[test]
fn prefer_starts_over_in_the_clear_if_the_tls_handshake_fails() {
    within_a_minute(|| {
        let tls = Tls::new();
        let server = Running::start(TlsPolicy::Without);
        let broken = scripted(b"S".to_vec());
        let dial = in_turn(broken, server.dial());
        assert_eq!(echo(tls.client(Mode::Prefer, dial)), Outcome::Plain);
        let dial = in_turn(scripted(b"S".to_vec()), server.dial());
        let failed = connect(tls.client(Mode::Require, dial)).err();
        assert!(matches!(failed, Some(ConnectError::Io(_))), "{failed:?}");
    });
}

#[test]
fn verify_full_refuses_another_name_and_an_unknown_authority() {
    within_a_minute(|| {
        let (tls, other) = (Tls::new(), Tls::new());
        let server = Running::start(TlsPolicy::Offered(Arc::clone(&tls.config)));
        let named = |mode, name: &'static str| {
            let mut target = tls.target(mode);
            target.name = ServerName::try_from(name).unwrap();
            Client::new(Arc::new(target), server.dial())
        };
        let wrong_name = connect(named(Mode::VerifyFull, "other.example")).err();
        assert!(matches!(
            certificate_error(wrong_name),
            Some(CertificateError::NotValidForNameContext { .. })
        ));
        assert!(matches!(server.dropped(), Dropped::Tls(TlsError::AlertReceived(_))));
        // The public authorities have not signed this certificate.
        let mut target = tls.target(Mode::VerifyFull);
        let roots = TLS_SERVER_ROOTS.iter().cloned().collect();
        target.tls = Arc::new(client_config(Mode::VerifyFull, roots).unwrap());
        let unknown = connect(Client::new(Arc::new(target), server.dial())).err();
        assert_eq!(certificate_error(unknown), Some(CertificateError::UnknownIssuer));
        assert!(matches!(server.dropped(), Dropped::Tls(TlsError::AlertReceived(_))));
        // Another certificate has the same names, but its key has not signed this one.
        let impostor = connect(other.client(Mode::VerifyFull, server.dial())).err();
        assert_eq!(certificate_error(impostor), Some(CertificateError::BadSignature));
        assert!(matches!(server.dropped(), Dropped::Tls(TlsError::AlertReceived(_))));
        // Both are no matter to a mode that does not verify.
        assert_eq!(echo(named(Mode::Require, "other.example")), Outcome::Tls);
        assert_eq!(echo(other.client(Mode::Prefer, server.dial())), Outcome::Tls);
    });
}

#[test]
fn verify_full_accepts_a_certificate_that_its_authority_has_signed() {
    within_a_minute(|| {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let cert = params.signed_by(&key, &authority).unwrap();
        let identity = Identity {
            pem: cert.pem(),
            cert: cert.into(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        };
        let config = Arc::new(server_config(identity).unwrap());
        let server = Running::start(TlsPolicy::Offered(Arc::clone(&config)));
        let signed = Tls { cert: authority.der().clone(), config };
        assert_eq!(echo(signed.client(Mode::VerifyFull, server.dial())), Outcome::Tls);
        let other = connect(Tls::new().client(Mode::VerifyFull, server.dial())).err();
        assert_eq!(certificate_error(other), Some(CertificateError::UnknownIssuer));
    });
}

#[test]
fn a_server_that_does_not_answer_s_or_n_is_an_error() {
    within_a_minute(|| {
        let tls = Tls::new();
        for mode in [Mode::Prefer, Mode::Require, Mode::VerifyFull] {
            for (answer, expected) in [
                (&b""[..], "server ended the transport instead of answering"),
                (b"E", "invalid answer 'E' to the request for TLS"),
                (b"HTTP/1.1 400 Bad Request\r\n\r\n", "invalid answer 'H' to the request for TLS"),
                (b"\0", "invalid answer '\\0' to the request for TLS"),
            ] {
                let failed = connect(tls.client(mode, scripted(answer.to_vec()))).err();
                assert_eq!(failed.map(|error| error.to_string()).as_deref(), Some(expected));
            }
        }
    });
}

/// Returns what is wrong with the certificate, if that is the error.
fn certificate_error(error: Option<ConnectError>) -> Option<CertificateError> {
    match error {
        Some(ConnectError::Tls(TlsError::InvalidCertificate(error))) => Some(error),
        _ => None,
    }
}

/// Returns what dials with `first` once, and with `second` once.
fn in_turn<T>(first: impl FnOnce() -> T, second: impl FnOnce() -> T) -> impl FnMut() -> T {
    let (mut first, mut second) = (Some(first), Some(second));
    move || match first.take() {
        Some(first) => first(),
        None => second.take().unwrap()(),
    }
}

/// Dials a server that answers the request for TLS with these bytes, and ends the transport.
pub(crate) fn scripted(
    answer: Vec<u8>,
) -> impl FnMut() -> std::io::Result<TcpStream> + Send + 'static {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; REQUEST.len()];
        stream.read_exact(&mut request).unwrap();
        assert_eq!(request, REQUEST);
        stream.write_all(&answer).unwrap();
    });
    move || TcpStream::connect(address)
}

pub(crate) fn connect(client: Client<TcpStream>) -> Result<Session<TcpStream>, ConnectError> {
    open(&mut Poll::new().unwrap(), client, &Clock::start(), |_| {})
}

/// Connects, exchanges a message, and closes. Returns what came of it.
fn echo(client: Client<TcpStream>) -> Outcome {
    let (mut poll, clock) = (Poll::new().unwrap(), Clock::start());
    let mut states = Vec::new();
    let mut session = match open(&mut poll, client, &clock, |state| states.push(state)) {
        Ok(session) => session,
        Err(ConnectError::NoTls) => return Outcome::NoTls,
        Err(ConnectError::Refused(response)) => return Outcome::Refused(response.head.status()),
        Err(error) => panic!("{error} after {states:?}"),
    };
    assert_eq!(states.last(), Some(&State::Ready));
    let text = "Hello, world! ".repeat(10_000);
    session.open.endpoint.send_text(&text).unwrap();
    let mut events = Events::with_capacity(8);
    let mut echoes = 0;
    while let Turn::Wait(_) = session
        .turn(clock.now(), |ws, event| {
            if let Event::Text(echo) = event {
                assert_eq!(echo.as_str(), text);
                echoes += 1;
                ws.close(CloseCode::NORMAL, "").unwrap();
            }
        })
        .unwrap()
    {
        wait(&mut poll, &mut events, None).unwrap();
    }
    assert_eq!(echoes, 1);
    // The server has ended TLS properly too: a `close_notify` came before the end.
    assert_eq!(session.open.stream.read(&mut [0]).unwrap(), 0);
    if session.open.stream.is_tls() { Outcome::Tls } else { Outcome::Plain }
}
