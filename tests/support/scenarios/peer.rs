//! The peer, which writes and reads frames by itself.

use std::io;
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use sansock::bytes::Buf;
use sansock::endpoint::{Endpoint, RequestPolicy, Settings};
use sansock::handshake::client::Request;
use sansock::{Input, Role};

use super::{OpenPeer, Wire};
use crate::support::conversation::NONCE;
use crate::support::{config, frame_for};

impl Wire for TcpStream {
    fn shut_down(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

#[cfg(unix)]
impl Wire for UnixStream {
    fn shut_down(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// The peer of an end of `role`, after the opening handshake.
pub struct Peer<'w> {
    wire: &'w mut dyn Wire,
    role: Role,
    /// Nothing is sent on it. It ends with our end.
    ours: Receiver<()>,
}

/// A frame: its first byte and its payload.
pub type Frame = (u8, Vec<u8>);

/// Does the peer's part of the opening handshake with an end of `role`, over HTTP/1.1.
pub fn open_peer(wire: &mut dyn Wire, role: Role) {
    let mut endpoint = match role {
        Role::Client => {
            let mut settings = Settings::new(config(Role::Server));
            settings.requests = RequestPolicy::AcceptUnseen;
            Endpoint::server(&settings, Duration::ZERO).unwrap()
        }
        Role::Server => {
            let settings = Settings::new(config(Role::Client));
            let request = Request::new("ws://a.example/").unwrap();
            Endpoint::client(&settings, &request, NONCE, Duration::ZERO).unwrap()
        }
    };
    loop {
        let len = endpoint.output_len();
        wire.write_all(&endpoint.output().copy_to_bytes(len)).unwrap();
        wire.flush().unwrap();
        if !endpoint.is_opening() {
            return;
        }
        // Nothing is read that comes after the head.
        let mut byte = [0];
        wire.read_exact(&mut byte).unwrap();
        endpoint.receive(&mut Input::new(&mut byte)).unwrap();
    }
}

/// Returns what opens the peer's end by [`open_peer`].
pub fn opened_by_bytes(role: Role, mut wire: impl Wire + Send + 'static) -> OpenPeer {
    Box::new(move || {
        open_peer(&mut wire, role);
        Box::new(wire)
    })
}

impl<'w> Peer<'w> {
    pub(super) fn new(wire: &'w mut dyn Wire, role: Role, ours: Receiver<()>) -> Self {
        Peer { wire, role, ours }
    }

    /// Neither reads nor writes until our end is gone.
    pub fn wait_for_ours(&mut self) {
        let _ = self.ours.recv();
    }

    /// Sends a frame.
    pub fn send(&mut self, first: u8, payload: &[u8]) {
        self.write(&frame_for(self.role, first, payload));
    }

    /// Sends a frame, each byte by itself.
    pub fn send_slowly(&mut self, first: u8, payload: &[u8]) {
        frame_for(self.role, first, payload).iter().for_each(|byte| self.write(&[*byte]));
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.wire.write_all(bytes).unwrap();
        self.wire.flush().unwrap();
    }

    /// Waits for the next frame. Returns `None` at the end of the transport, or if it was lost.
    pub fn frame(&mut self) -> Option<Frame> {
        let [first] = self.bytes()?;
        let [second] = self.bytes()?;
        assert_eq!(second >= 0x80, self.role == Role::Client, "a client masks, a server does not");
        let len = match second & 0x7F {
            126 => usize::from(u16::from_be_bytes(self.bytes()?)),
            127 => usize::try_from(u64::from_be_bytes(self.bytes()?)).unwrap(),
            len => usize::from(len),
        };
        let key: [u8; 4] = if second >= 0x80 { self.bytes()? } else { [0; 4] };
        let mut payload = vec![0; len];
        self.wire.read_exact(&mut payload).ok()?;
        payload.iter_mut().zip(key.into_iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        Some((first, payload))
    }

    /// Asserts that this frame comes next.
    pub fn expect(&mut self, first: u8, payload: &[u8]) {
        let frame = self.frame().expect("a frame, not the end");
        assert!(frame.1 == payload, "{} bytes, not {}", frame.1.len(), payload.len());
        assert_eq!(frame.0, first);
    }

    /// Does the rest after both have sent a Close: the server ends first, RFC 6455 §7.1.1.
    pub fn end(&mut self) {
        if self.role == Role::Client {
            self.shut_down();
        }
        self.expect_end();
    }

    /// Asserts that the transport ends here.
    pub fn expect_end(&mut self) {
        assert_eq!(self.frame(), None);
    }

    /// Ends the peer's direction.
    pub fn shut_down(&mut self) {
        self.wire.shut_down().unwrap();
    }

    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.wire.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}
