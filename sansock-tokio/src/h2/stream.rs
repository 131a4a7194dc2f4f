//! A stream of HTTP/2 as bytes.

use std::fmt;
use std::io::{self, ErrorKind, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use h2::{Reason, RecvStream, SendStream};
use sansock::bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::gather::gather;

/// A stream of HTTP/2: the payload of its DATA frames as bytes.
///
/// Each write is one DATA frame, or several if it is longer than the peer's frames may be. A write
/// takes no more than the peer's windows have room for, and the peer's window for what it sends has
/// room again when that is read.
///
/// The end of the stream, `END_STREAM`, is the end of what is read, and a shutdown sends it. A
/// stream that the peer resets is [`ErrorKind::ConnectionReset`].
///
/// If you drop this before both ends have ended the stream, it is reset with CANCEL, and what `h2`
/// has not sent yet is lost. So end by the closing handshake, and receive until the end.
pub struct H2Stream {
    send: SendStream<Bytes>,
    receive: RecvStream,
    /// What is read next.
    chunk: Bytes,
    /// What is read after it.
    drained: Vec<u8>,
    /// The task that waits to read.
    reader: Option<Waker>,
    /// Whether the last write found no room.
    is_blocked: bool,
    /// Whether `END_STREAM` is sent.
    is_shut_down: bool,
}

impl H2Stream {
    /// Creates a stream of its two halves: for a server, those of the response and the request, for
    /// a client, those of the request and the response.
    pub fn new(send: SendStream<Bytes>, receive: RecvStream) -> Self {
        H2Stream {
            send,
            receive,
            chunk: Bytes::new(),
            drained: Vec::new(),
            reader: None,
            is_blocked: false,
            is_shut_down: false,
        }
    }

    /// Waits for bytes to read. Returns `false` at the end.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        self.reader = None;
        if self.chunk.is_empty() {
            self.chunk = mem::take(&mut self.drained).into();
        }
        // RFC 9113 §6.1: an empty DATA frame is no end.
        while self.chunk.is_empty() {
            match self.receive.poll_data(context) {
                Poll::Ready(Some(Ok(data))) => self.chunk = data,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(io_error(error))),
                Poll::Ready(None) => return Poll::Ready(Ok(false)),
                Poll::Pending => {
                    self.reader = Some(context.waker().clone());
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(true))
    }

    /// Waits until some of `len` bytes can be sent. Returns how many.
    fn poll_room(&mut self, len: usize, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.send.reserve_capacity(len);
        while self.send.capacity() == 0 {
            match self.send.poll_capacity(context) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(io_error(error))),
                Poll::Ready(None) => return Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
                Poll::Pending => {
                    self.is_blocked = true;
                    self.drain(context);
                    return Poll::Pending;
                }
            }
        }
        self.is_blocked = false;
        Poll::Ready(Ok(self.send.capacity().min(len)))
    }

    /// Takes in what has arrived, while the task waits to write. Its bytes stay in the window,
    /// which limits how many there are, but its frames no longer count.
    fn drain(&mut self, context: &mut Context<'_>) {
        // There is one waker for reading. A task that waits will read by itself.
        if self.reader.as_ref().is_some_and(|reader| !reader.will_wake(context.waker())) {
            return;
        }
        // What is no data is met again by the next read.
        while let Poll::Ready(Some(Ok(data))) = self.receive.poll_data(context) {
            self.drained.extend_from_slice(&data);
        }
    }

    fn send_data(&mut self, data: Bytes, is_end: bool) -> io::Result<()> {
        self.send.send_data(data, is_end).map_err(io_error)?;
        // What is left of the window of the connection is for other streams.
        self.send.reserve_capacity(0);
        Ok(())
    }
}

impl AsyncRead for H2Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() > 0 && ready!(self.poll_chunk(context))? {
            let len = self.chunk.len().min(buffer.remaining());
            buffer.put_slice(&self.chunk.split_to(len));
            // Only fails for more than was received.
            let _ = self.receive.flow_control().release_capacity(len);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for H2Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len = slices.iter().map(|slice| slice.len()).sum();
        if len == 0 {
            return Poll::Ready(Ok(0));
        }
        let room = ready!(self.poll_room(len, context))?;
        self.send_data(gather(slices, room).into(), false)?;
        Poll::Ready(Ok(room))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The task of the connection writes what `h2` has taken.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut_down {
            self.send_data(Bytes::new(), true)?;
            self.is_shut_down = true;
        }
        Poll::Ready(Ok(()))
    }
}

/// `h2` resets a stream that has not ended with CANCEL. But one of a server with `END_STREAM`
/// queued it keeps until all is sent, for which a peer that does not read gives no room.
impl Drop for H2Stream {
    fn drop(&mut self) {
        if self.is_blocked {
            self.send.send_reset(Reason::CANCEL);
        }
    }
}

impl fmt::Debug for H2Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("H2Stream").field("id", &self.send.stream_id()).finish_non_exhaustive()
    }
}

pub(super) fn io_error(error: h2::Error) -> io::Error {
    if error.is_reset() {
        return io::Error::new(ErrorKind::ConnectionReset, error);
    }
    if error.is_io() {
        return error.into_io().unwrap_or_else(|| ErrorKind::BrokenPipe.into());
    }
    io::Error::other(error)
}
