//! Our own end, as the leading one: the examples' modules around an endpoint.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use sansock::endpoint::{self, Endpoint, RequestPolicy, Settings};
use sansock::handshake::client::{Request, nonce};
use sansock::{CloseCode, CloseStatus, Config, Connection, Event, Input, Role, TransportAction};

use crate::connect::{Attempt, Stream};
use crate::endpoint::{AsyncEndpoint, BETWEEN, Data, Seen};
use crate::{handshake, transport};

/// What any of our ends is made of that does not block.
pub(crate) struct Parts {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) ws: Endpoint,
    /// Bytes that were read and not received.
    pub(crate) early: Vec<u8>,
}

impl Parts {
    /// Returns a client after a handshake by hand.
    pub(crate) fn client(attempt: Attempt) -> Parts {
        let Attempt::Connected(connected) = attempt else { panic!("refused") };
        let ws = Connection::from_negotiated(Config::client(), &connected.negotiated);
        let ws = Endpoint::from_connection(ws.unwrap(), None);
        Parts { stream: connected.stream, ws, early: connected.early }
    }

    /// Returns a server after a handshake by hand.
    pub(crate) async fn server(mut stream: Box<dyn Stream>) -> Parts {
        let accepted = handshake::accept(&mut stream, &[]).await.unwrap().expect("an upgrade");
        let ws = Connection::from_negotiated(Config::server(), &accepted.negotiated);
        let ws = Endpoint::from_connection(ws.unwrap(), None);
        Parts { stream, ws, early: accepted.early }
    }

    /// Returns an end that performs the handshake itself.
    pub(crate) fn endpoint(stream: Box<dyn Stream>, role: Role) -> Parts {
        let ws = match role {
            Role::Client => {
                let settings = Settings::new(Config::client());
                Endpoint::client(&settings, &request(), nonce(), Duration::ZERO)
            }
            Role::Server => {
                let mut settings = Settings::new(Config::server());
                settings.requests = RequestPolicy::AcceptUnseen;
                Endpoint::server(&settings, Duration::ZERO)
            }
        };
        Parts { stream, ws: ws.unwrap(), early: Vec::new() }
    }
}

pub(crate) struct Ours {
    stream: Box<dyn Stream>,
    talk: Talk,
}

/// The endpoint, and what it has received but not yet returned.
struct Talk {
    ws: Endpoint,
    seen: VecDeque<Seen>,
}

impl Ours {
    /// Returns the end once it is open.
    pub(crate) async fn open(Parts { stream, ws, mut early }: Parts) -> Ours {
        let mut talk = Talk { ws, seen: VecDeque::new() };
        talk.receive(&mut early);
        let mut ours = Ours { stream, talk };
        while ours.talk.ws.is_opening() {
            ours.step().await.unwrap().expect("peers open the connection");
        }
        ours
    }

    /// Does the next transport action of the endpoint. Returns `None` if there is no more.
    async fn step(&mut self) -> io::Result<Option<()>> {
        transport::write_all(&mut self.stream, self.talk.ws.output()).await?;
        match self.talk.ws.transport_action() {
            TransportAction::Flush => {}
            TransportAction::Continue => {
                transport::read(&mut self.stream, &mut self.talk, Talk::receive_or_eof, |_| ())
                    .await?;
            }
            TransportAction::ShutdownWrite => {
                transport::end(&mut self.stream).await?;
                self.talk.end();
            }
            TransportAction::AwaitEof => {
                transport::await_eof(&mut self.stream).await?;
                self.talk.end();
            }
            TransportAction::Disconnect => return Ok(None),
        }
        Ok(Some(()))
    }
}

impl Talk {
    fn receive_or_eof(&mut self, bytes: &mut [u8]) {
        if bytes.is_empty() {
            self.end();
        }
        self.receive(bytes);
    }

    fn receive(&mut self, input: &mut [u8]) {
        let mut input = Input::new(input);
        while let Some(event) = self.ws.receive(&mut input).expect("peers keep to the protocol") {
            if let endpoint::Event::Connection(event) = event {
                self.seen.extend(seen(event));
            }
        }
    }

    /// Notes the end of the transport. Returns how the connection ended.
    fn end(&mut self) -> CloseStatus {
        let event = self.ws.receive_eof().expect("the opening handshake is over");
        assert_eq!(event, None);
        self.ws.close_status()
    }
}

/// Returns the request of our client.
pub(crate) fn request() -> Request {
    Request::new("ws://localhost/").unwrap()
}

/// Returns what an event is to the conversations: a ping is nothing, because it is answered.
pub(crate) fn seen(event: Event<'_>) -> Option<Seen> {
    Some(match event {
        Event::Text(text) => Seen::Data(Data::Text(text.to_string())),
        Event::Binary(data) => Seen::Data(Data::Binary(data.to_vec())),
        Event::Ping(payload) => {
            assert_eq!(&*payload, BETWEEN);
            return None;
        }
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close { code, .. } => Seen::Close(code.map(CloseCode::as_u16)),
        other => panic!("an event that these tests do not know: {other:?}"),
    })
}

impl AsyncEndpoint for Ours {
    async fn send(&mut self, message: &Data) -> usize {
        let sent = match message {
            Data::Text(text) => self.talk.ws.send_text(text),
            Data::Binary(data) => self.talk.ws.send_binary(data),
        };
        sent.unwrap();
        transport::write_all(&mut self.stream, self.talk.ws.output()).await.unwrap();
        0
    }

    async fn ping(&mut self, payload: &[u8]) {
        self.talk.ws.ping(payload).unwrap();
        transport::write_all(&mut self.stream, self.talk.ws.output()).await.unwrap();
    }

    async fn close(&mut self, code: u16, reason: &str) {
        self.talk.ws.close(CloseCode::new(code).unwrap(), reason).unwrap();
        transport::write_all(&mut self.stream, self.talk.ws.output()).await.unwrap();
    }

    async fn receive(&mut self) -> Seen {
        loop {
            if let Some(seen) = self.talk.seen.pop_front() {
                return seen;
            }
            match self.step().await {
                Ok(Some(())) => {}
                Ok(None) => return Seen::End(Some(self.talk.end())),
                // Peers may end TCP without ending TLS, but must not let us wait for it.
                Err(error) => {
                    assert_ne!(error.kind(), io::ErrorKind::TimedOut);
                    return Seen::End(Some(self.talk.end()));
                }
            }
        }
    }
}
