//! A transport that moves one byte at a time.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use sansock::Role;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::link::Transport;
use crate::peer::TokioWebsockets;
use crate::script::{Case, Layer};
use crate::within_a_minute;

/// Another transport, slowed down in both directions.
pub(crate) struct ByteByByte<T>(pub(crate) T);

impl<T: AsyncRead + Unpin> AsyncRead for ByteByByte<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut byte = [0];
        let mut read = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.0).poll_read(context, &mut read))?;
        buffer.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for ByteByByte<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, &bytes[..bytes.len().min(1)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[test]
fn server_over_tcp() {
    run(Role::Server, Transport::Tcp);
}

#[test]
fn server_over_tls() {
    run(Role::Server, Transport::Tls13);
}

#[test]
fn client_over_tcp() {
    run(Role::Client, Transport::Tcp);
}

#[test]
fn client_over_tls() {
    run(Role::Client, Transport::Tls13);
}

fn run(ours: Role, transport: Transport) {
    within_a_minute(move || {
        // The layers differ in their handshake only, so that the long messages of one are enough.
        for (layer, max_len) in [(Layer::ByHand, 0x1_0000), (Layer::Endpoint, 127)] {
            let case = Case::new(layer, ours, transport).byte_by_byte(max_len);
            // Not tungstenite: it treats a head in more than 64 reads of less than 128 bytes as an
            // attack (`AttackAttempt`). Not fastwebsockets: it has no handshake here.
            case.peer_leads::<TokioWebsockets>(usize::MAX);
            case.peer_echoes::<TokioWebsockets>(usize::MAX);
        }
    });
}
