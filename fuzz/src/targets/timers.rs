//! Whatever is sent and received at any time, deadlines are later than now and are kept. A peer
//! that does nothing is dropped within a time that follows from the limits.

use std::mem;
use std::time::Duration;

use bytes::Buf;
use arbitrary::Arbitrary;
use sansock::connection::State;
use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{CloseCode, Config, Connection, Input, Role};
use crate::stream::Stream;

#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    server: bool,
    /// The limits in milliseconds: a ping, a pong, a write, a close, a message and its slack.
    limits: [u16; 6],
    message_rate: u16,
    steps: Vec<Step>,
    stream: Stream<'a>,
    /// Whether the transport still takes output after the peer has fallen silent.
    is_read: bool,
}

#[derive(Arbitrary, Debug)]
enum Step {
    /// The next bytes of the stream arrive.
    Receive(u8),
    Send(u16),
    Take(u16),
    Ping,
    Close,
    Eof,
    Pause,
    Hold,
    Wait(u16),
    /// The clock goes back.
    Back(u16),
    Poll,
}

struct Turns {
    ws: Connection,
    timers: Timers,
    now: Duration,
    /// Whether the transport holds output at the next poll.
    holds: bool,
}

impl Turns {
    fn step(&mut self, step: &Step, stream: &mut &[u8]) {
        match step {
            Step::Receive(len) => {
                let (piece, rest) = stream.split_at(stream.len().min(usize::from(*len)));
                *stream = rest;
                let mut piece = piece.to_vec();
                let mut input = Input::new(&mut piece[..]);
                while !matches!(self.ws.receive(&mut input), Ok(None)) {}
            }
            Step::Send(len) => drop(self.ws.send_binary(&vec![7; usize::from(*len)])),
            Step::Take(count) => take(&mut self.ws, usize::from(*count)),
            Step::Ping => drop(self.ws.ping(b"there?")),
            Step::Close => drop(self.ws.close(CloseCode::NORMAL, "")),
            Step::Eof => drop(self.ws.receive_eof()),
            Step::Pause => self.timers.reading_paused(),
            Step::Hold => self.holds = true,
            Step::Wait(millis) => self.now += Duration::from_millis((*millis).into()),
            Step::Back(millis) => {
                self.now = self.now.saturating_sub(Duration::from_millis((*millis).into()));
            }
            Step::Poll => drop(self.poll()),
        }
    }

    fn poll(&mut self) -> Result<Option<Duration>, Expired> {
        let holds = mem::take(&mut self.holds);
        let result = self.poll_once(holds);
        match result {
            Ok(Some(deadline)) => assert!(deadline > self.now, "{deadline:?} at {:?}", self.now),
            Ok(None) => {}
            // It is reported once, and has failed the connection.
            Err(Expired::MessageTimeout) => assert_ne!(self.ws.state(), State::Open),
            Err(error) => assert_eq!(self.poll_once(holds), Err(error)),
        }
        result
    }

    fn poll_once(&mut self, holds: bool) -> Result<Option<Duration>, Expired> {
        if holds {
            self.timers.flush_waits();
        }
        self.timers.poll(&mut self.ws, self.now)
    }

    /// Polls at deadlines, and between them, until a peer that sends nothing is dropped.
    fn fall_silent(mut self, is_read: bool, limits: Duration) {
        let start = self.now;
        loop {
            if is_read {
                take(&mut self.ws, usize::MAX);
            }
            let deadline = match self.poll() {
                Ok(None) => {
                    assert!(self.ws.state() == State::Ended && !self.ws.has_output());
                    return;
                }
                Ok(Some(deadline)) => deadline,
                // A Close reports it. After that, the end is awaited.
                Err(Expired::MessageTimeout) => continue,
                Err(_) => return,
            };
            if is_read {
                take(&mut self.ws, usize::MAX);
            }
            assert!(deadline - start <= limits, "{deadline:?} since {start:?}");
            // Nothing happens before the deadline, so the peer is not dropped before.
            let before = self.now + (deadline - self.now) / 2;
            if is_read && before.as_millis() > self.now.as_millis() {
                self.now = before;
                let result = self.poll();
                assert!(result.is_ok(), "{result:?} before {deadline:?}");
            }
            self.now = deadline;
        }
    }
}

fn take(ws: &mut Connection, mut count: usize) {
    let output = ws.output();
    while count > 0 && output.has_remaining() {
        let len = output.chunk().len().min(count);
        output.advance(len);
        count -= len;
    }
}

pub fn run(input: Case<'_>) {
    let role = if input.server { Role::Server } else { Role::Client };
    let config = match role {
        Role::Server => Config::server(),
        Role::Client => Config::client_with_mask_keys(|| [1, 2, 3, 4]),
    };
    let mut timeouts = Timeouts::default();
    let limits = input.limits.map(|millis| Some(Duration::from_millis(millis.into())));
    [timeouts.ping, timeouts.pong, timeouts.write, timeouts.close, _, _] = limits;
    [.., timeouts.message, timeouts.message_slack] = limits;
    timeouts.message_rate = input.message_rate.into();

    let now = Duration::from_secs(100);
    let timers = Timers::new(timeouts, now);
    let mut turns = Turns { ws: Connection::new(config), timers, now, holds: false };
    let stream = input.stream.to_bytes(role);
    let mut rest = &stream[..];
    input.steps.iter().take(40).for_each(|step| turns.step(step, &mut rest));
    // Each limit may expire once, and one that had begun may begin again. A limit of 0 is a
    // millisecond.
    let most = 2 * (limits.iter().flatten().sum::<Duration>() + Duration::from_millis(6));
    turns.fall_silent(input.is_read, most);
}
