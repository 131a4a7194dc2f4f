//! The deadlines of all connections of a thread: one timer for each, which is moved rarely.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// The timers of the connections, by their deadlines.
///
/// Most polls make a deadline later. Its timer stays where it is then: it fires too early, the
/// connection is polled, and its timer is set again. If a deadline becomes earlier, there is a
/// second timer, and the first one is out of date. So is the timer of a connection that has ended.
#[derive(Default)]
pub(crate) struct Deadlines {
    timers: BinaryHeap<Reverse<(Duration, usize)>>,
}

/// When the timer of a connection fires.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Alarm(Option<Duration>);

impl Deadlines {
    /// Lets the timer of the connection with this number fire at `deadline` or earlier.
    pub(crate) fn set(&mut self, number: usize, alarm: &mut Alarm, deadline: Option<Duration>) {
        let Some(deadline) = deadline else { return };
        if alarm.0.is_none_or(|fires| deadline < fires) {
            alarm.0 = Some(deadline);
            self.timers.push(Reverse((deadline, number)));
        }
    }

    /// Returns the time at which the next timer fires.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.timers.peek().map(|Reverse((deadline, _))| *deadline)
    }

    /// Removes a timer that has fired. Returns its time and the number of its connection.
    pub(crate) fn take_fired(&mut self, now: Duration) -> Option<(Duration, usize)> {
        self.next().filter(|deadline| *deadline <= now)?;
        self.timers.pop().map(|Reverse(timer)| timer)
    }
}

impl Alarm {
    /// Notes that a timer has fired at this time. Returns `true` if the connection is to be polled,
    /// and `false` if the timer was out of date.
    pub(crate) fn fire(&mut self, time: Duration) -> bool {
        let is_current = self.0 == Some(time);
        if is_current {
            self.0 = None;
        }
        is_current
    }
}
