//! The loop around a connection: read, echo and write until its end. A silent peer is pinged, and
//! dropped if it stays silent.

use std::io;
use std::time::Duration;

use sansock::endpoint::{self, Endpoint};
use sansock::timer::Expired;
use sansock::{Event, Input, Message, SendError, TransportAction};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use crate::transport;

/// Echoes messages in either role. A server calls `answer` for a request. `early` was read before.
pub(crate) async fn run(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    ws: Endpoint,
    early: Vec<u8>,
    answer: impl Fn(&mut Endpoint),
) -> io::Result<()> {
    let mut echo = Echo { ws, answer, unread: early, start: Instant::now() };
    loop {
        echo.answer_unread();
        let Some(wait) = echo.poll() else { return Ok(()) };
        if echo.ws.has_output() {
            // Write first: an error's Close frame is in the output too. Nothing is read meanwhile,
            // so the timers must not blame the peer.
            transport::write_all(stream, echo.ws.output()).await?;
            echo.ws.reading_paused();
            continue;
        }
        match echo.ws.transport_action() {
            TransportAction::Flush => {} // cannot happen: all output was written
            TransportAction::Continue => {
                let read = transport::read(stream, &mut echo, Echo::receive, Echo::release);
                // If nothing arrived for this long, the timers have something to do.
                timeout(wait, read).await.unwrap_or(Ok(()))?;
            }
            TransportAction::ShutdownWrite => return transport::end(stream).await,
            TransportAction::AwaitEof => return transport::await_eof(stream).await,
            // For TCP this is nothing. The end of TLS is answered (RFC 8446 §6.1).
            TransportAction::Disconnect => return transport::shut_down(stream).await,
        }
    }
}

/// An endpoint that echoes every message.
struct Echo<Answer> {
    ws: Endpoint,
    /// What answers a request.
    answer: Answer,
    /// Bytes that were read but not received, because the output was full.
    unread: Vec<u8>,
    /// When the time of the endpoint began.
    start: Instant,
}

impl<Answer: Fn(&mut Endpoint)> Echo<Answer> {
    /// Takes the bytes of one read.
    fn receive(&mut self, bytes: &mut [u8]) {
        if bytes.is_empty() {
            // An error is that of a client that leaves before it has asked.
            let _ = self.ws.receive_eof();
        }
        let unread = self.answer(bytes);
        self.unread.extend_from_slice(unread);
    }

    /// Takes the bytes that an earlier read left.
    fn answer_unread(&mut self) {
        let mut bytes = std::mem::take(&mut self.unread);
        self.unread = self.answer(&mut bytes).to_vec();
    }

    /// Answers every message in `input` until the output is full. Returns the rest of `input`.
    fn answer<'a>(&mut self, input: &'a mut [u8]) -> &'a [u8] {
        let mut input = Input::new(input);
        // The endpoint answers an error itself, and ignores all bytes after it.
        while !self.ws.is_full() {
            let event = match self.ws.receive(&mut input) {
                Ok(Some(endpoint::Event::Connection(event))) => event,
                Ok(Some(endpoint::Event::Request)) => {
                    (self.answer)(&mut self.ws);
                    continue;
                }
                Ok(Some(_)) => continue,
                Ok(None) | Err(_) => break,
            };
            let sent = match event {
                // A message longer than a read is reassembled and owned, so it can be sent without
                // a copy.
                Event::Text(text) if text.len() > transport::READ_LEN => self.send(text),
                Event::Binary(data) if data.len() > transport::READ_LEN => self.send(data),
                Event::Text(text) => self.ws.send_text(&text),
                Event::Binary(data) => self.ws.send_binary(&data),
                _ => Ok(()),
            };
            // The output has room and the connection is open, so every send succeeds.
            debug_assert_eq!(sent, Ok(()));
        }
        input.into_bytes()
    }

    fn send(&mut self, message: impl Into<Message>) -> Result<(), SendError> {
        self.ws.send(message).map_err(SendError::from)
    }

    /// Polls the timers. Returns the time until the next poll, or `None` if the peer must be
    /// dropped.
    fn poll(&mut self) -> Option<Duration> {
        let now = self.start.elapsed();
        match self.ws.poll(now) {
            Ok(deadline) => Some(deadline.unwrap_or(Duration::MAX).saturating_sub(now)),
            // A Close frame, or a response, is queued.
            Err(Expired::MessageTimeout | Expired::HandshakeTimeout) => Some(Duration::ZERO),
            Err(_) => None,
        }
    }

    /// Frees buffers that hold no data, when there is nothing to read.
    fn release(&mut self) {
        self.ws.release_buffers();
    }
}
