//! More than a client may be read in one turn.

use std::time::Duration;

use sansock::Config;
use sansock::endpoint::{Endpoint, Settings};

use crate::dribble::Memory;
use crate::peer::{Next, Peer, TlsPolicy};

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
    let endpoint = Endpoint::server(&Settings::new(Config::server()), Duration::ZERO).unwrap();
    let mut peer = Peer::new(Memory::new(&reads), endpoint);
    let mut turns = 1;
    while let Next::Again = peer.turn(&TlsPolicy::Without, &mut [0; 1024], Duration::ZERO).unwrap()
    {
        turns += 1;
    }
    assert!(turns > frames / 20, "{turns} turns");
    assert!(peer.transport().written.ends_with(&ECHO.repeat(frames)));
}
