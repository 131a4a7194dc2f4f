//! Sockets by `io_uring`: our end is that of the example.

use std::net::TcpStream;
use std::time::Duration;

use sansock::endpoint::{self, Endpoint, Settings};
use sansock::handshake::client::Request;
use sansock::timer::{Clock, Expired};
use sansock::{CloseCode, Message, Role};
use tokio_uring::Runtime;

use crate::scenarios::ours::code_of;
use crate::scenarios::peer::opened_by_bytes;
use crate::scenarios::{End, Link, Ours};
use crate::sockets::tcp_pair;
use crate::support::conversation::NONCE;
use crate::websocket::{Error, WebSocket};

struct Driven {
    runtime: Runtime,
    ws: WebSocket,
}

/// Whether the kernel allows `io_uring`.
pub(crate) fn is_there() -> bool {
    Runtime::new(&tokio_uring::builder()).is_ok()
}

pub(crate) fn tcp(role: Role) -> Link {
    let (ours, peer) = tcp_pair();
    Link {
        ours: Box::new(move |settings| Box::new(Driven::open(role, ours, settings))),
        peer: opened_by_bytes(role, peer),
    }
}

impl Driven {
    fn open(role: Role, stream: TcpStream, settings: &Settings) -> Driven {
        let runtime = Runtime::new(&tokio_uring::builder()).unwrap();
        let clock = Clock::start();
        let endpoint = match role {
            Role::Server => Endpoint::server(settings, clock.now()).unwrap(),
            Role::Client => {
                let request = Request::new("ws://a.example/").unwrap();
                Endpoint::client(settings, &request, NONCE, Duration::ZERO).unwrap()
            }
        };
        let mut driven = Driven {
            ws: WebSocket::new(tokio_uring::net::TcpStream::from_std(stream), endpoint, clock),
            runtime,
        };
        driven.runtime.block_on(driven.ws.open()).unwrap();
        driven
    }
}

impl Ours for Driven {
    fn receive(&mut self) -> Result<Option<Message>, End> {
        self.runtime.block_on(self.ws.receive()).map_err(end_of)
    }

    fn send(&mut self, message: Message) -> Result<(), End> {
        self.runtime.block_on(self.ws.send(message)).map_err(end_of)
    }

    fn close(&mut self, code: u16) -> Result<(), End> {
        self.ws.endpoint.close(CloseCode::new(code).unwrap(), "").unwrap();
        self.runtime.block_on(self.ws.flush()).map_err(end_of)
    }

    fn close_code(&self) -> Option<u16> {
        code_of(self.ws.endpoint.close_status())
    }
}

fn end_of(error: Error) -> End {
    match error.downcast_ref() {
        Some(endpoint::Error::Protocol(error)) => End::Failed(error.close_code().as_u16()),
        _ if error.is::<Expired>() => End::Expired,
        _ if error.is::<std::io::Error>() => End::Cut,
        _ => panic!("{error}"),
    }
}
