//! The transport in memory that every peer reads from and writes to.
//!
//! A read copies bytes, like a socket, and counts for every peer. A write discards them. Measured
//! is what a peer does to its bytes before that. The number of writes is counted separately.

use std::future::Future;
use std::hint::black_box;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::io::ReadBuf;

/// A stream of frames that repeats when it has been read, and a sink.
///
/// It ends with a message, so a peer that has received its messages has read all of it.
pub struct Transport {
    /// Never empty.
    stream: Arc<[u8]>,
    /// The offset of the next read: `at <= arrived <= stream.len()`
    at: usize,
    /// The end of what has arrived. No read goes beyond it.
    arrived: usize,
    arrival: usize,
    max_read: usize,
}

impl Transport {
    /// Returns a transport. Its reads return at most `max_read` bytes, and never bytes of two
    /// arrivals at once.
    pub fn new(stream: Arc<[u8]>, max_read: usize, arrival: usize) -> Self {
        Transport { stream, at: 0, arrived: 0, arrival, max_read }
    }

    /// Reads into `buffer` like a socket that is always ready. Returns the number of bytes.
    #[inline]
    pub fn receive(&mut self, buffer: &mut [u8]) -> usize {
        let read = self.next(buffer.len());
        buffer[..read.len()].copy_from_slice(read);
        read.len()
    }

    #[inline]
    fn next(&mut self, room: usize) -> &[u8] {
        if self.at == self.arrived {
            if self.at == self.stream.len() {
                self.at = 0;
            }
            self.arrived = self.stream.len().min(self.at + self.arrival);
        }
        count_one(&READS);
        let start = self.at;
        self.at += room.min(self.max_read).min(self.arrived - start);
        &self.stream[start..self.at]
    }
}

/// The destination of every transport's writes.
pub struct Sink;

impl Sink {
    /// Takes everything. Costs nothing, except that all bytes have to be in memory.
    #[inline]
    pub fn send(&self, bytes: &[u8]) -> usize {
        count_one(&WRITES);
        discard(bytes)
    }

    /// Does the same as [`send`](Self::send), from several slices at once.
    #[inline]
    pub fn send_vectored(&self, slices: &[IoSlice<'_>]) -> usize {
        count_one(&WRITES);
        slices.iter().map(|slice| discard(slice)).sum()
    }
}

static READS: AtomicU64 = AtomicU64::new(0);
static WRITES: AtomicU64 = AtomicU64::new(0);
static IS_RECORDING: AtomicBool = AtomicBool::new(false);
static RECORD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Returns how many reads and writes there were so far, on all transports.
pub fn reads_and_writes() -> (u64, u64) {
    (READS.load(Ordering::Relaxed), WRITES.load(Ordering::Relaxed))
}

/// Returns what is written while `action` runs.
pub fn record(action: impl FnOnce()) -> Vec<u8> {
    RECORD.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    IS_RECORDING.store(true, Ordering::Relaxed);
    action();
    IS_RECORDING.store(false, Ordering::Relaxed);
    std::mem::take(&mut RECORD.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// Stops a recording whose action has panicked.
pub fn stop_recording() {
    IS_RECORDING.store(false, Ordering::Relaxed);
}

#[inline]
fn count_one(counter: &AtomicU64) {
    // Only one thread counts. A read-modify-write would cost every peer five nanoseconds.
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

#[inline]
fn discard(bytes: &[u8]) -> usize {
    black_box(bytes);
    if IS_RECORDING.load(Ordering::Relaxed) {
        RECORD.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).extend_from_slice(bytes);
    }
    bytes.len()
}

impl io::Read for Transport {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.receive(buffer))
    }
}

impl io::Write for Transport {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(Sink.send(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Write for Sink {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.send(bytes))
    }

    #[inline]
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.send_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tokio::io::AsyncRead for Transport {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(self.next(buffer.remaining()));
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Transport {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(Sink.send(bytes)))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(Sink.send_vectored(slices)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl futures::io::AsyncRead for Transport {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.receive(buffer)))
    }
}

impl futures::io::AsyncWrite for Transport {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(Sink.send(bytes)))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(Sink.send_vectored(slices)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Returns the output of a future that waits only for a [`Transport`], which is always ready.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
