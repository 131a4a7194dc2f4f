//! `sansock`, driven as its documentation says: a read buffer, and an output.
//!
//! It checks what RFC 6455 asks an endpoint to check, and has limits.

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

/// Output is written when there is so much of it, which stays in the nearest cache, and at the end.
const CORK: usize = 16 << 10;
/// From this length on a message is written by itself, from where it lies, and a shorter one is copied
/// to those that are written with it. Lending takes 5 ns whatever the length, and copying 6 for 16
/// bytes and 7 for 125. As writes cost nothing here, that is all there is to weigh; where each is a system
/// call, one for many messages is worth a copy of some KiB.
const LENT_FROM: usize = 64;
/// The same for a client, which masks what it lends in blocks, so that only what is longer than one
/// gains by it.
const MASKED_FROM: usize = 16 << 10;
/// The same for what is sent back.
const ANSWERED_FROM: usize = 4 << 10;

impl Peer for Sansock {
    const NAME: &'static str = "sansock";
    // A read buffer that is empty serves another connection.
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
        match (data.len() >= lent_from(ws), message.is_text) {
            (true, true) => lend_all(ws, count, text, Connection::output_with_text),
            (true, false) => lend_all(ws, count, data, Connection::output_with_binary),
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
    /// Reads until `count` events have come, which is where the stream ends.
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

/// Sends back what is lent from where it lies, or by copying it if it is short, and what is owned by
/// giving it up.
fn answer(ws: &mut Connection, event: Event<'_>) {
    match event {
        Event::Text(text) => match text.as_borrowed() {
            Some(text) if text.len() >= ANSWERED_FROM => {
                lend(ws, text, Connection::output_with_text)
            }
            Some(text) => ws.send_text(text).expect("there is room"),
            None => ws.send(text).map_err(SendError::from).expect("there is room"),
        },
        Event::Binary(data) if !data.is_borrowed() => {
            ws.send(data).map_err(SendError::from).expect("there is room");
        }
        Event::Binary(data) if data.len() >= ANSWERED_FROM => {
            lend(ws, &*data, Connection::output_with_binary);
        }
        Event::Binary(data) => ws.send_binary(&data).expect("there is room"),
        _ => {}
    }
}

/// From which length on messages are lent.
fn lent_from(ws: &Connection) -> usize {
    match ws.config().role() {
        Server => LENT_FROM,
        Client => MASKED_FROM,
    }
}

/// Queues messages, and writes where much is queued.
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

/// Writes messages from where they lie.
fn lend_all<M: ?Sized>(
    ws: &mut Connection,
    count: usize,
    message: &M,
    lent: impl for<'a> Fn(&'a mut Connection, &'a M) -> Result<OutputWith<'a>, SendError>,
) {
    for _ in 0..count {
        lend(ws, message, &lent);
    }
}

/// Writes a message from where it lies, and before it all output.
#[inline(always)]
fn lend<M: ?Sized>(
    ws: &mut Connection,
    message: &M,
    lent: impl for<'a> Fn(&'a mut Connection, &'a M) -> Result<OutputWith<'a>, SendError>,
) {
    lent(ws, message).expect("there is room").write_to(&mut Sink).expect("a sink");
}

/// Writes all output if there is more than `cork` of it.
#[inline]
fn write(ws: &mut Connection, cork: usize) {
    let output = ws.output();
    if output.remaining() > cork {
        output.write_to(&mut Sink).expect("a sink");
    }
}
