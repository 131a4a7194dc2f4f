//! Our own end as a WebSocket over a blocking stream.

use std::io::ErrorKind;

use sansock::blocking::{self, Error, WebSocket};
use sansock::{CloseCode, CloseStatus, Role};

use crate::endpoint::{Data, Endpoint, Seen};
use crate::link::{BlockingStream, Link};
use crate::ours;

pub(crate) struct OursBlocking {
    ws: WebSocket<BlockingStream>,
}

impl OursBlocking {
    /// Performs the handshake over `link`.
    pub(crate) fn open(link: Link) -> OursBlocking {
        let ws = match link.role() {
            Role::Client => blocking::client(link.blocking(), &ours::request()),
            Role::Server => blocking::accept(link.blocking()),
        };
        OursBlocking { ws: ws.unwrap() }
    }

    /// Echoes all messages until the end of the connection. Returns how it ended.
    ///
    /// This end receives whole messages, while the leading one receives events.
    pub(crate) fn echo(mut self) -> CloseStatus {
        loop {
            match self.ws.receive() {
                Ok(Some(message)) => self.ws.send(message).unwrap(),
                Ok(None) => return self.end(Ok(())),
                Err(error) => return self.end(Err(error)),
            }
        }
    }

    /// Returns how the connection ended, which must fit what the stream has returned.
    fn end(&self, outcome: Result<(), Error>) -> CloseStatus {
        let is_closed = match outcome {
            Ok(()) => true,
            Err(Error::UnexpectedEof) => false,
            Err(Error::Io(error)) => {
                // TCP is reset if something was left unread.
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                false
            }
            Err(error) => panic!("{error}"),
        };
        let status = self.ws.endpoint().close_status();
        assert_eq!(is_closed, status != CloseStatus::Abnormal);
        status
    }
}

impl Endpoint for OursBlocking {
    fn send(&mut self, message: &Data) -> usize {
        let sent = match message {
            Data::Text(text) => self.ws.send_text(text),
            Data::Binary(data) => self.ws.send_binary(data),
        };
        sent.unwrap();
        0
    }

    fn ping(&mut self, payload: &[u8]) {
        self.ws.ping(payload).unwrap();
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.ws.close(CloseCode::new(code).unwrap(), reason).unwrap();
    }

    fn receive(&mut self) -> Seen {
        loop {
            while let Some((event, _)) = self.ws.next_event().expect("peers keep to the protocol") {
                if let Some(seen) = ours::seen(event) {
                    return seen;
                }
            }
            match self.ws.fill() {
                Ok(true) => {}
                ended => return Seen::End(Some(self.end(ended.map(drop)))),
            }
        }
    }
}
