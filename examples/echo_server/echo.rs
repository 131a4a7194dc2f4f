//! The loop around a connection: read, echo, write, until its end. Silent clients are pinged, and
//! left when they stay silent.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{Config, Connection, Event, Message, SendError, TransportAction};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use crate::transport;

/// Echoes, in either role, after the handshake; `early` is what came with the handshake's last bytes.
pub(crate) async fn run(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    config: Arc<Config>,
    mut early: Vec<u8>,
) -> io::Result<()> {
    let start = Instant::now();
    let mut timers = Timers::new(Timeouts::DEFAULT, Duration::ZERO);
    let mut ws = Connection::new(config);
    echo(&mut ws, &mut early);
    drop(early);
    loop {
        // First of all: an error's Close frame is in the output too, and no more is read while
        // there is something that the peer has not taken.
        transport::write_all(stream, ws.output()).await?;
        match ws.transport_action() {
            TransportAction::Flush => {} // not where all was written
            TransportAction::Continue => match timers.poll(&mut ws, start.elapsed()) {
                // A keep-alive ping.
                Ok(_) if ws.has_output() => {}
                Ok(deadline) => {
                    let wait = deadline.saturating_sub(start.elapsed());
                    let read = transport::read(stream, &mut ws, receive, Connection::release);
                    // When there was nothing to read for so long, there is something to be done.
                    timeout(wait, read).await.unwrap_or(Ok(()))?;
                }
                // Its Close frame is in the output.
                Err(Expired::MessageTimeout) => {}
                Err(_) => return Ok(()),
            },
            TransportAction::ShutdownWrite => return transport::end(stream).await,
            TransportAction::AwaitEof => return transport::await_eof(stream).await,
            TransportAction::Drop => return Ok(()),
        }
    }
}

fn receive(ws: &mut Connection, bytes: &mut [u8]) {
    if bytes.is_empty() {
        ws.receive_eof();
    } else {
        echo(ws, bytes);
    }
}

/// Sends back every message in `input`.
fn echo(ws: &mut Connection, mut input: &mut [u8]) {
    // The connection answers a protocol error by itself, and swallows what comes after it.
    while let Ok(Some(event)) = ws.receive(&mut input) {
        let sent = match event {
            // What is larger than a read was put together, and is owned: it need not be copied.
            Event::Text(text) if text.len() > transport::READ_LEN => send(ws, text),
            Event::Binary(data) if data.len() > transport::READ_LEN => send(ws, data),
            Event::Text(text) => ws.send_text(&text),
            Event::Binary(data) => ws.send_binary(&data),
            _ => Ok(()),
        };
        // The output has no limit here and the connection is open, so that every send succeeds.
        debug_assert_eq!(sent, Ok(()));
    }
}

fn send(ws: &mut Connection, message: impl Into<Message>) -> Result<(), SendError<()>> {
    ws.send(message).map_err(SendError::without_message)
}
