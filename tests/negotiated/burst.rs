//! More than a client may be read in one turn.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use sansock::endpoint::Endpoint;

use crate::dribble::Memory;
use crate::peer::{Next, Peer, TlsPolicy, settings};
use crate::server::Server;
use crate::time_limit::within_a_minute;

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
/// A masked text of two bytes, and its echo.
const FRAME: &[u8] = b"\x81\x82\0\0\0\0hi";
const ECHO: &[u8] = b"\x81\x02hi";

#[test]
fn a_client_is_read_again_after_the_others_had_their_turn() {
    let frames = 100;
    let reads: Vec<&[u8]> =
        std::iter::once(REQUEST).chain(std::iter::repeat_n(FRAME, frames)).collect();
    let (turns, written) = serve(&reads);
    assert!(turns > frames / 20, "{turns} turns");
    assert!(written.ends_with(&ECHO.repeat(frames)));
}

#[test]
fn a_server_returns_to_a_client_that_the_system_does_not_report_again() {
    within_a_minute(|| {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        // A turn reads a kilobyte at most, and everything is there before the first one.
        let mut server = Server::bind(any_port, TlsPolicy::Without, settings(), 64).unwrap();
        let mut client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
        let frames = 2000;
        client.write_all(&[REQUEST, &FRAME.repeat(frames)].concat()).unwrap();
        client.set_nonblocking(true).unwrap();
        let mut read = Vec::new();
        while !read.ends_with(&ECHO.repeat(frames)) {
            server.turn(|| Duration::ZERO, |dropped| panic!("{dropped}")).unwrap();
            let ended = client.read_to_end(&mut read);
            assert_eq!(ended.map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
        }
    });
}

#[test]
fn a_message_behind_a_long_one_is_answered_too() {
    let len = 3 << 20;
    let long = [b"\x82\xFF", &u64::to_be_bytes(len)[..], b"\0\0\0\0"].concat();
    let payload = vec![b'a'; usize::try_from(len).unwrap()];
    let (_, written) = serve(&[REQUEST, &[&long, &payload[..], FRAME].concat()]);
    assert!(written.ends_with(&[&payload[..], ECHO].concat()), "{}", written.len());
}

/// Takes turns until everything is read. Returns how many, and what was written.
fn serve(reads: &[&[u8]]) -> (usize, Vec<u8>) {
    let endpoint = Endpoint::server(&settings(), Duration::ZERO).unwrap();
    let mut peer = Peer::new(Memory::new(reads), endpoint);
    let (mut turns, mut buffer) = (1, vec![0; 64 << 10]);
    while let Next::Again = peer.turn(&TlsPolicy::Without, &mut buffer, Duration::ZERO).unwrap() {
        turns += 1;
    }
    (turns, peer.transport().written.clone())
}
