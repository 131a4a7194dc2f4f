//! What timers look at.

use crate::connection::{Connection, State};

/// What has happened on a connection so far, for [`Timers::poll_activity`](super::Timers::poll_activity).
///
/// The counters never go back. [`Timers::poll`](super::Timers::poll) reads them from a
/// [`Connection`]; fill them in yourself to time something else, such as a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// Bytes received so far.
    pub received: u64,
    /// Bytes of output that the transport has taken so far.
    pub sent: u64,
    /// Bytes of output that wait to be taken.
    pub pending: u64,
    /// The offset, in the bytes received, at which the message that is not complete yet began, or
    /// the control frame between two messages. `None` if there is none.
    pub message: Option<u64>,
    /// Bytes of payload received of that message. Control frames inside it do not count.
    pub message_received: u64,
    /// How far the connection has come. [`State::Open`] by default.
    pub state: State,
}

impl Activity {
    /// Nothing has happened, and the connection is open.
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
