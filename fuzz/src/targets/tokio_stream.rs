//! A WebSocket over a scripted stream of tokio, beside a naive reading of both directions.
//!
//! A task is polled only when it was woken, so that a poll that waits without a waker is an end of
//! progress, which the executor reports.

mod calls;
mod executor;
#[cfg(test)]
mod random;
mod script;

use std::cell::RefCell;
use std::num::NonZeroU8;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arbitrary::Arbitrary;
use sansock::timer::Timeouts;
use sansock::{Config, Connection, Role};
use sansock_tokio::{Error, WebSocket};
use tokio::runtime::{Builder, Runtime};

use self::calls::{Call, Fate, Log};
use self::executor::Task;
use self::script::Script;
use crate::reading::{self, End, Reading};
use crate::stream::{LIMITS, Stream};

/// What a peer sends, what the stream does, and what the program calls.
#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    is_server: bool,
    mode: Mode,
    has_timeouts: bool,
    /// With 0, nothing is ever sent, also no ping.
    max_output: Option<NonZeroU8>,
    fragment_size: Option<NonZeroU8>,
    /// How many bytes were read before.
    unread: u8,
    end: script::End,
    /// Two bytes for each call, so that a short input is many calls. One for each step, likewise.
    calls: &'a [u8],
    reads: &'a [u8],
    writes: &'a [u8],
    /// Whether what is written arrives only after a flush.
    has_buffer: bool,
    /// Three bytes for each frame of the peer, and what follows them.
    frames: &'a [u8],
    rest: &'a [u8],
}

/// Which tasks use the WebSocket.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// One task.
    Whole,
    /// Two tasks, each with a half.
    Halves,
    /// The same. The halves are reunited before the last messages are received.
    Reunited,
    /// Two tasks that share a stream that is a sink.
    Shared,
}

/// Runs a case.
pub fn run(case: Case<'_>) {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(run_case(&case)));
}

async fn run_case(case: &Case<'_>) {
    let role = if case.is_server { Role::Server } else { Role::Client };
    let bytes = Stream::of(case.frames, case.rest).to_bytes(role);
    let (unread, input) = bytes.split_at(bytes.len().min(case.unread.into()));
    let script = Script::new(input, case.end, case.reads, case.writes, case.has_buffer);
    let timeouts = case.has_timeouts.then(|| Arc::new(timeouts()));
    let connection = Connection::new(case.config(role));
    let ws = WebSocket::from_parts(script.clone(), unread, connection, timeouts);

    let log = Rc::new(RefCell::new(Log::default()));
    let has_waited = drive(case, ws, &script, &log).await;

    let expected = reading::read(&bytes, role, LIMITS);
    let log = log.borrow();
    check_received(&log, &expected, &script, has_waited);
    check_written(&log, &expected, &script, role, has_waited);
}

/// Makes all calls, and receives to the end. Returns whether a deadline was waited for.
async fn drive(
    case: &Case<'_>,
    mut ws: WebSocket<Script>,
    script: &Script,
    log: &Rc<RefCell<Log>>,
) -> bool {
    let calls = case.calls.as_chunks::<2>().0.iter().take(MOST_CALLS);
    let calls = &calls.map(|call| Call::of(*call)).collect::<Vec<_>>()[..];
    let timed = case.has_timeouts;
    match case.mode {
        Mode::Whole => {
            let task = Task::new(async {
                calls::whole(&mut ws, calls, log).await;
                calls::drain(&mut ws, log).await;
            });
            executor::run(vec![task], script, timed).await
        }
        Mode::Halves => {
            let (mut receiving, mut sending) = ws.split();
            let receive = Task::new(async move {
                calls::receive_half(&mut receiving, calls, log).await;
                calls::drain_half(&mut receiving, log).await;
            });
            let send = Task::new(async move { calls::send_half(&mut sending, calls, log).await });
            executor::run(vec![receive, send], script, timed).await
        }
        Mode::Reunited => {
            let (mut receiving, mut sending) = ws.split();
            let receive = Task::new(calls::receive_half(&mut receiving, calls, log));
            let send = Task::new(calls::send_half(&mut sending, calls, log));
            let has_waited = executor::run(vec![receive, send], script, timed).await;
            let mut ws = receiving.reunite(sending).expect("halves of one WebSocket");
            let drain = Task::new(calls::drain(&mut ws, log));
            executor::run(vec![drain], script, timed).await || has_waited
        }
        Mode::Shared => {
            let ws = RefCell::new(ws);
            let receive = Task::new(calls::receive_shared(&ws, calls, log));
            let send = Task::new(calls::send_shared(&ws, calls, log));
            executor::run(vec![receive, send], script, timed).await
        }
    }
}

/// Everything up to the first fault or the Close was received, in its order, and then its end.
fn check_received(log: &Log, expected: &Reading, script: &Script, has_waited: bool) {
    let wire = script.wire();
    if wire.has_failed_to_read {
        return assert!(expected.messages.starts_with(&log.received));
    }
    // A write that fails does not hide what has come.
    assert_eq!(log.received, expected.messages);
    if wire.has_failed_to_write {
        return;
    }
    let ending = log.ending.as_ref().expect("an end");
    let is_right = match expected.end {
        End::Closed(_) => ending.is_ok(),
        End::Fault(_) => matches!(ending, Err(Error::Endpoint(_))),
        End::Cut if has_waited => matches!(ending, Err(Error::Expired(_))),
        End::Cut => matches!(ending, Err(Error::UnexpectedEof)),
    };
    assert!(is_right, "{ending:?} after {:?}", expected.end);
}

/// What was written is frames, with each message that was sent, once and in order.
fn check_written(log: &Log, expected: &Reading, script: &Script, role: Role, has_waited: bool) {
    let wire = script.wire();
    let peer = if role == Role::Server { Role::Client } else { Role::Server };
    let written = reading::read_written(&wire.written, peer);
    assert_eq!(written.trailing, 0, "frames after the Close");
    // After a deadline nobody drives it to an end.
    let is_clean = !wire.has_failed() && !has_waited;
    assert!(!written.is_cut || !is_clean, "a frame was not written whole");
    assert!(wire.held.is_empty() || !is_clean, "what was written was not flushed");

    let mut messages = written.messages.iter().peekable();
    for sent in &log.sent {
        let is_there = messages.next_if(|message| **message == sent.message).is_some();
        let is_right = match sent.fate {
            Fate::Written => is_there,
            Fate::Queued => is_there || !is_clean,
            Fate::Refused => !is_there,
            Fate::Unknown => true,
        };
        assert!(is_right, "{:?}, in the stream: {is_there}", sent.fate);
    }
    assert_eq!(messages.next(), None, "what nobody has sent");
    reading::assert_are_among(&written.pongs, &expected.pings);
    // The pings of the timers have no payload.
    let pings = written.pings.into_iter().filter(|payload| !payload.is_empty());
    reading::assert_are_among(&pings.collect::<Vec<_>>(), &log.pings);

    if !wire.has_failed() {
        let ours = log.close.map(|code| End::Closed(Some(code)));
        let is_right = written.end == expected.end.answer() || Some(written.end) == ours;
        assert!(is_right, "{:?} answers {:?}", written.end, expected.end);
    }
}

impl Case<'_> {
    fn config(&self, role: Role) -> Config {
        let mut config = match role {
            Role::Server => Config::server(),
            Role::Client => Config::client_with_mask_keys(|| [0x37, 0xfa, 0x21, 0x3d]),
        };
        config.limits = LIMITS;
        config.max_output = self.max_output.map(|max| max.get().into());
        config.fragment_size = self.fragment_size.map(Into::into);
        config
    }
}

fn timeouts() -> Timeouts {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.ping, timeouts.pong) = (seconds(2), seconds(2));
    (timeouts.write, timeouts.close) = (seconds(3), seconds(2));
    timeouts
}

const MOST_CALLS: usize = 30;
