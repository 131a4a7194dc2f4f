//! A stream in memory that follows a script: what each read, write, flush and shutdown does.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use arbitrary::Arbitrary;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What one call does.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// It takes at most as many bytes, and one more.
    Take(u8),
    /// It waits, and its task is woken soon.
    Wait,
    /// It waits, and its task is woken when the other direction has moved.
    WaitForOther,
    Interrupted,
    /// It fails, and so does all that follows in this direction.
    Fail,
}

impl Step {
    /// Few steps fail.
    fn of(byte: u8) -> Step {
        match byte {
            ..160 => Step::Take(byte),
            160..200 => Step::Wait,
            200..240 => Step::WaitForOther,
            240..254 => Step::Interrupted,
            254.. => Step::Fail,
        }
    }
}

/// How the input ends.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Eof,
    Error,
    /// Not at all: a read waits.
    Silence,
}

/// The stream. Its clones are the same stream.
#[derive(Clone)]
pub struct Script(Rc<RefCell<Wire>>);

pub struct Wire {
    input: VecDeque<u8>,
    end: End,
    reads: VecDeque<Step>,
    writes: VecDeque<Step>,
    reader: Slot,
    writer: Slot,
    /// What arrives at the peer.
    pub written: Vec<u8>,
    /// What was written and waits for a flush, if the stream has a buffer.
    pub held: Vec<u8>,
    has_buffer: bool,
    /// Whether a read has failed.
    pub has_failed_to_read: bool,
    /// Whether a write, a flush or the shutdown has failed.
    pub has_failed_to_write: bool,
    is_broken: bool,
    is_shut_down: bool,
}

/// A task that waits.
#[derive(Default)]
struct Slot {
    waker: Option<Waker>,
    wakes: Wakes,
}

/// What wakes it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Wakes {
    #[default]
    Soon,
    WithOther,
    /// Input, which does not come.
    Never,
}

impl Slot {
    fn wait<T>(&mut self, context: &Context<'_>, wakes: Wakes) -> Poll<T> {
        *self = Slot { waker: Some(context.waker().clone()), wakes };
        Poll::Pending
    }

    /// Wakes the task if it waits for this. Returns whether there was one.
    fn wake(&mut self, wakes: Wakes) -> bool {
        if self.wakes != wakes {
            return false;
        }
        self.waker.take().map(Waker::wake).is_some()
    }
}

impl Script {
    pub fn new(input: &[u8], end: End, reads: &[u8], writes: &[u8], has_buffer: bool) -> Script {
        Script(Rc::new(RefCell::new(Wire {
            input: input.iter().copied().collect(),
            end,
            reads: reads.iter().map(|step| Step::of(*step)).collect(),
            writes: writes.iter().map(|step| Step::of(*step)).collect(),
            reader: Slot::default(),
            writer: Slot::default(),
            written: Vec::new(),
            held: Vec::new(),
            has_buffer,
            has_failed_to_read: false,
            has_failed_to_write: false,
            is_broken: false,
            is_shut_down: false,
        })))
    }

    pub fn wire(&self) -> std::cell::RefMut<'_, Wire> {
        self.0.borrow_mut()
    }

    /// Goes on, in one direction. Returns `false` if nothing can move any more.
    pub fn go_on(&self) -> bool {
        let wire = &mut *self.wire();
        [Wakes::Soon, Wakes::WithOther]
            .into_iter()
            .any(|wakes| wire.reader.wake(wakes) || wire.writer.wake(wakes))
    }

    /// Returns `true` if all input was read, and neither its end nor more of it comes.
    pub fn is_silent(&self) -> bool {
        let wire = self.wire();
        wire.input.is_empty() && wire.end == End::Silence
    }

    /// Ends the input of a stream that is silent.
    pub fn end(&self) {
        let wire = &mut *self.wire();
        wire.end = End::Eof;
        wire.reader.wake(Wakes::Never);
    }
}

impl Wire {
    pub fn has_failed(&self) -> bool {
        self.has_failed_to_read || self.has_failed_to_write
    }

    /// Does what the script says of a read or a write, and returns the number of bytes.
    fn step(&mut self, is_read: bool, context: &Context<'_>) -> Poll<io::Result<usize>> {
        let steps = if is_read { &mut self.reads } else { &mut self.writes };
        let step = steps.pop_front().unwrap_or(Step::Take(u8::MAX));
        let slot = if is_read { &mut self.reader } else { &mut self.writer };
        let done = match step {
            Step::Wait => return slot.wait(context, Wakes::Soon),
            Step::WaitForOther => return slot.wait(context, Wakes::WithOther),
            Step::Take(len) => Ok(usize::from(len) + 1),
            Step::Interrupted => Err(ErrorKind::Interrupted.into()),
            Step::Fail if is_read => {
                self.input.clear();
                (self.end, self.has_failed_to_read) = (End::Error, true);
                Err(ErrorKind::ConnectionReset.into())
            }
            Step::Fail => {
                (self.is_broken, self.has_failed_to_write) = (true, true);
                Err(ErrorKind::BrokenPipe.into())
            }
        };
        // Nobody may rely on more wakes than a stream promises.
        slot.waker = None;
        let other = if is_read { &mut self.writer } else { &mut self.reader };
        other.wake(Wakes::WithOther);
        Poll::Ready(done)
    }

    fn step_of_write(&mut self, context: &Context<'_>) -> Poll<io::Result<usize>> {
        if self.is_broken {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        self.step(false, context)
    }

    /// Does what the script says of a flush or a shutdown, which nobody repeats after an error.
    fn step_of_flush(&mut self, context: &Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.step_of_write(context);
        match flushed {
            Poll::Ready(Ok(_)) => self.written.append(&mut self.held),
            Poll::Ready(Err(_)) => self.has_failed_to_write = true,
            Poll::Pending => {}
        }
        flushed.map_ok(|_| ())
    }
}

impl AsyncRead for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &mut *self.wire();
        if wire.input.is_empty() && wire.end == End::Silence {
            return wire.reader.wait(context, Wakes::Never);
        }
        wire.step(true, context)
            .map_ok(|most| {
                let len = most.min(wire.input.len()).min(buffer.remaining());
                let bytes: Vec<u8> = wire.input.drain(..len).collect();
                buffer.put_slice(&bytes);
                len
            })
            .map(|read| match read {
                Ok(0) if wire.end == End::Error => {
                    wire.has_failed_to_read = true;
                    Err(ErrorKind::ConnectionReset.into())
                }
                read => read.map(|_| ()),
            })
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
        assert!(!bytes.is_empty(), "a write of nothing");
        wire.step_of_write(context).map_ok(|most| {
            let len = most.min(bytes.len());
            let written = if wire.has_buffer { &mut wire.held } else { &mut wire.written };
            written.extend_from_slice(&bytes[..len]);
            len
        })
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire().step_of_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self.wire();
        wire.step_of_flush(context).map_ok(|()| wire.is_shut_down = true)
    }
}
