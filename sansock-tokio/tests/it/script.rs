//! A stream in memory that does what a script says, and a task that looks at each of its polls.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream in memory. Its clones are the same stream, so that a test has one to look at.
#[derive(Clone)]
pub(crate) struct Script(Arc<Mutex<Wire>>);

/// What the stream does next, and what was done with it.
pub(crate) struct Wire {
    /// What can be read.
    pub(crate) input: VecDeque<u8>,
    /// How the stream ends behind `input`. If it does not, a read waits.
    pub(crate) end: Option<Result<(), ErrorKind>>,
    pub(crate) written: Vec<u8>,
    /// Bytes that can still be written before a write waits, or fails.
    pub(crate) room: usize,
    pub(crate) write_error: Option<ErrorKind>,
    /// Whether the next write is interrupted.
    pub(crate) interrupts: bool,
    /// Whether a flush and a shutdown wait.
    pub(crate) holds: bool,
    pub(crate) is_shut_down: bool,
    /// How many times it was read from.
    pub(crate) reads: usize,
    /// Whether one waker serves both directions, as in a TLS stream.
    pub(crate) has_one_slot: bool,
    pace: Pace,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Whether calls wait, and how many bytes they take.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// No call waits that need not.
    AtOnce,
    /// As this state of a random number generator says.
    Random(u64),
}

#[derive(Clone, Copy)]
enum Direction {
    Reading,
    Writing,
}

impl Pace {
    /// Returns how many bytes a call takes at most, or `None` if it waits.
    fn next(&mut self) -> Option<usize> {
        let Pace::Random(state) = self else { return Some(usize::MAX) };
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        match *state % 8 {
            0..4 => None,
            4 => Some(1),
            5 => Some(2),
            6 => Some(7),
            _ => Some(90),
        }
    }
}

impl Script {
    pub(crate) fn new(input: &[u8]) -> Script {
        Script(Arc::new(Mutex::new(Wire {
            input: input.iter().copied().collect(),
            end: None,
            written: Vec::new(),
            room: usize::MAX,
            write_error: None,
            interrupts: false,
            holds: false,
            is_shut_down: false,
            reads: 0,
            has_one_slot: false,
            pace: Pace::AtOnce,
            reader: None,
            writer: None,
        })))
    }

    pub(crate) fn with_pace(self, pace: Pace) -> Script {
        self.wire().pace = pace;
        self
    }

    pub(crate) fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap()
    }

    /// Goes on: wakes all that wait for the stream.
    pub(crate) fn wake(&self) {
        self.wake_reader();
        self.wake_writer();
    }

    /// Whether the stream has a waker.
    pub(crate) fn is_waited_for(&self) -> bool {
        let wire = self.wire();
        wire.reader.is_some() || wire.writer.is_some()
    }

    pub(crate) fn wake_reader(&self) {
        let waker = self.wire().reader.take();
        waker.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn wake_writer(&self) {
        let mut wire = self.wire();
        let waker = if wire.has_one_slot { wire.reader.take() } else { wire.writer.take() };
        drop(wire);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Adds what can be read.
    pub(crate) fn feed(&self, input: &[u8]) {
        self.wire().input.extend(input);
        self.wake_reader();
    }

    /// Ends what can be read.
    pub(crate) fn end(&self, end: Result<(), ErrorKind>) {
        self.wire().end = Some(end);
        self.wake_reader();
    }

    /// Lets as many more bytes be written.
    pub(crate) fn make_room(&self, room: usize) {
        let mut wire = self.wire();
        wire.room = wire.room.saturating_add(room);
        drop(wire);
        self.wake_writer();
    }

    pub(crate) fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut self.wire().written)
    }
}

impl Wire {
    fn slot(&mut self, direction: Direction) -> &mut Option<Waker> {
        match direction {
            Direction::Writing if !self.has_one_slot => &mut self.writer,
            _ => &mut self.reader,
        }
    }

    fn wait<T>(&mut self, direction: Direction, context: &Context<'_>) -> Poll<T> {
        *self.slot(direction) = Some(context.waker().clone());
        Poll::Pending
    }

    /// Forgets who waits, once the call does not wait any more: nobody may rely on more wakes than
    /// a stream promises.
    fn settle(&mut self, direction: Direction) {
        if !self.has_one_slot {
            *self.slot(direction) = None;
        }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &mut *self.wire();
        wire.reads += 1;
        assert!(wire.reads < 1_000_000, "it reads again and again");
        let Some(most) = wire.pace.next() else { return wire.wait(Direction::Reading, context) };
        if wire.input.is_empty() {
            let Some(end) = wire.end else { return wire.wait(Direction::Reading, context) };
            wire.settle(Direction::Reading);
            return Poll::Ready(end.map_err(io::Error::from));
        }
        wire.settle(Direction::Reading);
        let len = most.min(wire.input.len()).min(buffer.remaining());
        let bytes: Vec<u8> = wire.input.drain(..len).collect();
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = &mut *self.wire();
        assert!(!wire.is_shut_down, "a write after the shutdown");
        if std::mem::take(&mut wire.interrupts) {
            return Poll::Ready(Err(ErrorKind::Interrupted.into()));
        }
        let Some(most) = wire.pace.next() else { return wire.wait(Direction::Writing, context) };
        let len = most.min(bytes.len()).min(wire.room);
        if len == 0 {
            let Some(error) = wire.write_error else {
                return wire.wait(Direction::Writing, context);
            };
            wire.settle(Direction::Writing);
            return Poll::Ready(Err(error.into()));
        }
        wire.settle(Direction::Writing);
        wire.room -= len;
        wire.written.extend_from_slice(&bytes[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self.wire();
        if wire.holds || wire.pace.next().is_none() {
            return wire.wait(Direction::Writing, context);
        }
        wire.settle(Direction::Writing);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self.wire();
        match wire.pace.next() {
            // A shutdown implies a flush.
            Some(_) if wire.holds => wire.wait(Direction::Writing, context),
            None => wire.wait(Direction::Writing, context),
            Some(_) => {
                wire.is_shut_down = true;
                Poll::Ready(Ok(()))
            }
        }
    }
}

/// A task that counts how often it was woken, and knows whether anything can wake it.
pub(crate) struct Task {
    count: Arc<Count>,
    waker: Waker,
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Task {
    pub(crate) fn new() -> Task {
        let count = Arc::new(Count::default());
        Task { waker: Waker::from(Arc::clone(&count)), count }
    }

    /// Polls `future`. Asserts that something can wake the task if it has to wait.
    #[track_caller]
    pub(crate) fn poll<F: Future + ?Sized>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        let polled = future.poll(&mut Context::from_waker(&self.waker));
        assert!(polled.is_ready() || self.can_be_woken(), "nothing wakes this task");
        polled
    }

    /// Polls a future that must be ready at once.
    #[track_caller]
    pub(crate) fn now<F: Future>(future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        match Task::new().poll(future.as_mut()) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it waits"),
        }
    }

    /// Polls a future once that must wait, and drops it.
    #[track_caller]
    pub(crate) fn waits<F: Future>(future: F) {
        let mut future = std::pin::pin!(future);
        assert!(Task::new().poll(future.as_mut()).is_pending(), "it does not wait");
    }

    /// Whether something else has the waker.
    pub(crate) fn can_be_woken(&self) -> bool {
        Arc::strong_count(&self.count) > 2
    }

    /// Returns how many times it was woken since the last call.
    pub(crate) fn take_wakes(&self) -> usize {
        self.count.0.swap(0, Ordering::SeqCst)
    }
}
