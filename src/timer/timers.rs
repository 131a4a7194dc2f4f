//! The timers of one connection.

use alloc::sync::Arc;
use core::mem;
use core::time::Duration;

use super::timeouts::{FOR_EVER, MILLIS, left};
use super::{Activity, Expired, Timeouts, lag::Lag};
use crate::connection::{Connection, State};

/// The timers of one connection, in 96 bytes.
///
/// At each poll they look at how much was received, and how much output was taken, since the last
/// poll. Each of them starts to count at the first poll that sees its cause:
///
/// * If nothing comes from a peer, it is sent a ping, without a payload and one at a time. If still
///   nothing comes after the transport has taken the ping, the peer is dropped. The pong is
///   delivered as [`Event::Pong`](crate::Event::Pong), which you can ignore.
/// * If the transport takes output more slowly than a minimum rate, it is dropped.
/// * If the peer does not do its part in closing, it is dropped.
/// * If a message comes too slowly, the connection fails. The same is true for a control frame or a
///   header of which only a part comes.
///
/// All of these count at the same time. What a peer does for one of them gains it no time for
/// another. Time in which you did not read counts as well, unless you call
/// [`reading_paused`](Self::reading_paused). Only the wait for the end of the connection begins
/// later, when all output is written.
///
/// See the [module](super) for an example.
#[derive(Clone, Debug)]
pub struct Timers {
    timeouts: Arc<Timeouts>,
    /// The time of the last poll, in milliseconds.
    polled: u64,
    /// [`Activity::received`] at the last poll.
    received: u64,
    /// [`Activity::sent`] at the last poll.
    sent: u64,
    /// The value of `sent` at which all output of the last poll is taken: `sent <= queued_end`
    queued_end: u64,
    /// The value of `sent` at which the transport has begun to take the last ping.
    ping_begin: u64,
    /// The lag of the output behind its rate.
    write_lag: Lag,
    /// [`Activity::message`] at the last poll, or [`NO_MESSAGE`].
    message: u64,
    /// [`Activity::message_received`] at the last poll.
    message_received: u64,
    /// The lag of that message behind its rate.
    message_lag: Lag,
    /// Milliseconds since that message was first seen.
    message_time: u32,
    /// Milliseconds of waiting for what `awaited` names.
    peer_time: u32,
    awaited: Awaited,
    /// Whether the output at the last poll was only the ping that the poll itself had queued. The
    /// transport had not seen it yet.
    only_ping_queued: bool,
    /// Whether the caller has reported that it did not read since the last poll.
    paused: bool,
    /// Whether the caller has reported that a flush waits.
    flush_waits: bool,
}

/// What to do next, as returned by [`Timers::poll_activity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// The time for the next poll, as [`Timers::poll`] returns it.
    pub deadline: Option<Duration>,
    /// Whether the peer has been silent for [`Timeouts::ping`]. If so, send it a ping if you can.
    /// This is reported once for each silence. The peer has [`Timeouts::pong`] from now on, or from
    /// when the transport takes the next byte after the output that waits now.
    pub is_ping_due: bool,
}

/// What is expected from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// Any bytes.
    Bytes,
    /// Any bytes after our ping.
    Pong,
    /// The end of the connection.
    End,
}

/// What has happened between two polls.
struct Turn {
    /// Milliseconds that have passed.
    elapsed: u32,
    /// Bytes that were received.
    received: u64,
    /// Bytes of output that were taken, if some of the output of the previous poll is left.
    taken_in_part: Option<u64>,
    /// Whether there was no output at either poll, apart from a ping that was taken.
    is_flushed: bool,
    /// Whether the peer had the ping during all of this time, as far as is known.
    has_had_ping: bool,
    /// Whether the caller has reported that it did not read.
    is_paused: bool,
}

impl Timers {
    /// Creates the timers for a connection that begins now.
    ///
    /// `now` is the time since any moment that you choose. Use the same moment for every poll.
    pub fn new(timeouts: impl Into<Arc<Timeouts>>, now: Duration) -> Self {
        Timers {
            timeouts: timeouts.into(),
            polled: to_millis(now),
            received: 0,
            sent: 0,
            queued_end: 0,
            ping_begin: 0,
            write_lag: Lag::default(),
            message: NO_MESSAGE,
            message_received: 0,
            message_lag: Lag::default(),
            message_time: 0,
            peer_time: 0,
            awaited: Awaited::Bytes,
            only_ping_queued: false,
            paused: false,
            flush_waits: false,
        }
    }

    /// Looks at what has happened since the last poll, and queues a ping if one is due.
    ///
    /// Call it once a turn, after you have received everything that was read and the transport has
    /// taken as much output as it could. Also call it when the deadline has come, whether or not
    /// anything has happened. `ws` must always be the same connection. `now` is the time since the
    /// moment chosen for [`new`](Self::new). If `now` goes back, no time has passed, and counting
    /// continues from there.
    ///
    /// Returns the time for the next poll, counted from the same moment and later than `now`.
    /// Returns `None` if there is nothing to wait for, for example after the end. The time until
    /// then is `deadline.saturating_sub(now)`.
    ///
    /// # Errors
    ///
    /// [`Expired`] if the peer is to be dropped; you may just close the transport. Every further
    /// poll returns the same error as long as nothing changes.
    ///
    /// [`Expired::MessageTimeout`] is returned once. It has failed the connection as a protocol
    /// error does: the received part of the message is freed, and the rest will be dropped. A Close
    /// frame with 1008 is in the output, unless our Close was sent before. If you want the peer to
    /// know why, continue with [`transport_action`](Connection::transport_action) and with polls,
    /// which now time the end.
    pub fn poll(
        &mut self,
        ws: &mut Connection,
        now: Duration,
    ) -> Result<Option<Duration>, Expired> {
        let activity = self.with_what_is_held(Activity::of(ws));
        let elapsed = self.count(&activity, now);
        ws.let_pass(elapsed);
        let deadline = self.deadline(&activity).inspect_err(|expired| {
            if *expired == Expired::MessageTimeout {
                ws.fail_by_policy("message timed out: peer sent too slowly");
            }
        })?;
        // The ping has no payload: any byte is an answer to it, so its pong need not be recognized.
        // If the output is full, the ping is refused, and tried again at the next poll.
        if self.is_ping_due(&activity) && ws.ping(b"").is_ok() {
            return self.await_pong(&activity);
        }
        Ok(deadline)
    }

    /// Looks at what has happened since the last poll of something that is not a [`Connection`].
    ///
    /// You send pings and handle failures yourself: see [`Wait::is_ping_due`]. Otherwise it works
    /// like [`poll`](Self::poll).
    ///
    /// ```
    /// use core::time::Duration;
    /// use sansock::timer::{Activity, Expired, Timeouts, Timers};
    ///
    /// // A relay that sends no pings: a tunnel is idle after 30 + 20 seconds.
    /// let mut timers = Timers::new(Timeouts::DEFAULT, Duration::ZERO);
    /// let mut activity = Activity::NONE;
    /// activity.received = 100; // from either side
    /// let wait = timers.poll_activity(&activity, Duration::from_secs(5))?;
    /// assert_eq!((wait.deadline, wait.is_ping_due), (Some(Duration::from_secs(35)), false));
    /// let wait = timers.poll_activity(&activity, Duration::from_secs(35))?;
    /// assert_eq!((wait.deadline, wait.is_ping_due), (Some(Duration::from_secs(55)), true));
    /// assert_eq!(timers.poll_activity(&activity, Duration::from_secs(55)), Err(Expired::NoPong));
    /// # Ok::<(), Expired>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Expired`], as [`poll`](Self::poll). Each of them is returned again as long as nothing
    /// changes.
    pub fn poll_activity(&mut self, activity: &Activity, now: Duration) -> Result<Wait, Expired> {
        let activity = &self.with_what_is_held(*activity);
        self.count(activity, now);
        let deadline = self.deadline(activity)?;
        let is_ping_due = self.is_ping_due(activity);
        let deadline = if is_ping_due { self.await_pong(activity)? } else { deadline };
        Ok(Wait { deadline, is_ping_due })
    }

    /// Reports that you have not read since the last poll, for a reason of your own. For example,
    /// you do not read while output waits, or, in a proxy, while the other side is slow. Call it
    /// before the poll in each such turn, including the one in which you read again.
    ///
    /// The next poll does not count this time towards anything that the peer is expected to send,
    /// except towards the silence after which a ping is queued. Output must be taken all the same.
    ///
    /// If you wait for each write to end before you read, poll before the write. After the write,
    /// call this and poll again. Otherwise the time of the read would not count either, and a peer
    /// could stop the clock by pings that have to be answered.
    pub fn reading_paused(&mut self) {
        self.paused = true;
    }

    /// Reports that the transport holds output that it has taken, and that its flush waits. A TLS
    /// stream holds what its socket does not take. Call it before each poll as long as this is so.
    ///
    /// The next poll counts it as output that is not taken, so that it has a deadline too.
    pub fn flush_waits(&mut self) {
        self.flush_waits = true;
    }

    /// Returns the activity with a byte of output for what the transport holds.
    fn with_what_is_held(&mut self, mut activity: Activity) -> Activity {
        if mem::take(&mut self.flush_waits) {
            activity.pending = activity.pending.max(1);
        }
        activity
    }

    /// Counts what has happened since the last poll, and returns how many milliseconds have passed.
    fn count(&mut self, activity: &Activity, now: Duration) -> u32 {
        let turn = self.turn(activity, to_millis(now));
        self.count_write(&turn);
        self.count_peer(&turn, activity.state);
        self.count_message(&turn, activity);
        turn.elapsed
    }

    fn turn(&mut self, activity: &Activity, now: u64) -> Turn {
        let &Activity { received, sent, pending, .. } = activity;
        // A ping alone is usually written at once, and its time begins then.
        let was_flushed = !self.has_output() || self.only_ping_queued;
        let had_ping = self.has_ping() || self.only_ping_queued;
        let elapsed = u32::try_from(now.saturating_sub(self.polled)).unwrap_or(u32::MAX);
        let received_before = self.received;
        let taken_in_part = (self.queued_end > sent).then(|| sent.saturating_sub(self.sent));
        let is_paused = self.paused;

        (self.polled, self.received, self.sent) = (now, received, sent);
        self.queued_end = sent + pending;
        (self.only_ping_queued, self.paused) = (false, false);
        Turn {
            elapsed,
            received: received.saturating_sub(received_before),
            taken_in_part,
            is_flushed: was_flushed && pending == 0,
            has_had_ping: had_ping && self.has_ping(),
            is_paused,
        }
    }

    fn count_write(&mut self, turn: &Turn) {
        match turn.taken_in_part {
            Some(taken) if taken == 0 || self.timeouts.write_rate > 0 => {
                self.write_lag.count(turn.elapsed, self.write_rate(), taken);
            }
            _ => self.write_lag = Lag::default(),
        }
    }

    /// Returns the minimum rate of writes. If none is set, output is behind as long as none of it
    /// is taken.
    fn write_rate(&self) -> u32 {
        self.timeouts.write_rate.max(1)
    }

    fn count_peer(&mut self, turn: &Turn, state: State) {
        let awaited = match self.awaited {
            _ if state != State::Open => Awaited::End,
            _ if turn.received > 0 => Awaited::Bytes,
            awaited => awaited,
        };
        let has_come = awaited == Awaited::Bytes && turn.received > 0;
        let counts = match awaited {
            Awaited::Bytes => true,
            Awaited::Pong => turn.has_had_ping && !turn.is_paused,
            Awaited::End => turn.is_flushed && !turn.is_paused,
        };
        if has_come || awaited != self.awaited {
            (self.awaited, self.peer_time) = (awaited, 0);
        } else if counts {
            self.peer_time = self.peer_time.saturating_add(turn.elapsed);
        }
    }

    fn count_message(&mut self, turn: &Turn, activity: &Activity) {
        let message = activity.message.unwrap_or(NO_MESSAGE);
        let come = activity.message_received.saturating_sub(self.message_received);
        self.message_received = activity.message_received;
        if message != self.message {
            (self.message, self.message_time) = (message, 0);
            self.message_lag = Lag::default();
        } else if !turn.is_paused {
            self.message_lag.count(turn.elapsed, self.timeouts.message_rate, come);
            self.message_time = self.message_time.saturating_add(turn.elapsed);
        }
    }

    /// Returns `true` if the peer has been silent for so long that a ping is due, RFC 6455 §5.5.2.
    fn is_ping_due(&self, activity: &Activity) -> bool {
        activity.state == State::Open
            && self.awaited == Awaited::Bytes
            && left(self.timeouts.ping, self.peer_time) == 0
    }

    /// Starts to wait for the answer to a ping, and returns the time for the next poll. The ping is
    /// queued behind the output that there was at this poll.
    fn await_pong(&mut self, activity: &Activity) -> Result<Option<Duration>, Expired> {
        (self.awaited, self.peer_time) = (Awaited::Pong, 0);
        self.only_ping_queued = activity.pending == 0;
        self.ping_begin = activity.sent + activity.pending + 1;
        self.queued_end = self.ping_begin;
        self.deadline(activity)
    }

    /// Returns the time for the next poll: the earliest of all deadlines.
    fn deadline(&self, activity: &Activity) -> Result<Option<Duration>, Expired> {
        if activity.state == State::Ended && activity.pending == 0 {
            return Ok(None);
        }
        let left = self.left_for_write()?.min(self.left_for_message()?).min(self.left_for_peer()?);
        Ok(match left {
            FOR_EVER => None,
            left => Some(Duration::from_millis(self.polled.saturating_add(left))),
        })
    }

    fn left_for_write(&self) -> Result<u64, Expired> {
        if !self.has_output() || self.only_ping_queued {
            return Ok(FOR_EVER);
        }
        let left = self.write_lag.left(self.timeouts.write, self.write_rate());
        at_least_one(left, Expired::WriteStalled)
    }

    fn left_for_message(&self) -> Result<u64, Expired> {
        if self.message == NO_MESSAGE {
            return Ok(FOR_EVER);
        }
        let Timeouts { message, message_slack, message_rate, .. } = *self.timeouts;
        let by_rate = self.message_lag.left(message_slack, message_rate);
        at_least_one(by_rate.min(left(message, self.message_time)), Expired::MessageTimeout)
    }

    fn left_for_peer(&self) -> Result<u64, Expired> {
        match self.awaited {
            // A ping that is due and could not be queued is tried again at the next poll.
            Awaited::Bytes => Ok(match left(self.timeouts.ping, self.peer_time) {
                0 => FOR_EVER,
                left => left,
            }),
            Awaited::Pong if self.has_ping() || self.only_ping_queued => {
                at_least_one(left(self.timeouts.pong, self.peer_time), Expired::NoPong)
            }
            Awaited::End if !self.has_output() => {
                at_least_one(left(self.timeouts.close, self.peer_time), Expired::CloseTimeout)
            }
            // These wait for the write first.
            Awaited::Pong | Awaited::End => Ok(FOR_EVER),
        }
    }

    /// Returns `true` if there was output at the last poll.
    fn has_output(&self) -> bool {
        self.queued_end > self.sent
    }

    /// Returns `true` if the transport had taken the last ping at the last poll. If the caller
    /// could not send a ping, it returns `true` once all output was taken.
    fn has_ping(&self) -> bool {
        self.sent >= self.ping_begin || !self.has_output()
    }
}

/// Returns the milliseconds that are left, or the error if none are.
fn at_least_one(left: u64, expired: Expired) -> Result<u64, Expired> {
    if left == 0 { Err(expired) } else { Ok(left) }
}

/// Returns `time` in milliseconds, at most half a billion years.
fn to_millis(time: Duration) -> u64 {
    time.as_secs().saturating_mul(MILLIS).saturating_add(time.subsec_millis().into())
}

/// The offset that means that no message is unfinished.
const NO_MESSAGE: u64 = u64::MAX;
