//! `sansock`, driven as its documentation says: one read buffer, one output.
//!
//! It checks what RFC 6455 asks an endpoint to check, and has limits.

use std::io::IoSlice;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

use sansock::bytes::Buf;
use sansock::{Config, Connection, Event, ReadBuffer, Utf8Bytes};

use super::{Peer, READ_BUFFER};
use crate::rows::{Message, Role};
use crate::transport::{Sink, Transport};

pub struct Sansock {
    ws: Connection,
    transport: Transport,
    input: ReadBuffer,
    /// A text to be sent, as its sender holds it: validated once.
    text: Utf8Bytes,
}

/// Configurations are shared by any number of connections.
static SERVER: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(Config::server()));
static CLIENT: LazyLock<Arc<Config>> = LazyLock::new(|| Arc::new(Config::client()));

/// Output is written when there is so much of it, and at the end.
const CORK: usize = 64 << 10;
/// Payloads that a server does better to give up than to have copied.
const LARGE: usize = 4096;

impl Peer for Sansock {
    const NAME: &'static str = "sansock";
    const STRUCT: usize = size_of::<Connection>() + size_of::<ReadBuffer>();

    fn open(role: Role, transport: Transport) -> Self {
        let config = if role == Role::Server { &SERVER } else { &CLIENT };
        let ws = Connection::new(Arc::clone(config));
        let input = ReadBuffer::with_capacity(READ_BUFFER.load(Ordering::Relaxed));
        Sansock { ws, transport, input, text: Utf8Bytes::default() }
    }

    fn receive(&mut self, count: usize, mut visit: impl FnMut(&[u8])) {
        self.run(count, |_, event| match event {
            Event::Text(text) => visit(text.as_bytes()),
            Event::Binary(data) => visit(&data),
            _ => {}
        });
    }

    fn send(&mut self, message: &Message, count: usize) {
        // A client has to copy what is shared; a server may refer to it.
        let is_given =
            self.ws.config().role() == sansock::Role::Server && message.bytes.len() >= LARGE;
        if is_given && message.is_text {
            if self.text.is_empty() {
                self.text = Utf8Bytes::from_utf8(message.bytes.clone()).expect("text");
            }
            let text = self.text.clone();
            self.send_all(count, |ws| ws.send(text.clone()).expect("there is room"));
        } else if is_given {
            self.send_all(count, |ws| ws.send(message.bytes.clone()).expect("there is room"));
        } else if message.is_text {
            self.send_all(count, |ws| ws.send_text(&message.text).expect("there is room"));
        } else {
            self.send_all(count, |ws| ws.send_binary(&message.bytes).expect("there is room"));
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
        self.ws.release();
        self.input.release();
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

    fn send_all(&mut self, count: usize, mut send: impl FnMut(&mut Connection)) {
        for _ in 0..count {
            send(&mut self.ws);
            write(&mut self.ws, CORK);
        }
        write(&mut self.ws, 0);
    }
}

/// Sends back what is lent by copying it, and what is owned by giving it up.
fn answer(ws: &mut Connection, event: Event<'_>) {
    match event {
        Event::Text(text) => match text.lent() {
            Some(text) => ws.send_text(text).expect("there is room"),
            None => ws.send(text).map_err(|error| error.why).expect("there is room"),
        },
        Event::Binary(data) if data.is_lent() => ws.send_binary(&data).expect("there is room"),
        Event::Binary(data) => ws.send(data).map_err(|error| error.why).expect("there is room"),
        _ => {}
    }
}

/// Writes all output if there is more than `cork` of it.
fn write(ws: &mut Connection, cork: usize) {
    let output = ws.output();
    if output.remaining() <= cork {
        return;
    }
    while output.has_remaining() {
        let mut slices = [IoSlice::new(&[]); 16];
        let filled = output.chunks_vectored(&mut slices);
        let written = Sink.send_vectored(&slices[..filled]);
        output.advance(written);
    }
}
