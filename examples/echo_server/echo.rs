//! The loop around a connection: read, echo, write, until its end. Silent peers are pinged, and
//! left when they stay silent.

use std::io;
use std::time::Duration;

use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{Connection, Event, Input, Message, SendError, TransportAction};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use crate::transport;

/// Echoes, in either role, after the handshake; `early` is what came with the handshake's last bytes.
pub(crate) async fn run(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ws: Connection,
    early: Vec<u8>,
) -> io::Result<()> {
    let mut echo = Echo::new(ws, early);
    loop {
        echo.answer_unread();
        let Some(wait) = echo.poll() else { return Ok(()) };
        if echo.ws.has_output() {
            // First of all: an error's Close frame is in the output too. Nothing is read meanwhile,
            // which is not the peer's fault.
            transport::write_all(stream, echo.ws.output()).await?;
            echo.timers.reading_paused();
            continue;
        }
        match echo.ws.transport_action() {
            TransportAction::Flush => {} // not where all was written
            TransportAction::Continue => {
                let read = transport::read(stream, &mut echo, Echo::receive, Echo::release);
                // When there was nothing to read for so long, there is something to be done.
                timeout(wait, read).await.unwrap_or(Ok(()))?;
            }
            TransportAction::ShutdownWrite => return transport::end(stream).await,
            TransportAction::AwaitEof => return transport::await_eof(stream).await,
            TransportAction::Disconnect => return Ok(()),
        }
    }
}

/// A connection that sends back every message.
struct Echo {
    ws: Connection,
    /// What was read and not received, as the output was full.
    unread: Vec<u8>,
    timers: Timers,
    start: Instant,
}

impl Echo {
    fn new(ws: Connection, unread: Vec<u8>) -> Echo {
        let timers = Timers::new(Timeouts::DEFAULT, Duration::ZERO);
        Echo { ws, unread, timers, start: Instant::now() }
    }

    /// Takes what one read brought.
    fn receive(&mut self, bytes: &mut [u8]) {
        if bytes.is_empty() {
            self.ws.receive_eof();
        }
        let unread = self.answer(bytes);
        self.unread.extend_from_slice(unread);
    }

    /// Takes what was left of a read before.
    fn answer_unread(&mut self) {
        let mut bytes = std::mem::take(&mut self.unread);
        self.unread = self.answer(&mut bytes).to_vec();
    }

    /// Answers every message in `input` while there is room for answers, and returns the rest.
    fn answer<'a>(&mut self, input: &'a mut [u8]) -> &'a [u8] {
        let mut input = Input::new(input);
        // The connection answers a protocol error by itself, and swallows what comes after it.
        while !self.ws.is_full() {
            let Ok(Some(event)) = self.ws.receive(&mut input) else { break };
            let sent = match event {
                // If a message is larger than a read, it is reassembled and owned: it need not be copied.
                Event::Text(text) if text.len() > transport::READ_LEN => self.send(text),
                Event::Binary(data) if data.len() > transport::READ_LEN => self.send(data),
                Event::Text(text) => self.ws.send_text(&text),
                Event::Binary(data) => self.ws.send_binary(&data),
                _ => Ok(()),
            };
            // There was room, and the connection is open, so that every send succeeds.
            debug_assert_eq!(sent, Ok(()));
        }
        input.into_bytes()
    }

    fn send(&mut self, message: impl Into<Message>) -> Result<(), SendError> {
        self.ws.send(message).map_err(SendError::from)
    }

    /// Polls the timers, and returns for how long they need no other poll; `None` to leave the peer.
    fn poll(&mut self) -> Option<Duration> {
        let now = self.start.elapsed();
        match self.timers.poll(&mut self.ws, now) {
            Ok(deadline) => Some(deadline.unwrap_or(Duration::MAX).saturating_sub(now)),
            // Its Close frame is in the output.
            Err(Expired::MessageTimeout) => Some(Duration::ZERO),
            Err(_) => None,
        }
    }

    /// Gives back what holds nothing, when there is nothing to read.
    fn release(&mut self) {
        self.ws.release_buffers();
    }
}
