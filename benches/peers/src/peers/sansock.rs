//! `sansock` with a read buffer and an output, as its documentation shows.
//!
//! It checks everything that RFC 6455 asks an endpoint to check, and has limits.

use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

use sansock::Role::{Client, Server};
use sansock::bytes::Buf;
use sansock::connection::OutputWith;
use sansock::{Config, Connection, Event, ReadBuffer, SendError};

use super::{Peer, READ_BUFFER};
use crate::rows::{Message, Role};
use crate::transport::{Sink, Transport};

pub struct Sansock {
    ws: Connection,
    transport: Transport,
    input: ReadBuffer,
}

/// Configurations are shared by any number of connections.
static SERVER: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(Config::server()));
static CLIENT: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(Config::client()));

/// Output is written when it has more bytes than this, which stay in the nearest cache, and at the
/// end.
const CORK: usize = 16 << 10;
/// Messages of at least this length are written alone, borrowed. Shorter ones are copied and
/// written together.
///
/// Borrowing takes 5 ns for any length. Copying takes 6 ns for 16 bytes and 7 ns for 125. Writes
/// cost nothing here, so nothing else matters. If each write is a system call, one write for many
/// messages is worth a copy of some KiB.
const BORROWED_FROM: usize = 64;
/// The same for a client. It masks borrowed messages in blocks, so only messages longer than a
/// block gain from that.
const MASKED_FROM: usize = 16 << 10;
/// The same for messages that are sent back.
const ANSWERED_FROM: usize = 4 << 10;

impl Peer for Sansock {
    const NAME: &'static str = "sansock";
    // An empty read buffer serves another connection.
    const STRUCT: usize = size_of::<Connection>();

    fn open(role: Role, transport: Transport) -> Self {
        let config = if role == Role::Server { &SERVER } else { &CLIENT };
        let ws = Connection::new(Arc::clone(config));
        let input = ReadBuffer::with_capacity(READ_BUFFER.load(Ordering::Relaxed));
        Sansock { ws, transport, input }
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        self.run(count, |_, event| match event {
            Event::Text(text) => visit(text.as_bytes()),
            Event::Binary(data) => visit(&data),
            _ => {}
        });
    }

    fn send(&mut self, message: &Message, count: usize) {
        let (ws, text, data) = (&mut self.ws, message.text.as_str(), &message.bytes[..]);
        match (data.len() >= borrowed_from(ws), message.is_text) {
            (true, true) => send_all_borrowed(ws, count, text, Connection::output_with_text),
            (true, false) => send_all_borrowed(ws, count, data, Connection::output_with_binary),
            (false, true) => send_all(ws, count, text, Connection::send_text),
            (false, false) => send_all(ws, count, data, Connection::send_binary),
        }
    }

    fn echo(&mut self, count: usize) {
        self.run(count, |ws, event| {
            answer(ws, event);
            write(ws, CORK);
        });
        write(&mut self.ws, 0);
    }

    fn rest(&mut self) {
        self.ws.release_buffers();
        self.input.release_buffers();
    }
}

impl Sansock {
    /// Reads until `count` events have arrived, which is the end of the stream.
    fn run(&mut self, count: usize, mut on_event: impl FnMut(&mut Connection, Event<'_>)) {
        let mut left = count;
        while left > 0 {
            self.input.read_from(&mut self.transport).expect("a transport that is ready");
            let input = &mut self.input;
            while let Some(event) = self.ws.receive_buffered(input).expect("frames by the rules") {
                on_event(&mut self.ws, event);
                left -= 1;
            }
        }
    }
}

/// Sends a message back. A borrowed one is borrowed again, or copied if it is short. An owned one
/// is moved.
fn answer(ws: &mut Connection, event: Event<'_>) {
    match event {
        Event::Text(text) => match text.as_borrowed() {
            Some(text) if text.len() >= ANSWERED_FROM => {
                send_borrowed(ws, text, Connection::output_with_text)
            }
            Some(text) => ws.send_text(text).expect("there is room"),
            None => ws.send(text).map_err(SendError::from).expect("there is room"),
        },
        Event::Binary(data) if !data.is_borrowed() => {
            ws.send(data).map_err(SendError::from).expect("there is room");
        }
        Event::Binary(data) if data.len() >= ANSWERED_FROM => {
            send_borrowed(ws, &*data, Connection::output_with_binary);
        }
        Event::Binary(data) => ws.send_binary(&data).expect("there is room"),
        _ => {}
    }
}

/// Returns the least length of messages to send borrowed.
fn borrowed_from(ws: &Connection) -> usize {
    match ws.config().role() {
        Server => BORROWED_FROM,
        Client => MASKED_FROM,
    }
}

/// Queues messages, and writes if much is queued.
fn send_all<M: ?Sized>(
    ws: &mut Connection,
    count: usize,
    message: &M,
    send: impl Fn(&mut Connection, &M) -> Result<(), SendError>,
) {
    for _ in 0..count {
        send(ws, message).expect("there is room");
        write(ws, CORK);
    }
    write(ws, 0);
}

/// Writes messages without a copy.
fn send_all_borrowed<M: ?Sized>(
    ws: &mut Connection,
    count: usize,
    message: &M,
    output_with: impl for<'a> Fn(&'a mut Connection, &'a M) -> Result<OutputWith<'a>, SendError>,
) {
    for _ in 0..count {
        send_borrowed(ws, message, &output_with);
    }
}

/// Writes all output and then a message, without a copy.
#[inline(always)]
fn send_borrowed<M: ?Sized>(
    ws: &mut Connection,
    message: &M,
    output_with: impl for<'a> Fn(&'a mut Connection, &'a M) -> Result<OutputWith<'a>, SendError>,
) {
    output_with(ws, message).expect("there is room").write_to(&mut Sink).expect("a sink");
}

/// Writes all output if it has more than `cork` bytes.
#[inline]
fn write(ws: &mut Connection, cork: usize) {
    let output = ws.output();
    if output.remaining() > cork {
        output.write_to(&mut Sink).expect("a sink");
    }
}
