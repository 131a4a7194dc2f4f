//! Our end, if it is the blocking WebSocket.

use sansock::blocking::{self, Error, WebSocket};
use sansock::endpoint::{self, Settings};
use sansock::handshake::client::Request;
use sansock::{CloseCode, CloseStatus, Message, Role};

use super::peer::opened_by_bytes;
use super::{End, Link, Ours, Wire};
use crate::support::conversation::NONCE;

/// A blocking WebSocket. If its stream has timeouts, they let it look at its deadlines.
struct Blocking<S>(WebSocket<S>);

impl<S: blocking::Transport> Blocking<S> {
    /// Opens our end of `stream`.
    fn open(role: Role, stream: S, settings: &Settings) -> Self {
        Blocking(match role {
            Role::Server => blocking::accept_with(stream, settings, |_| ()).unwrap(),
            Role::Client => {
                let request = Request::new("ws://a.example/").unwrap();
                blocking::client_with(stream, settings, &request, NONCE).unwrap().0
            }
        })
    }
}

/// Returns the link between a blocking WebSocket over `ours`, and `peer`.
pub fn blocking_link(
    role: Role,
    ours: impl blocking::Transport + 'static,
    peer: impl Wire + Send + 'static,
) -> Link {
    Link {
        ours: Box::new(move |settings| Box::new(Blocking::open(role, ours, settings))),
        peer: opened_by_bytes(role, peer),
    }
}

impl<S: blocking::Transport> Ours for Blocking<S> {
    fn receive(&mut self) -> Result<Option<Message>, End> {
        loop {
            match self.0.receive() {
                Err(error) if error.is_would_block() => {}
                received => return received.map_err(end_of),
            }
        }
    }

    fn send(&mut self, message: Message) -> Result<(), End> {
        loop {
            match self.0.send(message.clone()) {
                // The deadlines are looked at where it reads.
                Err(error) if error.is_would_block() => match self.0.fill() {
                    Err(error) if error.is_would_block() => {}
                    filled => drop(filled.map_err(end_of)?),
                },
                sent => return sent.map_err(end_of),
            }
        }
    }

    fn close(&mut self, code: u16) -> Result<(), End> {
        self.0.close(CloseCode::new(code).unwrap(), "").map_err(end_of)
    }

    fn close_code(&self) -> Option<u16> {
        code_of(self.0.endpoint().close_status())
    }
}

/// Returns the code of the peer's Close.
pub fn code_of(status: CloseStatus) -> Option<u16> {
    match status {
        CloseStatus::Code(code) => Some(code.as_u16()),
        _ => None,
    }
}

fn end_of(error: Error) -> End {
    match error {
        Error::UnexpectedEof | Error::Io(_) => End::Cut,
        Error::Expired(_) => End::Expired,
        Error::Endpoint(endpoint::Error::Protocol(error)) => {
            End::Failed(error.close_code().as_u16())
        }
        error => panic!("{error}"),
    }
}
