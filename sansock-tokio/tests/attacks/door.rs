//! A victim that is a `WebSocket` of this package.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use sansock::{Connection, Role};
use sansock_tokio::{Error, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::attacks::doors::{Door, Program, request};
use crate::attacks::{Attack, Outcome, Wire};

/// Its read buffer belongs to the thread, but a connection that fails may take it along.
pub(crate) const DOOR: Door =
    Door { name: "sansock-tokio", run: websocket, has_heads: true, own: (256 << 10) + 2048 };

/// A stream in memory. It ends behind what the peer sends if the peer has nothing to wait for.
struct Stream {
    wire: Wire,
    ends: bool,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let len = self.wire.fill(buffer.initialize_unfilled());
        buffer.advance(len);
        if len == 0 && !self.ends { Poll::Pending } else { Poll::Ready(Ok(())) }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.wire.takes() { Poll::Ready(Ok(bytes.len())) } else { Poll::Pending }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.ends = true;
        Poll::Ready(Ok(()))
    }
}

fn websocket(attack: &Attack, wire: Wire) -> Outcome {
    let mut program = Program::new(attack);
    let opening = open(attack, Stream { wire, ends: attack.is_of_heads() });
    match opening.now_or_never().expect("all is there") {
        Ok(mut ws) => while !program.is_over() && receive(&mut ws, &mut program) {},
        Err(error) => note_error(&mut program, error),
    }
    program.outcome()
}

async fn open(attack: &Attack, stream: Stream) -> Result<WebSocket<Stream>, Error> {
    let settings = attack.victim_settings();
    match attack.victim {
        _ if !attack.is_of_heads() => {
            let ws = Connection::from_negotiated(settings.config, &attack.negotiated());
            Ok(WebSocket::from_parts(stream, &[], ws.expect("it is supported"), None))
        }
        Role::Server => sansock_tokio::accept_with(stream, &settings, async |_| ()).await,
        Role::Client => {
            let opened = sansock_tokio::client_with(&request(), stream, &settings).await;
            opened.map(|(ws, _)| ws)
        }
    }
}

/// Receives what one read brings. Returns `true` if more may come.
fn receive(ws: &mut WebSocket<Stream>, program: &mut Program) -> bool {
    match ws.fill().now_or_never() {
        Some(Ok(true)) => {}
        Some(Ok(false)) => return false,
        Some(Err(error)) => {
            note_error(program, error);
            return false;
        }
        None => {
            if !ws.get_ref().wire.is_over() {
                program.note_full();
            }
            return false;
        }
    }
    while !program.is_over() {
        let Some((event, mut sender)) = ws.next_event() else { break };
        if let Some(data) = program.note(&event) {
            program.note_sent(sender.queue_binary(data));
        }
    }
    true
}

fn note_error(program: &mut Program, error: Error) {
    match error {
        Error::Endpoint(error) => program.note_error(&error),
        Error::Refused(response) => program.note_response(&response),
        // The stream has ended behind the head.
        Error::UnexpectedEof => {}
        error => panic!("{error}"),
    }
}
