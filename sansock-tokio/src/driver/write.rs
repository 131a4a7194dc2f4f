//! Writing the output of an endpoint to its stream.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use sansock::bytes::Buf;
use sansock::connection::SendError;
use sansock::{CloseCode, Message};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Driver, Polled};
use crate::Error;

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Waits until a message can be queued.
    pub(crate) fn poll_ready(&mut self, context: &mut Context<'_>) -> Polled<()> {
        self.check_not_ended()?;
        if self.owes_pong {
            // Who feeds message after message would have the peer wait for its pong.
            let _ = self.poll_write(context);
        }
        if self.needs_room() {
            return self.poll_write_until(|driver, _| !driver.needs_room(), context);
        }
        Poll::Ready(Ok(()))
    }

    /// Queues the message when there is room, and waits until it is written.
    pub(crate) fn poll_send(
        &mut self,
        message: &mut Option<Message>,
        context: &mut Context<'_>,
    ) -> Polled<()> {
        if message.is_some() {
            ready!(self.poll_ready(context))?;
        }
        if let Some(message) = message.take() {
            self.endpoint.send(message).map_err(SendError::from)?;
        }
        self.poll_flush(context)
    }

    /// Waits until all that is queued is written.
    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Polled<()> {
        self.poll_flush_to(u64::MAX, context)
    }

    /// Waits until as many bytes are written, whatever is queued behind them.
    pub(crate) fn poll_flush_to(&mut self, end: u64, context: &mut Context<'_>) -> Polled<()> {
        let is_flushed = |driver: &mut Self, context: &mut Context<'_>| {
            driver.endpoint.bytes_sent() >= end
                && matches!(driver.poll_flush_stream(context), Poll::Ready(Ok(())))
        };
        self.poll_write_until(is_flushed, context)
    }

    /// Writes until so much is written, or all is.
    fn poll_write_until(
        &mut self,
        is_enough: impl Fn(&mut Self, &mut Context<'_>) -> bool,
        context: &mut Context<'_>,
    ) -> Polled<()> {
        loop {
            if let Poll::Ready(written) = self.poll_write(context) {
                return Poll::Ready(written.map_err(Error::Io));
            }
            if is_enough(self, context) {
                return Poll::Ready(Ok(()));
            }
            if self.is_broken {
                continue;
            }
            if !self.is_split {
                // Nobody reads meanwhile, so that the peer is not to blame for what it sends.
                self.endpoint.reading_paused();
            }
            ready!(self.poll_deadline(context))?;
        }
    }

    /// Begins the closing handshake, and waits until the Close frame is written.
    pub(crate) fn poll_close(&mut self, context: &mut Context<'_>) -> Polled<()> {
        self.endpoint.close(CloseCode::NORMAL, "")?;
        self.poll_flush(context)
    }

    /// Writes what is queued, as much as the stream takes now.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_broken {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        if !self.has_unwritten() {
            return Poll::Ready(Ok(()));
        }
        let written = self.poll_write_output(context);
        self.is_broken = matches!(written, Poll::Ready(Err(_)));
        written
    }

    fn poll_write_output(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.endpoint.has_output() {
            let stream = Pin::new(&mut self.stream);
            let output = self.endpoint.output();
            let written = if output.chunk().len() == output.remaining() {
                stream.poll_write(context, output.chunk())
            } else {
                let mut slices = [IoSlice::new(&[]); 16];
                let filled = output.chunks_vectored(&mut slices);
                stream.poll_write_vectored(context, slices.get(..filled).unwrap_or_default())
            };
            match ready!(written) {
                Ok(0) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Ok(len) => output.try_advance(len).map_err(io::Error::other)?,
                // Not a byte more needs a flush. A flush that is done without one tells the other half of
                // no progress, and may have replaced the waker of its write.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Poll::Ready(Err(error)),
            }
            self.is_unflushed = true;
        }
        self.owes_pong = false;
        self.poll_flush_stream(context)
    }

    /// Has the stream write what it holds.
    fn poll_flush_stream(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_unflushed {
            let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
            self.is_unflushed = flushed.is_err();
            self.is_broken |= flushed.is_err();
            return Poll::Ready(flushed);
        }
        Poll::Ready(Ok(()))
    }
}
