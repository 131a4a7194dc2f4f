//! All I/O on a transport: read, write, and wait for its end.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

/// The most bytes to read at once.
pub(crate) const READ_LEN: usize = 64 * 1024;

thread_local! {
    /// The read buffer of all connections on this thread. It is never held over a wait, so a
    /// connection that waits uses no buffer.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_LEN].into());
}

/// Waits for bytes and passes them to `take`. They are empty at the end of the transport.
///
/// `idle` is called before each wait.
pub(crate) async fn read<T: AsyncRead + Unpin, State, Taken>(
    stream: &mut T,
    state: &mut State,
    take: impl Fn(&mut State, &mut [u8]) -> Taken,
    idle: impl Fn(&mut State),
) -> io::Result<Taken> {
    poll_fn(|context| {
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(buffer);
            let Poll::Ready(result) = Pin::new(&mut *stream).poll_read(context, &mut read) else {
                idle(state);
                return Poll::Pending;
            };
            Poll::Ready(result.map(|()| take(state, read.filled_mut())))
        })
    })
    .await
}

/// Writes all of `output`. Fails if the peer takes nothing of it for a minute.
pub(crate) async fn write_all(
    stream: &mut (impl AsyncWrite + Unpin),
    output: &mut impl Buf,
) -> io::Result<()> {
    while output.has_remaining() {
        if within(STALL_LIMIT, STALLED, stream.write_buf(output)).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    flush(stream, STALL_LIMIT).await
}

/// Flushes bytes that the transport buffers, as TLS may, within `limit`.
pub(crate) async fn flush(
    stream: &mut (impl AsyncWrite + Unpin),
    limit: Duration,
) -> io::Result<()> {
    within(limit, STALLED, stream.flush()).await
}

/// Shuts down the writing half, and waits for the peer to do the same, like [`await_eof`].
pub(crate) async fn end(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    shut_down(stream).await?;
    await_eof(stream).await
}

/// Shuts down the writing half. TLS sends `close_notify`.
pub(crate) async fn shut_down(stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    within(LINGER_LIMIT, STALLED, stream.shutdown()).await
}

/// Reads and discards bytes until the peer ends the transport, within a time limit.
///
/// If a socket is closed with unread input, it is reset, and the peer may lose what was written
/// last.
pub(crate) async fn await_eof(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let discard = async {
        while read(stream, &mut (), |(), bytes| bytes.len(), |()| ()).await? > 0 {}
        Ok(())
    };
    within(LINGER_LIMIT, "transport not closed by the peer", discard).await
}

/// Waits for `done` within `limit`. After that, the error's text is `is_missing`.
pub(crate) async fn within<T>(
    limit: Duration,
    is_missing: &str,
    done: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let late = |_| Err(io::Error::new(io::ErrorKind::TimedOut, is_missing));
    timeout(limit, done).await.unwrap_or_else(late)
}

/// The error if a peer takes no output.
const STALLED: &str = "write timed out";

const STALL_LIMIT: Duration = Duration::from_secs(60);

const LINGER_LIMIT: Duration = Duration::from_secs(5);
