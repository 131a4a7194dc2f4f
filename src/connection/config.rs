//! The configuration of connections.

use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroUsize;

#[cfg(feature = "deflate")]
use crate::deflate::Deflate;
use crate::frame::Limits;
use crate::role::Role;

/// The configuration of connections: the role, the limits, and a client's source of mask keys.
///
/// Create it by [`server`](Self::server), `client` or
/// [`client_with_mask_keys`](Self::client_with_mask_keys), then set the fields. Any number of
/// connections can share one configuration by `Arc<Config>`.
///
/// A client's configuration cannot be created without a source of mask keys, RFC 6455 §10.3, so
/// every client connection has one.
///
/// ```
/// let mut config = sansock::Config::server();
/// config.limits.message = 1 << 20;
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    masking: Masking,
    /// The limits for what the peer sends.
    pub limits: Limits,
    /// Whether each message is delivered as one event or in chunks as it arrives. By default, as
    /// one event.
    pub delivery: Delivery,
    /// How the peer's pings are answered. By default, all of them are.
    pub pings: PingPolicy,
    /// The largest payload of one outgoing frame. Longer messages are sent in fragments of this
    /// size, RFC 6455 §5.4. Control frames and other streams of the transport then need not wait
    /// for the whole message. `None`, the default, means one frame for each message, which suits
    /// most peers best.
    ///
    /// It does not apply to a [`PreparedMessage`](crate::message::PreparedMessage), nor to the
    /// fragments of a [`MessageWriter`](super::MessageWriter), which are as long as you make them.
    pub fragment_size: Option<NonZeroUsize>,
    /// Once this many bytes of output are queued, your messages, pings and pongs are refused until
    /// some bytes are written. The output can exceed this limit by one message, and by the answers
    /// to pings and Closes, which are never refused. 1 MiB by default; `None` means no limit.
    ///
    /// Ask [`is_full`](super::Connection::is_full) before each
    /// [`receive`](super::Connection::receive), and write first if it returns `true`. Then your
    /// answers are not refused.
    pub max_output: Option<usize>,
    /// How messages are compressed, if both ends agree on it in the opening handshake. `None`, the
    /// default, is no compression. See [`deflate`](crate::deflate) for what not to compress.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Deflate>,
}

impl Config {
    /// Creates the configuration of servers, which do not mask.
    pub fn server() -> Self {
        Config::with_masking(Masking::Server)
    }

    /// Creates the configuration of clients, with mask keys from the thread's random number
    /// generator.
    ///
    /// The operating system seeds the generator. If it cannot, a client panics at its first frame.
    #[cfg(feature = "rand")]
    pub fn client() -> Self {
        Config::with_masking(Masking::ThreadRng)
    }

    /// Creates the configuration of clients, with your own source of mask keys.
    ///
    /// `keys` is called once for each frame. RFC 6455 §5.3, §10.3: the keys must come from a strong
    /// source of entropy, so that an attacker that chooses payloads cannot predict a key.
    ///
    /// If `keys` panics and you catch the panic, what you tried to send was not queued, and you can
    /// try again. There are three exceptions: a Close, an automatic pong, and a message that is
    /// split by [`fragment_size`](Self::fragment_size). After these the connection has ended, and
    /// you can only drop it.
    pub fn client_with_mask_keys(keys: impl Fn() -> [u8; 4] + Send + Sync + 'static) -> Self {
        Config::with_masking(Masking::Source(Arc::new(keys)))
    }

    /// Returns which end of the connection this configuration is for.
    #[inline]
    pub fn role(&self) -> Role {
        match self.masking {
            Masking::Server => Role::Server,
            _ => Role::Client,
        }
    }

    /// Returns `true` if a message of this length is sent in one frame.
    #[inline]
    pub(super) fn is_one_frame(&self, len: usize) -> bool {
        self.fragment_size.is_none_or(|size| len <= size.get())
    }

    /// Returns the length from which on a message is sent in fragments.
    #[cfg(feature = "deflate")]
    pub(super) fn one_frame_below(&self) -> usize {
        self.fragment_size.map_or(usize::MAX, |size| size.get().saturating_add(1))
    }

    /// Returns `true` if nothing more may be queued behind this many bytes of output.
    #[inline]
    pub(super) fn is_full_at(&self, output_len: usize) -> bool {
        self.max_output.is_some_and(|max| output_len >= max)
    }

    /// Returns a fresh mask key for the next outgoing frame, or `None` for a server.
    #[inline]
    pub(super) fn next_mask_key(&self) -> Option<[u8; 4]> {
        match &self.masking {
            Masking::Server => None,
            #[cfg(feature = "rand")]
            Masking::ThreadRng => Some(rand::random::<u32>().to_ne_bytes()),
            Masking::Source(keys) => Some(keys()),
        }
    }

    /// Returns the limits that apply. Unless messages are streamed, they are lowered to what can be
    /// allocated.
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
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }
}

/// How messages are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// Each message is one event, delivered when the message is whole:
    /// [`Event::Text`](super::Event::Text) or [`Event::Binary`](super::Event::Binary).
    #[default]
    Whole,
    /// Each message is delivered in chunks as it arrives, even within a frame:
    /// [`Event::TextChunk`](super::Event::TextChunk) or
    /// [`Event::BinaryChunk`](super::Event::BinaryChunk).
    ///
    /// Nothing is reassembled, so a message of any length takes no memory. The limits still apply:
    /// raise them for long messages.
    ///
    /// ```
    /// use sansock::connection::Delivery;
    /// use sansock::{Config, Connection, Event, Input};
    ///
    /// let mut config = Config::server();
    /// config.delivery = Delivery::Streaming;
    /// let mut server = Connection::new(config);
    /// // A masked "Hello", RFC 6455 §5.7. The second read brings the last two letters.
    /// let mut first = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d";
    /// let mut second = *b"\x51\x58";
    ///
    /// let mut hello = String::new();
    /// for (read, expected) in [(&mut first[..], ("Hel", false)), (&mut second, ("lo", true))] {
    ///     let mut input = Input::new(read);
    ///     while let Some(event) = server.receive(&mut input)? {
    ///         let Event::TextChunk { text, last } = event else { panic!() };
    ///         assert_eq!((text.as_str(), last), expected); // borrowed from the input
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
/// With every policy, a flood of pings does not fill the output. While at least 1 KiB of output is
/// queued with an automatic pong in it, only the latest ping is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PingPolicy {
    /// Every ping is answered.
    #[default]
    AnswerAll,
    /// No ping is answered automatically. The application answers by
    /// [`Connection::pong`](super::Connection::pong).
    Manual,
    /// Pings are answered as long as a budget allows.
    Budget {
        /// The full budget: how many pings are answered back to back. Four million at most.
        burst: u32,
        /// How many pings each second adds to the budget, up to `burst`. A connection reads no
        /// clock: [`Timers`](crate::timer::Timers) pass the time to it. Without them, nothing is
        /// added.
        per_second: u32,
        /// What happens to further pings.
        excess: ExcessPings,
    },
}

/// What happens to pings beyond the budget of a [`PingPolicy`].
///
/// Each of them is still delivered as an event, except one that fails the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExcessPings {
    /// While an automatic pong is queued, only the latest of them is answered.
    #[default]
    Coalesce,
    /// The connection fails with 1008.
    FailConnection,
    /// They are not answered automatically: the application may answer them.
    Manual,
}

/// The role, and a client's source of mask keys.
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
