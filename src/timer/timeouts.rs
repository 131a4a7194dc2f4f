//! Time limits for a peer.

use core::time::Duration;

/// The time limits for a peer. `None`, or anything above 49 days, means no limit.
///
/// Any number of connections can share one `Arc<Timeouts>`. Time is counted in whole milliseconds,
/// and the shortest limit is one millisecond.
///
/// ```
/// use core::time::Duration;
///
/// let mut timeouts = sansock::timer::Timeouts::DEFAULT;
/// timeouts.ping = Some(Duration::from_secs(10));
/// timeouts.message = Some(Duration::from_secs(600));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Timeouts {
    /// How long nothing may be received before a ping is sent, RFC 6455 §5.5.2. 30 seconds by
    /// default, which is less than common routers and proxies wait.
    pub ping: Option<Duration>,
    /// How long nothing may be received after the transport has taken the ping. Any received byte
    /// is as good as the pong. In this time the ping must pass what the transport has buffered, and
    /// the answer must come back. 20 seconds by default.
    pub pong: Option<Duration>,
    /// How far the transport may fall behind [`write_rate`](Self::write_rate) while output waits,
    /// as a time. If the transport takes nothing, it has this long. 60 seconds by default.
    ///
    /// If output waited at one poll and all of it was taken by the next, it counts as in time,
    /// however little it was.
    pub write: Option<Duration>,
    /// The minimum bytes per second that the transport must take while output waits, so that a peer
    /// cannot hold output in memory by reading a byte now and then. 1024 by default. With 0, any
    /// byte is enough.
    pub write_rate: u32,
    /// How long the peer may take for its part of closing, RFC 6455 §7.1.1: its Close, if we sent
    /// ours first, and the end of the transport. Counted from when all output is written, of which
    /// the Close frame is the last. 10 seconds by default.
    pub close: Option<Duration>,
    /// How long a message may take from its first byte to its last, whatever its length and
    /// whatever else the peer does. No limit by default, because long messages may be legitimate.
    ///
    /// With a limit here, an unfinished message is held for at most this long, and waiting output
    /// for no longer than [`write`](Self::write) and [`write_rate`](Self::write_rate) allow. Time
    /// in which you did not read counts, unless you report that reading is
    /// [paused](super::Timers::reading_paused).
    pub message: Option<Duration>,
    /// How far a message may fall behind [`message_rate`](Self::message_rate), as a time, so that a
    /// peer cannot keep a message open with a byte now and then. 60 seconds by default. A peer that
    /// falls silent has been sent a ping by then.
    ///
    /// Sending faster than the rate earns no credit: after a pause of this length, the peer must
    /// keep up with the rate again.
    pub message_slack: Option<Duration>,
    /// The minimum bytes of payload per second for a message. Control frames between its fragments
    /// do not count. 1024 by default; 0 means no minimum.
    ///
    /// Set a lower rate if peers keep a fragmented message open and send fragments for hours.
    pub message_rate: u32,
}

impl Timeouts {
    /// The default time limits.
    pub const DEFAULT: Timeouts = Timeouts {
        ping: Some(Duration::from_secs(30)),
        pong: Some(Duration::from_secs(20)),
        write: Some(Duration::from_secs(60)),
        write_rate: 1024,
        close: Some(Duration::from_secs(10)),
        message: None,
        message_slack: Some(Duration::from_secs(60)),
        message_rate: 1024,
    };
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts::DEFAULT
    }
}

/// Returns the milliseconds that are left of `timeout` after `time`, or [`FOR_EVER`].
pub(super) fn left(timeout: Option<Duration>, time: u32) -> u64 {
    match limit(timeout) {
        FOR_EVER => FOR_EVER,
        limit => limit.saturating_sub(u64::from(time)),
    }
}

/// Returns a time limit in milliseconds, or [`FOR_EVER`] if there is no limit or it is longer than
/// can be counted: `1 <= limit <= u32::MAX || limit == FOR_EVER`
pub(super) fn limit(timeout: Option<Duration>) -> u64 {
    let Some(timeout) = timeout else { return FOR_EVER };
    let part = timeout.subsec_nanos().div_ceil(1_000_000);
    let millis = timeout.as_secs().saturating_mul(MILLIS).saturating_add(part.into());
    if millis > u32::MAX.into() { FOR_EVER } else { millis.max(1) }
}

/// No limit: more milliseconds than any limit has.
pub(super) const FOR_EVER: u64 = u64::MAX;

/// Milliseconds in a second.
pub(super) const MILLIS: u64 = 1_000;
