//! An endpoint and its transport, shared by two halves.
//!
//! The endpoint is behind a lock, which nobody holds while a read or a write waits. Whoever writes
//! has the turn to write, and copies what it writes: the output keeps it until the transport has
//! taken it, so that full output and the deadlines of writing are noticed.
//!
//! ```text
//! the receiving half    read ───────────► lock: receive, queue a pong ──► start a thread, if
//!                                                                        nobody has the turn
//! the sending half      lock: queue ────► wait for the turn ─┐                  │
//!                                                            ▼                  ▼
//! in a turn                       lock: copy from the output ─► write ─► lock: advance ─► …
//! ```

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;
use core::time::Duration;
use std::io;
use std::net::Shutdown;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use bytes::Buf;

use super::error::{Error, would_block};
use super::transport::SharedTransport;
use super::wire::{Whole, Wire, says_why};
use crate::endpoint::Endpoint;
use crate::timer::{Clock, Expired};

/// An endpoint and its transport.
pub(super) struct Shared<S> {
    pub(super) stream: S,
    clock: Clock,
    state: Mutex<State>,
    /// Notified when output was written, and when the turn to write is free.
    changed: Condvar,
}

pub(super) struct State {
    pub(super) endpoint: Endpoint,
    /// Whether a thread has the turn to write.
    is_writing: bool,
    /// Whether the last turn ended because the transport took no more.
    has_blocked: bool,
    /// Why nothing is written any more.
    failure: Option<Failure>,
    /// How many halves there are.
    halves: usize,
}

/// An error that both halves return.
#[derive(Clone, Copy)]
enum Failure {
    Io(io::ErrorKind),
    Expired(Expired),
}

impl<S: SharedTransport> Shared<S> {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // A panicking source of mask keys ends the connection, but breaks nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until all that is queued now is written.
    pub(super) fn write_all<'s>(
        self: &'s Arc<Self>,
        mut state: MutexGuard<'s, State>,
    ) -> Result<MutexGuard<'s, State>, Error> {
        let until = state.endpoint.bytes_sent() + state.endpoint.output_len() as u64;
        // A pong that was queued may be replaced by a shorter one.
        while state.endpoint.has_output() && state.endpoint.bytes_sent() < until {
            state.check()?;
            if state.is_writing {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.is_writing = true;
            drop(state);
            let turn = self.take_turn(until);
            state = self.lock();
            if let Err(error) = turn {
                state.check()?;
                self.check_deadlines(&mut state)?;
                return Err(error.into());
            }
        }
        Ok(state)
    }

    /// Has what is queued written by a thread of its own, unless a thread writes already.
    fn start_writing(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        if state.is_writing || state.failure.is_some() || !state.endpoint.has_output() {
            return Ok(());
        }
        let shared = Arc::clone(self);
        let write = move || drop(shared.take_turn(u64::MAX));
        thread::Builder::new().name("sansock-write".into()).spawn(write)?;
        state.is_writing = true;
        Ok(())
    }

    /// Writes output up to this offset in the stream, in a turn that is the caller's.
    fn take_turn(self: &Arc<Self>, until: u64) -> io::Result<()> {
        let turn = self.write_until(until);
        let mut state = self.lock();
        state.is_writing = false;
        state.has_blocked = matches!(&turn, Err(error) if would_block(error));
        self.changed.notify_all();
        match turn {
            // What was queued meanwhile is not the caller's to wait for.
            Ok(()) => self.start_writing(&mut state),
            Err(error) => {
                if !would_block(&error) {
                    state.fail(Failure::Io(error.kind()));
                }
                Err(error)
            }
        }
    }

    fn write_until(&self, until: u64) -> io::Result<()> {
        let mut block = Vec::new();
        loop {
            let mut state = self.lock();
            if state.endpoint.bytes_sent() >= until || !state.endpoint.has_output() {
                return Ok(());
            }
            copy_block(state.endpoint.output(), &mut block);
            drop(state);
            let written = match self.stream.write_shared(&block) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let mut state = self.lock();
            state.endpoint.output().try_advance(written).map_err(io::Error::other)?;
            self.changed.notify_all();
        }
    }

    /// Checks the deadlines. If one has expired, both halves end.
    fn check_deadlines(&self, state: &mut State) -> Result<Option<Duration>, Expired> {
        let polled = state.endpoint.poll(self.clock.now());
        if let Err(expired) = polled {
            if !says_why(expired) {
                self.end(state, Failure::Expired(expired));
            }
        }
        polled
    }

    /// Ends the transport, so that reads and writes that wait return.
    fn end(&self, state: &mut State, failure: Failure) {
        state.fail(failure);
        let _ = self.stream.shutdown_shared(Shutdown::Both);
        self.changed.notify_all();
    }
}

impl State {
    /// Returns the error that has ended writing, if there is one.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.failure {
            None => Ok(()),
            Some(Failure::Io(kind)) => Err(io::Error::from(kind).into()),
            Some(Failure::Expired(expired)) => Err(expired.into()),
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }
}

/// A half's hold on what is shared.
pub(super) struct Half<S: SharedTransport>(Arc<Shared<S>>);

impl<S: SharedTransport> Half<S> {
    /// Shares what was whole.
    pub(super) fn pair(whole: Whole<S>) -> (Self, Self) {
        let Whole { stream, endpoint, clock } = whole;
        let (is_writing, has_blocked, failure) = (false, false, None);
        let state = State { endpoint, is_writing, has_blocked, failure, halves: 2 };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { stream, clock, state, changed });
        (Half(Arc::clone(&shared)), Half(shared))
    }
}

impl<S: SharedTransport> Deref for Half<S> {
    type Target = Arc<Shared<S>>;

    fn deref(&self) -> &Arc<Shared<S>> {
        &self.0
    }
}

/// A thread that still writes when both halves are gone ends with them.
impl<S: SharedTransport> Drop for Half<S> {
    fn drop(&mut self) {
        let mut state = self.lock();
        state.halves -= 1;
        if state.halves == 0 && state.is_writing {
            self.end(&mut state, Failure::Io(io::ErrorKind::BrokenPipe));
        }
    }
}

/// The receiving half.
impl<S: SharedTransport> Wire for Half<S> {
    fn with<T>(&mut self, act: impl FnOnce(&mut Endpoint) -> T) -> T {
        act(&mut self.lock().endpoint)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read_shared(buffer)
    }

    /// Does not wait. That the transport takes no more is for the sending half to report: what the
    /// peer has sent before is still to be received.
    fn flush(&mut self) -> Result<(), Error> {
        Ok(self.start_writing(&mut self.lock())?)
    }

    fn flush_last(&mut self) -> Result<(), Error> {
        let mut state = self.lock();
        state.has_blocked = false;
        while state.endpoint.has_output() {
            state.check()?;
            if state.has_blocked {
                return Err(Error::would_block());
            }
            self.start_writing(&mut state)?;
            let deadline = self.check_deadlines(&mut state)?;
            let left = self.clock.until(deadline).unwrap_or(Duration::MAX);
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<(), Error> {
        let polled = self.check_deadlines(&mut self.lock());
        if let Err(expired) = polled {
            if says_why(expired) {
                let _ = self.flush_last();
                self.end(&mut self.lock(), Failure::Expired(expired));
            }
        }
        polled.map(drop).map_err(Error::Expired)
    }

    fn shutdown_write(&mut self) -> io::Result<bool> {
        self.stream.shutdown_shared(Shutdown::Write).map(|()| true)
    }

    fn disconnect(&mut self) {
        self.end(&mut self.lock(), Failure::Io(io::ErrorKind::BrokenPipe));
    }
}

/// Copies the front of `output` to `block`, which it replaces.
fn copy_block(output: &impl Buf, block: &mut Vec<u8>) {
    block.clear();
    let mut slices = [io::IoSlice::new(&[]); 16];
    let filled = output.chunks_vectored(&mut slices);
    for slice in slices.get(..filled).unwrap_or_default() {
        let left = MAX_BLOCK - block.len();
        block.extend_from_slice(slice.get(..left).unwrap_or(slice));
    }
}

/// The most that is written at once. A write that blocks returns when all of it is taken, so it must
/// take less time than deadlines allow, at the least rate that they allow.
const MAX_BLOCK: usize = 32 << 10;
