//! The counters that timers compare.

use crate::connection::{Connection, State};

/// What has happened on a connection so far, for
/// [`Timers::poll_activity`](super::Timers::poll_activity).
///
/// `received` and `sent` never decrease. [`Timers::poll`](super::Timers::poll) reads the counters
/// from a [`Connection`]. To time something else, such as a relay, fill them in yourself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// Bytes received so far.
    pub received: u64,
    /// Bytes of output that the transport has taken so far.
    pub sent: u64,
    /// Bytes of output that wait for the transport to take them.
    pub pending: u64,
    /// The offset, in the bytes received, at which the unfinished message began, or the unfinished
    /// control frame between two messages. `None` if nothing is unfinished.
    pub message: Option<u64>,
    /// Bytes of payload received of that message. Control frames inside it do not count.
    pub message_received: u64,
    /// The state of the connection. [`State::Open`] by default.
    pub state: State,
}

impl Activity {
    /// No activity, and the connection is open.
    pub const NONE: Activity = Activity {
        received: 0,
        sent: 0,
        pending: 0,
        message: None,
        message_received: 0,
        state: State::Open,
    };

    pub(super) fn of(ws: &Connection) -> Self {
        Activity {
            received: ws.bytes_received(),
            sent: ws.bytes_sent(),
            pending: ws.output_len() as u64,
            message: ws.unfinished(),
            message_received: ws.message_received(),
            state: ws.state(),
        }
    }
}

impl Default for Activity {
    fn default() -> Self {
        Activity::NONE
    }
}
