//! The peers, each behind the same trait and in its own file.

mod fastwebsockets;
mod limit;
mod sans_io;
mod sansock;
mod soketto;
mod tokio_websockets;
mod tungstenite;
mod web_socket;
mod wtx;
mod yawc;

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::rows::{Message, Role, Row, Work};
use crate::transport::Transport;

/// One end of a connection, over a transport that repeats the same messages.
trait Peer: Sized + 'static {
    const NAME: &'static str;
    /// Bytes of the connection itself, without the transport.
    const STRUCT: usize;
    /// Whether the caller reads into a [`read_buffer`], which serves any number of connections.
    const SHARES_BUFFER: bool = false;

    fn open(role: Role, transport: Transport) -> Self;

    /// Receives `count` messages, and passes each payload to `visit`.
    fn receive(&mut self, count: usize, visit: impl FnMut(&[u8]));

    /// Sends the message `count` times, and writes all of it.
    fn send(&mut self, message: &Message, count: usize);

    /// Receives `count` messages, sends each back, and writes all of it.
    fn echo(&mut self, count: usize);

    /// Frees the memory that it can, as an idle connection should.
    fn rest(&mut self) {}

    /// Returns why it cannot do a row, or `None` if it can.
    fn refusal(_: &Row) -> Option<&'static str> {
        None
    }
}

/// A [`Peer`] of any type.
pub trait Contender {
    /// Does the row's work on `count` messages.
    fn work(&mut self, work: Work, message: &Message, count: usize);
    /// Receives `count` messages, and passes each payload to `visit`.
    fn receive(&mut self, count: usize, visit: &mut dyn FnMut(&[u8]));
    fn rest(&mut self);
}

impl<P: Peer> Contender for P {
    fn work(&mut self, work: Work, message: &Message, count: usize) {
        match work {
            Work::Decode => {
                Peer::receive(self, count, |payload| {
                    black_box(payload);
                });
            }
            Work::Encode => self.send(black_box(message), count),
            Work::Echo => self.echo(count),
        }
    }

    fn receive(&mut self, count: usize, visit: &mut dyn FnMut(&[u8])) {
        Peer::receive(self, count, visit);
    }

    fn rest(&mut self) {
        Peer::rest(self);
    }
}

/// Bytes of the buffer that the caller reads into, for peers without their own.
pub static READ_BUFFER: AtomicUsize = AtomicUsize::new(16 << 10);

fn read_buffer() -> Box<[u8]> {
    vec![0; READ_BUFFER.load(Ordering::Relaxed)].into()
}

/// What is known of a peer before it has a connection.
pub struct Entry {
    pub name: &'static str,
    pub version: &'static str,
    pub open: fn(Role, Transport) -> Box<dyn Contender>,
    pub refusal: fn(&Row) -> Option<&'static str>,
    /// Bytes of a connection without its heap.
    pub structure: usize,
    pub shares_buffer: bool,
    /// Bytes of the box that [`Entry::open`] returns.
    pub boxed: usize,
}

impl Entry {
    const fn of<P: Peer>(version: &'static str) -> Entry {
        Entry {
            name: P::NAME,
            version,
            open: |role, transport| Box::new(P::open(role, transport)),
            refusal: P::refusal,
            structure: P::STRUCT,
            shares_buffer: P::SHARES_BUFFER,
            boxed: size_of::<P>(),
        }
    }

    /// Returns whether it is one of the crates that `sansock` is measured against.
    pub fn is_rival(&self) -> bool {
        self.name != LIMIT && self.name != SANSOCK
    }
}

pub const LIMIT: &str = <limit::Limit as Peer>::NAME;
pub const SANSOCK: &str = <sansock::Sansock as Peer>::NAME;

/// All peers, in the order of the table.
pub const ALL: [Entry; 10] = [
    Entry::of::<limit::Limit>(""),
    Entry::of::<sansock::Sansock>(""),
    Entry::of::<sans_io::SansIo>("0.1.0"),
    Entry::of::<tungstenite::Tungstenite>("0.30.0"),
    Entry::of::<fastwebsockets::FastWebSockets>("0.10.0"),
    Entry::of::<tokio_websockets::TokioWebSockets>("0.13.3"),
    Entry::of::<web_socket::WebSocket>("0.7.0"),
    Entry::of::<soketto::Soketto>("0.8.1"),
    Entry::of::<yawc::Yawc>("0.5.0"),
    Entry::of::<wtx::Wtx>("0.46.1"),
];
