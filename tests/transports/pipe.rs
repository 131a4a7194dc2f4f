//! Pipes in memory, with room for a number of bytes in each direction.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use sansock::Role;
use sansock::blocking::Transport;

use crate::scenarios::ours::blocking_link;
use crate::scenarios::{Link, Wire};
use crate::sockets::TIMEOUT;

/// One end of a pipe.
struct End {
    reads: Arc<Direction>,
    writes: Arc<Direction>,
    /// How long a call waits.
    timeout: Option<Duration>,
}

struct Direction {
    state: Mutex<State>,
    changed: Condvar,
    room: usize,
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    has_ended: bool,
    has_no_reader: bool,
}

pub(crate) fn link(role: Role, room: usize) -> Link {
    let new = || Arc::new(Direction { state: Mutex::default(), changed: Condvar::new(), room });
    let (there, back) = (new(), new());
    let ours = End { reads: back.clone(), writes: there.clone(), timeout: Some(TIMEOUT) };
    let peer = End { reads: there, writes: back, timeout: None };
    blocking_link(role, ours, peer)
}

impl Direction {
    /// Waits until `act` returns something.
    fn wait<T>(
        &self,
        timeout: Option<Duration>,
        mut act: impl FnMut(&mut State) -> Option<T>,
    ) -> io::Result<T> {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(done) = act(&mut state) {
                self.changed.notify_all();
                return Ok(done);
            }
            let Some(timeout) = timeout else {
                state = self.changed.wait(state).unwrap();
                continue;
            };
            let (next, waited) = self.changed.wait_timeout(state, timeout).unwrap();
            if waited.timed_out() {
                return Err(ErrorKind::WouldBlock.into());
            }
            state = next;
        }
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        if let Ok(mut state) = self.state.lock() {
            change(&mut state);
        }
        self.changed.notify_all();
    }
}

impl Read for End {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads.wait(self.timeout, |state| {
            if state.bytes.is_empty() && !state.has_ended {
                return None;
            }
            Some(state.bytes.read(buffer).unwrap())
        })
    }
}

impl Write for End {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.writes.room;
        self.writes.wait(self.timeout, |state| {
            if state.has_no_reader {
                return Some(Err(ErrorKind::BrokenPipe.into()));
            }
            let len = bytes.len().min(room - state.bytes.len());
            state.bytes.extend(&bytes[..len]);
            (len > 0).then_some(Ok(len))
        })?
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for End {
    fn shutdown_write(&mut self) -> io::Result<bool> {
        self.writes.set(|state| state.has_ended = true);
        Ok(true)
    }
}

impl Wire for End {
    fn shut_down(&mut self) -> io::Result<()> {
        self.shutdown_write().map(drop)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.writes.set(|state| state.has_ended = true);
        self.reads.set(|state| state.has_no_reader = true);
    }
}
