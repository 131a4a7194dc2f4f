//! What a connection may do and hold.

use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroUsize;

use crate::frame::Limits;
use crate::role::Role;

/// The role, the limits and the source of mask keys of any number of connections.
///
/// A client's configuration cannot be made without a source of mask keys, RFC 6455 §10.3, so that
/// no connection lacks one. Many connections share one configuration by `Arc<Config>`.
///
/// ```
/// let mut config = sansock::Config::server();
/// config.limits.message = 1 << 20;
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    masking: Masking,
    /// What the peer may send at most.
    pub limits: Limits,
    /// Whether messages are told of when they are whole, or as they arrive. Whole by default.
    pub delivery: Delivery,
    /// How the peer's pings are answered. All are, by default.
    pub pings: PingPolicy,
    /// The largest payload of a frame that is sent. Longer messages are sent in fragments of this
    /// size, RFC 6455 §5.4, so that control frames and other streams of the transport need not wait
    /// for all of them. There is no limit by default, as most peers do best with one frame a
    /// message.
    ///
    /// It does not apply to a [`PreparedMessage`](crate::message::PreparedMessage), nor to the fragments of a
    /// [`MessageWriter`](super::MessageWriter), which are as long as you make them.
    pub fragment_size: Option<NonZeroUsize>,
    /// Once this many bytes of output wait, messages, pings and pongs of yours are refused until some
    /// are written: the output is at most this and one message. Answers to pings and closes are
    /// queued all the same. 1 MiB by default; `None` is no limit.
    ///
    /// Ask [`is_full`](super::Connection::is_full) before each
    /// [`receive`](super::Connection::receive), and write first if it is, so that an answer is never
    /// refused.
    pub max_output: Option<usize>,
}

impl Config {
    /// For servers, which mask nothing.
    pub fn server() -> Self {
        Config::with_masking(Masking::Server)
    }

    /// For clients, with mask keys from the thread's random number generator, which the operating
    /// system seeds. Where the system cannot, a client panics at its first frame.
    #[cfg(feature = "rand")]
    pub fn client() -> Self {
        Config::with_masking(Masking::ThreadRng)
    }

    /// For clients, with a source of mask keys of one's own.
    ///
    /// It is asked once for every frame. RFC 6455 §5.3, §10.3: its keys must come from a strong
    /// source of entropy, so that nobody who chooses payloads can foretell a key.
    ///
    /// If it panics and you catch that, a message, a fragment or a ping of yours was not sent and can
    /// be tried again. Where a Close, a pong, or a message that is split by
    /// [`fragment_size`](Self::fragment_size) was to be sent, the connection has ended, and can only
    /// be dropped.
    pub fn client_with_mask_keys(keys: impl Fn() -> [u8; 4] + Send + Sync + 'static) -> Self {
        Config::with_masking(Masking::Source(Arc::new(keys)))
    }

    /// Which end these connections are.
    #[inline]
    pub fn role(&self) -> Role {
        match self.masking {
            Masking::Server => Role::Server,
            _ => Role::Client,
        }
    }

    /// Whether a message of this length is sent in one frame.
    #[inline]
    pub(super) fn is_one_frame(&self, len: usize) -> bool {
        self.fragment_size.is_none_or(|size| len <= size.get())
    }

    /// Whether no more may be queued behind this many bytes of output.
    #[inline]
    pub(super) fn is_full_at(&self, output_len: usize) -> bool {
        self.max_output.is_some_and(|max| output_len >= max)
    }

    /// The key for the next frame to be sent: fresh for each, and `None` for a server's.
    #[inline]
    pub(super) fn next_mask_key(&self) -> Option<[u8; 4]> {
        match &self.masking {
            Masking::Server => None,
            #[cfg(feature = "rand")]
            Masking::ThreadRng => Some(rand::random::<u32>().to_ne_bytes()),
            Masking::Source(keys) => Some(keys()),
        }
    }

    /// Returns the limits that hold: lowered to what can be allocated, unless messages are streamed.
    pub(super) fn message_limits(&self) -> Limits {
        match self.delivery {
            Delivery::Whole => self.limits.allocatable(),
            Delivery::Streaming => self.limits,
        }
    }

    fn with_masking(masking: Masking) -> Self {
        Config {
            masking,
            limits: Limits::DEFAULT,
            delivery: Delivery::Whole,
            pings: PingPolicy::AnswerAll,
            fragment_size: None,
            max_output: Some(1 << 20),
        }
    }
}

/// How messages are told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// Each as one event, when the last of it is there: [`Event::Text`](super::Event::Text) and
    /// [`Event::Binary`](super::Event::Binary).
    #[default]
    Whole,
    /// In chunks, as they arrive, also from within a frame:
    /// [`Event::TextChunk`](super::Event::TextChunk) and
    /// [`Event::BinaryChunk`](super::Event::BinaryChunk). Nothing is reassembled, so that a message
    /// of any length takes no memory; the limits hold all the same, and are to be raised for such.
    ///
    /// ```
    /// use sansock::connection::Delivery;
    /// use sansock::{Config, Connection, Event, Input};
    ///
    /// let mut config = Config::server();
    /// config.delivery = Delivery::Streaming;
    /// let mut server = Connection::new(config);
    /// // A masked "Hello", RFC 6455 §5.7, of which the second read brings the last two letters.
    /// let mut first = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d";
    /// let mut second = *b"\x51\x58";
    ///
    /// let mut hello = String::new();
    /// for (read, expected) in [(&mut first[..], ("Hel", false)), (&mut second, ("lo", true))] {
    ///     let mut input = Input::new(read);
    ///     while let Some(event) = server.receive(&mut input)? {
    ///         let Event::TextChunk { text, last } = event else { panic!() };
    ///         assert_eq!((text.as_str(), last), expected); // lent from where it was read to
    ///         hello.push_str(&text);
    ///     }
    /// }
    /// assert_eq!(hello, "Hello");
    /// # Ok::<(), sansock::ProtocolError>(())
    /// ```
    Streaming,
}

/// How the peer's pings are answered, RFC 6455 §5.5.2, §5.5.3.
///
/// ```
/// use sansock::Config;
/// use sansock::connection::{ExcessPings, PingPolicy};
///
/// let mut config = Config::server();
/// config.pings =
///     PingPolicy::Budget { burst: 10, per_second: 1, excess: ExcessPings::FailConnection };
/// ```
///
/// Whatever the policy, a flood of pings does not fill the output: while a pong waits in it and more
/// than a kilobyte of other bytes, only the latest ping is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PingPolicy {
    /// Every ping is answered.
    #[default]
    AnswerAll,
    /// No ping is answered: the application does so, by
    /// [`Connection::pong`](super::Connection::pong).
    Manual,
    /// As many pings are answered as a budget allows.
    Budget {
        /// How many pings are answered back to back, four million at most.
        burst: u32,
        /// How many more of them are answered each second after that, up to `burst` again. As
        /// nothing here reads a clock, [`Timers`](crate::timer::Timers) tell of time: without them
        /// there are no more.
        per_second: u32,
        /// What becomes of further pings.
        excess: ExcessPings,
    },
}

/// What becomes of pings beyond the budget of a [`PingPolicy`]. All are events, but for the one that
/// fails the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExcessPings {
    /// At most one pong is queued, beside the pong for the latest ping.
    #[default]
    Coalesce,
    /// The connection fails with 1008.
    FailConnection,
    /// They are left to the application.
    Manual,
}

#[derive(Clone)]
enum Masking {
    Server,
    #[cfg(feature = "rand")]
    ThreadRng,
    Source(Arc<dyn Fn() -> [u8; 4] + Send + Sync>),
}

impl fmt::Debug for Masking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Masking::Server => "Server",
            #[cfg(feature = "rand")]
            Masking::ThreadRng => "ThreadRng",
            Masking::Source(_) => "Source",
        })
    }
}
