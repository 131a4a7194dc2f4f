//! The stream that hyper hands over.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{self, Read, Write};
use hyper::upgrade::Upgraded;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::gather::gather;

/// The stream of a WebSocket in a server or a client on hyper: a connection of HTTP/1.1, or a stream
/// of HTTP/2.
#[derive(Debug)]
pub struct UpgradedStream(Upgraded);

impl UpgradedStream {
    /// Wraps what hyper has handed over.
    pub const fn new(upgraded: Upgraded) -> Self {
        UpgradedStream(upgraded)
    }

    /// Returns what hyper has handed over.
    pub fn into_inner(self) -> Upgraded {
        self.0
    }
}

impl AsyncRead for UpgradedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut unfilled = rt::ReadBuf::new(buffer.initialize_unfilled());
        ready!(Pin::new(&mut self.0).poll_read(context, unfilled.unfilled()))?;
        let len = unfilled.filled().len();
        buffer.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for UpgradedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    /// In HTTP/2, hyper takes the whole of each write, however long, and makes a DATA frame of it.
    /// So slices are written as one, because a client may take many small frames for an attack, and
    /// a write has a limit, so that a client that does not read is noticed.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.0);
        if stream.is_write_vectored() {
            return stream.poll_write_vectored(context, slices);
        }
        match first_if_large(slices) {
            Some(slice) => stream.poll_write(context, slice.get(..LIMIT).unwrap_or(slice)),
            None => stream.poll_write(context, &gather(slices, LIMIT)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Returns the first slice that is not empty, if it is worth a frame of its own or there is no
/// other.
fn first_if_large<'a>(slices: &'a [IoSlice<'_>]) -> Option<&'a [u8]> {
    let mut slices = slices.iter().filter(|slice| !slice.is_empty());
    let Some(first) = slices.next() else { return Some(&[]) };
    (first.len() >= LARGE || slices.next().is_none()).then_some(first)
}

/// The least that a slice has that is written by itself.
const LARGE: usize = 4 << 10;

/// The most that is written at once.
const LIMIT: usize = 64 << 10;
