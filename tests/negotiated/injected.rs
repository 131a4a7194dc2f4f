//! Bytes in the clear behind the request for TLS, and behind the answer to it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use sansock::endpoint::Endpoint;

use crate::client::{Client, Progress, State};
use crate::dribble::Memory;
use crate::dropped::Dropped;
use crate::error::ConnectError;
use crate::mode::Mode;
use crate::modes::{connect, scripted};
use crate::peer::{Next, Peer, TlsPolicy, settings};
use crate::running::{Running, Tls};
use crate::ssl_request::REQUEST;
use crate::time_limit::within_a_minute;

/// The beginning of a record of TLS, and a frame: what an attacker would want to be read.
const INJECTED: [&[u8]; 3] = [b"\x16\x03\x01\x00\x05", b"\x81\x05Hello", b"x"];

const ASKING: [Mode; 3] = [Mode::Prefer, Mode::Require, Mode::VerifyFull];

#[test]
fn a_client_refuses_bytes_behind_the_answer() {
    within_a_minute(|| {
        let tls = Tls::new();
        for mode in ASKING {
            for answer in [b"S", b"N"] {
                for injected in INJECTED {
                    let failed =
                        connect(tls.client(mode, scripted([answer, injected].concat()))).err();
                    assert!(matches!(failed, Some(ConnectError::UnexpectedBytes(_))), "{failed:?}");
                }
            }
        }
    });
}

/// Polls a client of which each read returns one of `reads`. Returns its result, and the client.
fn poll(
    tls: &Tls,
    mode: Mode,
    reads: &[&[u8]],
) -> (Result<Progress, ConnectError>, Client<Memory>) {
    let target = Arc::new(tls.target(mode));
    let mut transport = Some(Memory::new(reads));
    let mut client = Client::new(target, move || Ok(transport.take().unwrap()));
    (client.poll(Duration::ZERO), client)
}

#[test]
fn a_client_reads_all_that_is_there_before_tls_begins() {
    let tls = Tls::new();
    for mode in ASKING {
        // However the reads are cut.
        for reads in [&[&b"S"[..], b"x"][..], &[b"N", b"x"], &[b"Sx"], &[b"NHTTP/1.1"]] {
            let (failed, mut client) = poll(&tls, mode, reads);
            assert!(matches!(failed, Err(ConnectError::UnexpectedBytes(_))), "{failed:?}");
            assert_eq!((client.state(), client.attempts()), (State::Failed, 1));
            assert!(matches!(client.poll(Duration::ZERO), Err(ConnectError::Over)));
        }
        let (progress, mut client) = poll(&tls, mode, &[b"S"]);
        assert_eq!((progress.unwrap(), client.state()), (Progress::WantsRead, State::TlsHandshake));
        // In the clear there was the request, and then a record with the first message of TLS.
        let written = &client.transport().unwrap().written;
        assert!(written.starts_with(&[&REQUEST[..], b"\x16\x03\x01"].concat()));
    }
}

#[test]
fn a_client_treats_nothing_that_comes_later_in_the_clear_as_a_websocket() {
    // The answer and these bytes come in two polls, so they are for TLS, which refuses them.
    let tls = Tls::new();
    for what in [&b"\x81\x05Hello"[..], b"HTTP/1.1 101 Switching Protocols\r\n"] {
        let (_, mut client) = poll(&tls, Mode::VerifyFull, &[b"S"]);
        client.transport().unwrap().reads.push_back(what.to_vec());
        let failed = client.poll(Duration::ZERO);
        assert!(matches!(failed, Err(ConnectError::Tls(_))), "{failed:?}");
    }
}

#[test]
fn a_server_refuses_bytes_behind_the_request() {
    within_a_minute(|| {
        let tls = Tls::new();
        for policy in [
            TlsPolicy::Without,
            TlsPolicy::Offered(Arc::clone(&tls.config)),
            TlsPolicy::Required(Arc::clone(&tls.config)),
        ] {
            let server = Running::start(policy);
            for (injected, cut) in INJECTED.iter().zip([0, 3, 7]) {
                let mut client = TcpStream::connect(server.address).unwrap();
                client.write_all(&REQUEST[..cut]).unwrap();
                client.write_all(&[&REQUEST[cut..], injected].concat()).unwrap();
                let dropped = server.dropped();
                assert!(matches!(dropped, Dropped::UnexpectedBytes(_)), "{dropped}");
                // There is no answer.
                match client.read(&mut [0; 8]) {
                    Ok(len) => assert_eq!(len, 0),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
                }
            }
            server.memory_with(0);
        }
    });
}

/// Returns what a server writes to a client of which each read returns one of `reads`, or why it
/// drops it.
fn serve(policy: &TlsPolicy, reads: &[&[u8]]) -> Result<Vec<u8>, Dropped> {
    let endpoint = Endpoint::server(&settings(), Duration::ZERO).unwrap();
    let mut peer = Peer::new(Memory::new(reads), endpoint);
    let next = peer.turn(policy, &mut [0; 1024], Duration::ZERO)?;
    assert!(matches!(next, Next::Wait(_)));
    Ok(peer.transport().written.clone())
}

#[test]
fn a_server_reads_all_that_is_there_before_it_answers() {
    let tls = Tls::new();
    let policies = [
        (TlsPolicy::Without, b"N"),
        (TlsPolicy::Offered(Arc::clone(&tls.config)), b"S"),
        (TlsPolicy::Required(Arc::clone(&tls.config)), b"S"),
    ];
    for (policy, answer) in &policies {
        for cut in 1..REQUEST.len() {
            let (left, right) = REQUEST.split_at(cut);
            assert_eq!(serve(policy, &[left, right]).unwrap(), *answer);
            assert_eq!(serve(policy, &[left]).unwrap(), b"");
            for reads in [&[left, right, b"x"][..], &[left, &[right, b"x"].concat()]] {
                let failed = serve(policy, reads);
                assert!(matches!(failed, Err(Dropped::UnexpectedBytes(_))), "{failed:?}");
            }
        }
    }
}

#[test]
fn a_server_lets_a_client_ask_once() {
    within_a_minute(|| {
        let server = Running::start(TlsPolicy::Without);
        let mut client = TcpStream::connect(server.address).unwrap();
        client.write_all(&REQUEST).unwrap();
        let mut answer = [0; 1];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, *b"N");
        client.write_all(&REQUEST).unwrap();
        let mut response = Vec::new();
        client.read_to_end(&mut response).unwrap();
        assert!(response.starts_with(b"HTTP/1.1 400 "), "{response:?}");
    });
}

#[test]
fn a_server_refuses_what_only_resembles_the_request() {
    let tls = Tls::new();
    for policy in [TlsPolicy::Without, TlsPolicy::Offered(Arc::clone(&tls.config))] {
        for at in 0..REQUEST.len() {
            let mut request = REQUEST;
            request[at] ^= 1;
            for reads in [&[&request[..]][..], &[&request[..at], &request[at..]]] {
                let reads: Vec<&[u8]> =
                    reads.iter().copied().filter(|read| !read.is_empty()).collect();
                let response = serve(&policy, &reads).unwrap();
                assert!(response.starts_with(b"HTTP/1.1 400 "), "{response:?}");
            }
        }
    }
}
