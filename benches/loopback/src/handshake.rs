//! The opening handshake by hand, with one key for all.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// The request of every client, with the key of RFC 6455 §1.3.
pub const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Opens a WebSocket as a client. Nothing but the response is read.
///
/// # Errors
///
/// If the server does not answer with a 101.
pub fn connect(stream: &mut (impl Read + Write)) -> io::Result<()> {
    stream.write_all(REQUEST)?;
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        response.push(byte[0]);
    }
    let is_open = response.starts_with(b"HTTP/1.1 101 ");
    if is_open { Ok(()) } else { Err(io::Error::other("the server refuses")) }
}

/// Opens a WebSocket as a server, for what has no opening handshake of its own.
///
/// # Errors
///
/// If the stream ends or fails.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    let mut received = 0;
    while received < REQUEST.len() {
        received += poll_fn(|context| poll_discard(stream, context)).await?;
    }
    stream.write_all(RESPONSE).await?;
    stream.flush().await
}

/// Reads with memory that is only used within the poll, and discards what was read.
///
/// # Errors
///
/// If the stream ends or fails.
pub fn poll_discard<S: AsyncRead + Unpin>(
    stream: &mut S,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut memory = [0; 1024];
    let mut buffer = ReadBuf::new(&mut memory);
    ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
    match buffer.filled().len() {
        0 => Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
        len => Poll::Ready(Ok(len)),
    }
}
