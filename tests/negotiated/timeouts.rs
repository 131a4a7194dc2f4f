//! Peers that fall silent before the connection is open, with a clock that the test advances.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use sansock::timer::Expired;

use crate::client::{Client, Progress, State};
use crate::dribble::Memory;
use crate::dropped::Dropped;
use crate::error::ConnectError;
use crate::mode::Mode;
use crate::peer::TlsPolicy;
use crate::running::{Running, Tls};
use crate::ssl_request::REQUEST;
use crate::time_limit::within_a_minute;

/// `Settings::handshake_timeout`, by default.
const LIMIT: Duration = Duration::from_secs(10);
const JUST_BEFORE: Duration = LIMIT.saturating_sub(Duration::from_millis(1));

#[test]
fn a_server_drops_clients_that_do_not_finish_their_handshakes() {
    within_a_minute(|| {
        let tls = Tls::new();
        let server = Running::start(TlsPolicy::Offered(Arc::clone(&tls.config)));
        let connect = |bytes: &[u8]| {
            let mut client = TcpStream::connect(server.address).unwrap();
            client.write_all(bytes).unwrap();
            client
        };
        let silent = [connect(b""), connect(&REQUEST[..7])];
        let mut asking = [connect(&REQUEST), connect(&REQUEST)];
        for client in &mut asking {
            let mut answer = [0; 1];
            client.read_exact(&mut answer).unwrap();
            assert_eq!(answer, *b"S");
        }
        asking[1].write_all(b"\x16\x03\x01").unwrap(); // of a record of TLS
        let mut in_the_clear = connect(b"GET / HTTP/1.1\r\nHost: local");
        server.memory_with(5);

        server.set_clock(JUST_BEFORE);
        assert_eq!(server.memory().clients, 5);
        server.set_clock(LIMIT);
        for _ in silent.iter().chain(&asking) {
            let dropped = server.dropped();
            assert!(matches!(dropped, Dropped::Expired(Expired::HandshakeTimeout)), "{dropped}");
        }
        // The one that speaks HTTP is told, and may end the transport in its time.
        let mut response = Vec::new();
        in_the_clear.read_to_end(&mut response).unwrap();
        assert!(response.starts_with(b"HTTP/1.1 408 "), "{response:?}");
        assert_eq!(server.memory().clients, 1);
        server.set_clock(LIMIT + LIMIT);
        let dropped = server.dropped();
        assert!(matches!(dropped, Dropped::Expired(Expired::CloseTimeout)), "{dropped}");
        server.memory_with(0);
    });
}

#[test]
fn a_client_drops_a_server_that_does_not_answer() {
    within_a_minute(|| {
        let tls = Tls::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        for (mode, state) in [(Mode::Require, State::SslAnswer), (Mode::Disable, State::WebSocket)]
        {
            let dial = move || mio::net::TcpStream::connect(address);
            let mut client = tls.client(mode, dial);
            while client.state() != state {
                client.poll(Duration::ZERO).unwrap();
                std::thread::yield_now();
            }
            assert_eq!(client.poll(JUST_BEFORE).unwrap(), Progress::WantsRead);
            assert_eq!((client.state(), client.deadline()), (state, Some(LIMIT)));
            let failed = client.poll(LIMIT);
            assert!(matches!(failed, Err(ConnectError::Expired(Expired::HandshakeTimeout))));
            assert_eq!(client.state(), State::Failed);
        }
    });
}

#[test]
fn a_client_that_starts_over_gets_no_more_time() {
    let tls = Tls::new();
    let target = Arc::new(tls.target(Mode::Allow));
    let mut client = Client::new(target, || Ok(Memory::new(&[])));
    assert_eq!(client.poll(Duration::ZERO).unwrap(), Progress::WantsRead);
    assert_eq!((client.state(), client.attempts()), (State::WebSocket, 1));
    let refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    client.transport().unwrap().reads.push_back(refusal.to_vec());
    assert_eq!(client.poll(JUST_BEFORE).unwrap(), Progress::WantsRead);
    assert_eq!((client.state(), client.attempts()), (State::SslAnswer, 2));
    assert_eq!(client.deadline(), Some(LIMIT));
    assert!(matches!(client.poll(LIMIT), Err(ConnectError::Expired(_))));
}
