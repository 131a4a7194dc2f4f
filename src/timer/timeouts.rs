//! How long a peer may take.

use core::time::Duration;

/// How long a peer may take for what. `None`, or anything above 49 days, is for ever.
///
/// Any number of connections share one by `Arc<Timeouts>`. Time is counted in whole milliseconds,
/// and the least that a peer is given is one.
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
    /// How long nothing may be received until a ping is sent, RFC 6455 §5.5.2. 30 seconds by
    /// default, which is less than common routers and proxies wait.
    pub ping: Option<Duration>,
    /// How long nothing may be received after the transport has taken the ping. Any byte that is
    /// received is as good as the pong. It is time for the ping to pass what the transport has
    /// buffered, and for the answer to come back. 20 seconds by default.
    pub pong: Option<Duration>,
    /// How far the transport may fall behind [`write_rate`](Self::write_rate) while output waits, in
    /// time: a transport that takes nothing has this long. 60 seconds by default.
    ///
    /// Output that waited at one poll and was all taken by the next counts as in time, however
    /// little it was.
    pub write: Option<Duration>,
    /// The bytes a second that the transport has to take while output waits, so that a peer cannot
    /// hold output in memory by reading a byte now and then. 1024 by default. With 0, any byte is
    /// enough.
    pub write_rate: u32,
    /// How long the peer may take for its part of the end, RFC 6455 §7.1.1: its Close, where we
    /// sent ours first, and the end of the transport. Counted from when all output is written, the
    /// Close frame last. 10 seconds by default.
    pub close: Option<Duration>,
    /// How long a message may take from its first byte to its last, whatever its length and
    /// whatever else the peer does. For ever by default, as long messages may be honest.
    ///
    /// With a limit here, an unfinished message is held for at most this long, and waiting output
    /// for no longer than [`write`](Self::write) and [`write_rate`](Self::write_rate) allow. Time in
    /// which you did not read counts, unless you say that reading is
    /// [paused](super::Timers::reading_paused).
    pub message: Option<Duration>,
    /// How far a message may fall behind [`message_rate`](Self::message_rate), in time, so that a
    /// peer cannot keep one open with a byte now and then. 60 seconds by default, within which a
    /// peer that falls silent has had its ping.
    ///
    /// Sending faster than the rate earns no credit: after a pause of this length the peer has to
    /// keep up again.
    pub message_slack: Option<Duration>,
    /// The bytes of payload a second that a message has to come at. Control frames between its
    /// fragments do not count. 1024 by default; 0 is no limit.
    ///
    /// A peer that keeps a fragmented message open to send pieces of it for hours needs less.
    pub message_rate: u32,
}

impl Timeouts {
    /// What applies where nothing is set.
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

/// Milliseconds that are left of `limit` after `time`, or [`FOR_EVER`].
pub(super) fn left(timeout: Option<Duration>, time: u32) -> u64 {
    match limit(timeout) {
        FOR_EVER => FOR_EVER,
        limit => limit.saturating_sub(u64::from(time)),
    }
}

/// The milliseconds of a time limit, or [`FOR_EVER`] if there is none, or they are more than are counted:
/// `1 <= limit <= u32::MAX || limit == FOR_EVER`
pub(super) fn limit(timeout: Option<Duration>) -> u64 {
    let Some(timeout) = timeout else { return FOR_EVER };
    let part = timeout.subsec_nanos().div_ceil(1_000_000);
    let millis = timeout.as_secs().saturating_mul(MILLIS).saturating_add(part.into());
    if millis > u32::MAX.into() { FOR_EVER } else { millis.max(1) }
}

/// More milliseconds than any limit.
pub(super) const FOR_EVER: u64 = u64::MAX;

/// Milliseconds in a second.
pub(super) const MILLIS: u64 = 1_000;
