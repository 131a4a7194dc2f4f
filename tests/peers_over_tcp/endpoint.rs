//! The operations that every end of a conversation must have.

use std::time::Duration;

use sansock::CloseStatus;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::connect::Stream;
use crate::link::Link;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    Text(String),
    Binary(Vec<u8>),
}

impl Data {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Data::Text(text) => text.as_bytes(),
            Data::Binary(data) => data,
        }
    }
}

/// What arrives from the other end. Pings are answered, but not reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Data(Data),
    Pong(Vec<u8>),
    /// A Close frame with its code. It is answered unless it is an answer itself.
    Close(Option<u16>),
    /// The end of the transport. Our own end also reports how the connection ended.
    End(Option<CloseStatus>),
}

/// An end of a connection.
pub(crate) trait Endpoint {
    /// Sends a message, in several frames if the end was opened so.
    ///
    /// Returns the number of pings with [`BETWEEN`] that were sent between the frames.
    fn send(&mut self, message: &Data) -> usize;
    fn ping(&mut self, payload: &[u8]);
    fn close(&mut self, code: u16, reason: &str);
    fn receive(&mut self) -> Seen;
}

/// An end that another crate implements.
pub(crate) trait Peer: Endpoint + Sized + 'static {
    /// Performs the handshake over `link`. Messages longer than `frame_len` are sent in frames of
    /// that length.
    fn open(link: Link, frame_len: usize) -> Self;
}

/// The payload of a ping between the fragments of a message.
pub(crate) const BETWEEN: &[u8] = b"between";

/// Returns the frames of a message: whether each is the first, whether it is the last, and its
/// payload.
pub(crate) fn frames(data: &[u8], frame_len: usize) -> Vec<(bool, bool, &[u8])> {
    if data.len() <= frame_len {
        return vec![(true, true, data)];
    }
    let count = data.len().div_ceil(frame_len);
    let frame = |(at, payload)| (at == 0, at + 1 == count, payload);
    data.chunks(frame_len).enumerate().map(frame).collect()
}

/// Echoes all messages until the end of the connection. The message `CLOSE` asks this end to close.
/// Returns the code of the Close that arrived.
pub(crate) fn echo(end: &mut impl Endpoint) -> Option<u16> {
    let mut closed = None;
    loop {
        match end.receive() {
            Seen::Data(Data::Text(text)) if text == CLOSE => end.close(CLOSE_CODE, "as you wish"),
            Seen::Data(message) => {
                end.send(&message);
            }
            Seen::Pong(payload) => assert_eq!(payload, BETWEEN),
            Seen::Close(code) => closed = code,
            Seen::End(_) => return closed,
        }
    }
}

/// A message that asks an echoing end to close.
pub(crate) const CLOSE: &str = "please close";

/// The code of that Close.
pub(crate) const CLOSE_CODE: u16 = 4123;

/// An end with `async` functions.
pub(crate) trait AsyncEndpoint: Sized {
    async fn send(&mut self, message: &Data) -> usize;
    async fn ping(&mut self, payload: &[u8]);
    async fn close(&mut self, code: u16, reason: &str);
    async fn receive(&mut self) -> Seen;
}

/// An end of another crate with `async` functions.
pub(crate) trait AsyncPeer: AsyncEndpoint {
    async fn open(stream: Box<dyn Stream>, role: sansock::Role, frame_len: usize) -> Self;
}

/// An end with `async` functions on its own runtime.
pub(crate) struct Blocking<E> {
    end: E,
    runtime: Runtime,
}

impl<E> Blocking<E> {
    pub(crate) fn new(open: impl AsyncFnOnce() -> E) -> Blocking<E> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Blocking { end: runtime.block_on(open()), runtime }
    }

    fn wait<T>(&mut self, action: impl AsyncFnOnce(&mut E) -> T) -> T {
        let limit = Duration::from_secs(30);
        let ended = self.runtime.block_on(async { timeout(limit, action(&mut self.end)).await });
        ended.expect("a wait for the other end should end")
    }
}

impl<E: AsyncEndpoint> Endpoint for Blocking<E> {
    fn send(&mut self, message: &Data) -> usize {
        self.wait(async |end| end.send(message).await)
    }

    fn ping(&mut self, payload: &[u8]) {
        self.wait(async |end| end.ping(payload).await);
    }

    fn close(&mut self, code: u16, reason: &str) {
        self.wait(async |end| end.close(code, reason).await);
    }

    fn receive(&mut self) -> Seen {
        self.wait(async |end| end.receive().await)
    }
}

impl<P: AsyncPeer + 'static> Peer for Blocking<P> {
    fn open(link: Link, frame_len: usize) -> Blocking<P> {
        let role = link.role();
        Blocking::new(async || P::open(link.stream().await, role, frame_len).await)
    }
}
