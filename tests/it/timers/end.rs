//! One end of the simulation: an application with a connection and its timers.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Buf;
use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{CloseCode, Connection, Event, Input, Role, TransportAction};

use super::network::{NEVER, Pipe, Read};
use super::random::Random;
use crate::support::connection;

/// An application with a connection and its timers.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct End {
    pub(crate) ws: Connection,
    timers: Timers,
    limits: Timeouts,
    /// What the application will do, and when.
    pub(crate) plan: VecDeque<(u64, Action)>,
    pub(crate) habits: Habits,
    pub(crate) deadline: u64,
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) received: Vec<Vec<u8>>,
    pub(crate) expired: Vec<Expired>,
    pub(crate) outcome: Option<Outcome>,
    /// When anything last happened, except pings of the timers.
    quiet_since: u64,
    /// Whether the output is a ping that the timers have queued.
    is_pinging: bool,
    /// Whether reading has paused since the last poll, because output was left.
    has_paused: bool,
    /// Whether anything has happened since the last poll.
    has_changed: bool,
}

/// How an application behaves.
pub(crate) struct Habits {
    /// It reads nothing while there is output.
    pub(crate) is_half_duplex: bool,
    /// It polls only at deadlines.
    is_lazy: bool,
    /// After a message timeout it continues, to send the Close.
    is_polite: bool,
}

pub(crate) enum Action {
    Send(Vec<u8>),
    Ping,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The connection reports that the transport can be dropped.
    Done,
    /// The transport takes nothing any more.
    Broken,
    Dropped(Expired),
}

impl End {
    pub(crate) fn new(role: Role, random: &mut Random) -> End {
        let mut limits = Timeouts::DEFAULT;
        limits.write_rate = random.between(0, 500) as u32;
        let mut millis = |low, high| Duration::from_millis(random.between(low, high));
        limits.ping = Some(millis(1_000, 5_000));
        limits.pong = Some(millis(1_500, 3_000));
        limits.write = Some(millis(1_500, 5_000));
        limits.close = Some(millis(1_500, 4_000));
        limits.message_slack = Some(millis(1_500, 4_000));
        limits.message_rate = random.between(50, 500) as u32;
        if random.chance(30) {
            limits.message = Some(Duration::from_millis(random.between(3_000, 6_000)));
        }
        End {
            ws: connection(role),
            timers: Timers::new(limits.clone(), Duration::ZERO),
            limits,
            plan: plan(random),
            habits: Habits {
                is_half_duplex: false,
                is_lazy: random.chance(20),
                is_polite: random.chance(50),
            },
            deadline: 0,
            sent: Vec::new(),
            received: Vec::new(),
            expired: Vec::new(),
            outcome: None,
            quiet_since: 0,
            is_pinging: false,
            has_paused: false,
            has_changed: false,
        }
    }

    /// Does what can be done now. Returns whether that was anything.
    pub(crate) fn turn(
        &mut self,
        now: u64,
        from: &mut Pipe,
        to: &mut Pipe,
        random: &mut Random,
    ) -> bool {
        if self.outcome.is_some() {
            return false;
        }
        let progress = self.act(now) | self.read(now, from, random) | self.write(now, to, random);
        match self.ws.transport_action() {
            TransportAction::ShutdownWrite => {
                to.shut_down(now);
                self.ws.sent_eof();
            }
            TransportAction::Disconnect => self.outcome = self.outcome.or(Some(Outcome::Done)),
            _ => {}
        }
        let progress = progress | (self.outcome.is_none() && self.poll(now));
        if self.outcome.is_some() {
            to.shut_down(now);
            from.drop_reader();
        }
        progress
    }

    fn act(&mut self, now: u64) -> bool {
        let mut has_acted = false;
        while self.next_action() <= now {
            let Some((_, action)) = self.plan.pop_front() else { break };
            has_acted |= match action {
                Action::Send(message) => {
                    let result = match std::str::from_utf8(&message) {
                        Ok(text) => self.ws.send_text(text),
                        Err(_) => self.ws.send_binary(&message),
                    };
                    if result.is_ok() {
                        self.sent.push(message);
                    }
                    result.is_ok()
                }
                Action::Ping => self.ws.ping(b"there?").is_ok(),
                Action::Close => self.ws.close(CloseCode::NORMAL, "").is_ok(),
            };
        }
        if has_acted {
            self.has_happened(now);
        }
        has_acted
    }

    fn read(&mut self, now: u64, from: &mut Pipe, random: &mut Random) -> bool {
        let mut has_read = false;
        loop {
            let is_held_back = self.habits.is_half_duplex && self.ws.has_output();
            let action = self.ws.transport_action();
            if is_held_back {
                self.timers.reading_paused();
                self.has_paused = true;
            }
            if is_held_back
                || matches!(action, TransportAction::Flush | TransportAction::Disconnect)
            {
                return has_read;
            }
            match from.read(now, random.between(1, 200) as usize) {
                Read::Nothing => return has_read,
                Read::Eof => {
                    self.ws.receive_eof();
                }
                Read::Bytes(mut bytes) => {
                    let mut input = Input::new(&mut bytes[..]);
                    while let Some(event) = self.ws.receive(&mut input).unwrap() {
                        match event {
                            Event::Text(text) => self.received.push(text.as_bytes().to_vec()),
                            Event::Binary(data) => self.received.push(data.to_vec()),
                            _ => {}
                        }
                    }
                }
            }
            has_read = true;
            self.has_happened(now);
        }
    }

    fn write(&mut self, now: u64, to: &mut Pipe, random: &mut Random) -> bool {
        let mut has_written = false;
        while self.ws.has_output() {
            let output = self.ws.output();
            match to.write(now, output.chunk(), random) {
                Ok(0) => break,
                Ok(len) => output.advance(len),
                Err(_) => {
                    self.outcome = Some(Outcome::Broken);
                    return true;
                }
            }
            has_written = true;
            if !self.is_pinging {
                self.has_happened(now);
            }
        }
        self.is_pinging &= self.ws.has_output();
        has_written
    }

    /// Polls the timers. Returns whether that has changed anything.
    fn poll(&mut self, now: u64) -> bool {
        if self.habits.is_lazy && now < self.deadline {
            return false;
        }
        let had = self.ws.output_len();
        let is_due = now >= self.deadline && !self.has_changed && self.deadline > 0;
        self.has_changed = false;
        let has_paused = std::mem::take(&mut self.has_paused);
        match self.timers.poll(&mut self.ws, Duration::from_millis(now)) {
            Ok(deadline) => {
                let deadline = deadline.unwrap_or(Duration::MAX);
                assert!(deadline > Duration::from_millis(now), "a deadline that has passed");
                let has_pinged = self.ws.output_len() > had;
                // An end that polls only at deadlines learns there that its ping was not taken. A
                // pause moves the deadlines for the peer.
                let has_use = has_pinged || has_paused || self.habits.is_lazy && self.is_pinging;
                assert!(has_use || !is_due, "a deadline at {now} for nothing, next {deadline:?}");
                self.deadline = u64::try_from(deadline.as_millis()).unwrap_or(NEVER);
                self.is_pinging |= has_pinged && had == 0;
                has_pinged
            }
            Err(why) => {
                self.expired.push(why);
                if why == Expired::MessageTimeout && self.habits.is_polite {
                    self.has_happened(now);
                    // Poll again when the Close is written.
                    self.deadline = now;
                } else {
                    self.outcome = Some(Outcome::Dropped(why));
                }
                true
            }
        }
    }

    fn has_happened(&mut self, now: u64) {
        self.quiet_since = now;
        self.is_pinging = false;
        self.has_changed = true;
    }

    pub(crate) fn next_action(&self) -> u64 {
        self.plan.front().map_or(NEVER, |(at, _)| *at)
    }

    /// Returns how long an end may live without any progress.
    pub(crate) fn bound(&self) -> u64 {
        let Timeouts { ping, pong, write, close, .. } = self.limits;
        let [ping, pong, write, close] = [ping, pong, write, close].map(Option::unwrap);
        let bound = (ping + pong.max(write)).max(close).as_millis() as u64;
        // If an end polls only at deadlines, it may notice a silence one deadline late.
        if self.habits.is_lazy { 2 * bound } else { bound }
    }

    pub(crate) fn check_liveness(&mut self, now: u64) {
        let quiet = now - self.quiet_since;
        let bound = self.bound();
        assert!(
            self.outcome.is_some() || quiet <= bound,
            "quiet for {quiet} of {bound} ms at {now}"
        );
        // Only messages of the application and a few control frames are pending.
        assert!(self.ws.output().remaining() <= 6_000);
    }
}

/// Returns a plan of a few messages and pings, over 8 seconds.
fn plan(random: &mut Random) -> VecDeque<(u64, Action)> {
    let mut at = 0;
    let mut plan = VecDeque::new();
    for _ in 0..random.between(0, 8) {
        at += random.between(0, 1) * random.between(0, 2_000);
        let action = if random.chance(20) {
            Action::Ping
        } else {
            let len = random.between(0, 3).pow(4) * random.between(0, 8);
            let first = random.between(0, 1) * 0x80;
            Action::Send((0..len).map(|_| (first + random.between(0x20, 0x7E)) as u8).collect())
        };
        plan.push_back((at, action));
    }
    plan
}
