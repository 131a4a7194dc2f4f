//! A WebSocket connection after its handshake: bytes in, events and bytes out.

mod config;
mod event;
mod memory;
mod opening;
mod parts;
mod ping_budget;
mod receive;
mod send;
mod state;
mod unsupported_extensions;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use bytes::Buf;

use crate::close::{CloseCode, CloseReason};
use crate::frame::{CloseBody, Decoder, MAX_CONTROL_PAYLOAD, ShortBytes};
use crate::message::{Assembler, ConnectionId};
use crate::negotiated::Negotiated;

pub use config::{Config, Delivery, ExcessPings, PingPolicy};
pub use event::Event;
pub use parts::{ConfigMismatch, Parts, Progress};
pub use receive::ReceiveError;
pub use send::{AdvanceError, CloseError, MessageWriter, Output, OutputWith, SendError, Unsent};
pub use state::{CloseStatus, State, TransportAction};
pub use unsupported_extensions::UnsupportedExtensions;

use ping_budget::PingBudget;
use send::OutgoingMessage;
use state::{Occurrence, Sending};

/// One end of a WebSocket connection, RFC 6455 §5 to §8, over a transport that the caller drives.
///
/// Nothing in it opens, reads, writes or waits. The caller owes it three things:
///
/// * **Receive**: give what was read to [`receive`](Self::receive) (or
///   [`receive_from_bytes_mut`](Self::receive_from_bytes_mut)), the same input again until it says `None`; or read to a
///   buffer of its own, for [`receive_buffered`](Self::receive_buffered). At the end
///   of the transport, call [`receive_eof`](Self::receive_eof).
/// * **Write**: after each of these and after each send, write [`output`](Self::output) to the
///   transport. That also holds after an error: the Close frame that tells the peer is in there. If
///   [`is_full`](Self::is_full), write before you receive more.
/// * **Obey** [`transport_action`](Self::transport_action), which says when to stop reading and how
///   to end the transport.
///
/// # Which call for what
///
/// | what was read is | call | a message is |
/// | --- | --- | --- |
/// | in a buffer of yours, which all connections may share | [`receive`](Self::receive) | borrowed if it is whole in the buffer, else reassembled |
/// | in a [`ReadBuffer`](crate::ReadBuffer) of this connection | [`receive_buffered`](Self::receive_buffered) | borrowed from there, also after many reads; reassembled from fragments |
/// | in a `BytesMut` | [`receive_from_bytes_mut`](Self::receive_from_bytes_mut) | split off from there, else reassembled |
/// | any of these, with [`Delivery::Streaming`] | the same | passed on in chunks as it arrives |
///
/// | to send | call | copies |
/// | --- | --- | --- |
/// | a short text or binary message | [`send_text`](Self::send_text), [`send_binary`](Self::send_binary) | once |
/// | a message that you own | [`send`](Self::send) | nothing from 4 KiB on |
/// | a ping or a Close | [`ping`](Self::ping), [`close`](Self::close) | |
/// | one message to many connections | [`send_prepared`](Self::send_prepared) | nothing from 256 bytes on, by servers |
/// | a long message that you borrow, to a transport that is ready | [`output_with_text`](Self::output_with_text), [`output_with_binary`](Self::output_with_binary) | what the transport does not take |
/// | a message that you do not have whole yet | [`start_text`](Self::start_text), [`start_binary`](Self::start_binary) | once |
///
/// Pings are answered and the closing handshake is completed by the connection itself. What it
/// holds in memory follows what has arrived and what is to be sent; an idle connection holds
/// nothing beside itself after [`release_buffers`](Self::release_buffers).
///
/// # Whose buffer is whose
///
/// Input belongs to the caller, and is overwritten: payloads are unmasked in place. A message that
/// lies whole and uncompressed in the input is lent from there; any other is owned by its event.
/// Events borrow the input and not the connection, so that it may be answered while they are held,
/// and so that one buffer serves any number of connections:
///
/// ```
/// use bytes::Buf;
/// use sansock::{Config, Connection, Event, Input};
///
/// let mut server = Connection::new(Config::server());
/// let mut other = Connection::new(Config::server());
/// // A masked "Hello", RFC 6455 §5.7, and the first half of another.
/// let mut buffer = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x81\x85\x37\xfa\x21\x3d\x7f";
///
/// let mut input = Input::new(&mut buffer[..]);
/// let Some(Event::Text(text)) = server.receive(&mut input)? else { panic!() };
/// server.send_text(&text)?; // while `text` is held, which is a part of `buffer`
/// assert_eq!(text.as_str(), "Hello");
/// assert!(server.receive(&mut input)?.is_none() && input.is_empty());
/// assert_eq!(server.output().chunk(), b"\x81\x05Hello");
///
/// // The same buffer for another connection; and the rest of the first one's message after that.
/// buffer[..6].copy_from_slice(b"\x89\x80\0\0\0\0");
/// assert!(matches!(other.receive(&mut Input::new(&mut buffer[..6]))?, Some(Event::Ping(_))));
/// buffer[..4].copy_from_slice(b"\x9f\x4d\x51\x58");
/// let Some(Event::Text(text)) = server.receive(&mut Input::new(&mut buffer[..4]))? else { panic!() };
/// assert_eq!(text.as_str(), "Hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An error does not excuse the write:
///
/// ```
/// use bytes::Buf;
/// use sansock::{Config, Connection, Input, TransportAction};
///
/// let mut server = Connection::new(Config::server());
/// let error = server.receive(&mut Input::new(&mut b"\x81\x05Hello".to_vec()[..])).unwrap_err();
/// assert_eq!(error.to_string(), "unmasked frame from a client at byte 1 (RFC 6455 §5.1)");
/// assert_eq!(server.transport_action(), TransportAction::Flush);
/// let close = server.output();
/// assert_eq!(close.chunk()[..4], [0x88, 30, 0x03, 0xEA]); // 1002
/// close.advance(close.remaining());
/// assert_eq!(server.transport_action(), TransportAction::ShutdownWrite);
/// ```
pub struct Connection {
    /// By what a [`ReadBuffer`](crate::ReadBuffer) knows whose bytes it holds.
    id: ConnectionId,
    config: Arc<Config>,
    decoder: Decoder,
    /// Whether messages are delivered in chunks.
    is_streaming: bool,
    /// What has come of a message that does not lie whole in one input, and memory for the next.
    assembler: Assembler,
    /// The control frame that a read has cut, apart from the message around it.
    control: Option<Box<ShortBytes<MAX_CONTROL_PAYLOAD>>>,
    output: Output,
    /// The message that is being sent in fragments.
    outgoing: Option<OutgoingMessage>,
    ping_budget: PingBudget,
    state: State,
    /// What the first Close that was received says of the end.
    closure: CloseStatus,
    /// Whether the caller has shut down the writing half of the transport.
    has_sent_eof: bool,
}

impl Connection {
    /// Returns a connection whose handshake is done, with what was negotiated in it.
    ///
    /// ```
    /// use sansock::{Config, Connection, Negotiated};
    ///
    /// // What `handshake` returns:
    /// let negotiated = Negotiated::default().with_subprotocol("chat");
    /// let server = Connection::from_negotiated(Config::server(), &negotiated)?;
    ///
    /// let negotiated = negotiated.with_extensions("x-unknown");
    /// let error = Connection::from_negotiated(Config::server(), &negotiated).unwrap_err();
    /// assert_eq!(error.to_string(), "negotiated extensions \"x-unknown\" are not supported");
    /// # Ok::<(), sansock::connection::UnsupportedExtensions>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnsupportedExtensions`] if an extension was negotiated: this crate implements none, and the
    /// peer may use it in its first frame. A [`Relay`](crate::frame::Relay) can pass such frames on.
    pub fn from_negotiated(
        config: impl Into<Arc<Config>>,
        negotiated: &Negotiated,
    ) -> Result<Self, UnsupportedExtensions> {
        Connection::check(negotiated)?;
        Ok(Connection::new(config))
    }

    /// Returns a connection whose handshake is done, and for which no extension was negotiated.
    ///
    /// After a handshake of this crate, use [`from_negotiated`](Self::from_negotiated).
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        Connection {
            id: ConnectionId::next(),
            decoder: Decoder::new(config.role()).with_limits(config.message_limits()),
            is_streaming: config.delivery == Delivery::Streaming,
            assembler: Assembler::default(),
            control: None,
            output: Output::default(),
            outgoing: None,
            ping_budget: PingBudget::full(config.pings),
            state: State::Open,
            closure: CloseStatus::Abnormal,
            has_sent_eof: false,
            config,
        }
    }

    /// The bytes to be written to the transport.
    pub fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// Whether there is anything to write.
    #[must_use]
    pub fn has_output(&self) -> bool {
        self.output.has_remaining()
    }

    /// How far the connection has come.
    pub fn state(&self) -> State {
        self.state
    }

    /// Returns what the transport should do next. It changes only when you call this connection or
    /// take bytes from its output.
    #[must_use]
    pub fn transport_action(&self) -> TransportAction {
        let sending = match (self.has_output(), self.has_sent_eof) {
            (true, _) => Sending::Queued,
            (false, true) => Sending::ShutDown,
            (false, false) => Sending::Written,
        };
        self.state.transport_action(self.config.role(), sending)
    }

    /// The configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Tells that the transport has ended, and says how the connection did, RFC 6455 §7.1.5.
    ///
    /// Output that is left may still be written where the transport can. Calling it again changes
    /// nothing.
    pub fn receive_eof(&mut self) -> CloseStatus {
        self.enter(Occurrence::Eof);
        self.closure
    }

    /// Reports that you have shut down the writing half of the transport, as
    /// [`TransportAction::ShutdownWrite`] asks. The action is [`TransportAction::AwaitEof`] from then
    /// on. Calling it again changes nothing.
    ///
    /// ```
    /// use bytes::Buf;
    /// use sansock::{Config, Connection, Input, TransportAction};
    ///
    /// let mut server = Connection::new(Config::server());
    /// // A masked Close without a code, RFC 6455 §5.5.1, which is answered.
    /// server.receive(&mut Input::new(&mut b"\x88\x80\0\0\0\0".to_vec()[..]))?;
    /// server.output().advance(2); // written
    /// assert_eq!(server.transport_action(), TransportAction::ShutdownWrite);
    /// // Here the program shuts down the writing half.
    /// server.sent_eof();
    /// assert_eq!(server.transport_action(), TransportAction::AwaitEof);
    /// # Ok::<(), sansock::ProtocolError>(())
    /// ```
    pub fn sent_eof(&mut self) {
        self.has_sent_eof = true;
    }

    /// Bytes of output that wait to be written, exactly.
    ///
    /// Where the peer reads slowly they become more, up to
    /// [`max_output`](Config::max_output), from which on messages are refused and handed back; what
    /// answers the peer is bounded by itself.
    ///
    /// ```
    /// use bytes::Buf;
    /// use sansock::{Config, Connection, Message, SendError};
    ///
    /// let mut config = Config::server();
    /// config.max_output = Some(10);
    /// let mut server = Connection::new(config);
    /// server.send_text("more than it should")?; // judged before it is added
    /// assert_eq!(server.output_len(), 2 + 19);
    /// let refused = server.send("later").unwrap_err();
    /// assert_eq!((refused.error, refused.message), (SendError::Full, Message::from("later")));
    ///
    /// server.output().advance(12); // written
    /// assert_eq!(server.output_len(), 9);
    /// server.send("later").unwrap();
    /// # Ok::<(), sansock::SendError>(())
    /// ```
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.output.remaining()
    }

    /// Whether messages, pings and pongs are refused as [`SendError::Full`]: as much output waits
    /// as [`Config::max_output`] allows.
    ///
    /// Ask before each [`receive`](Self::receive), and write first if it is: then whatever is
    /// received can be answered. What waits is never more than `max_output` and the answers to one
    /// event.
    ///
    /// ```
    /// use sansock::{Config, Connection};
    ///
    /// let mut config = Config::server();
    /// config.max_output = Some(5);
    /// let mut server = Connection::new(config);
    /// assert!(!server.is_full());
    /// server.send_text("Hello")?;
    /// assert!(server.is_full());
    /// # Ok::<(), sansock::SendError>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.config.is_full_at(self.output_len())
    }

    /// How many bytes were received so far, those that were swallowed included.
    pub(crate) fn bytes_received(&self) -> u64 {
        self.decoder.received()
    }

    /// How many bytes of output were taken so far.
    pub(crate) fn bytes_sent(&self) -> u64 {
        self.output.taken()
    }

    /// Where in the bytes received the message began, or the control frame between two, that is
    /// not whole yet.
    pub(crate) fn unfinished(&self) -> Option<u64> {
        self.decoder.unfinished()
    }

    /// How many bytes of payload were received of that message.
    pub(crate) fn message_received(&self) -> u64 {
        self.decoder.message_received()
    }

    /// Fails as by a protocol error, RFC 6455 §7.1.7, for a reason of policy (1008).
    pub(crate) fn fail_by_policy(&mut self, reason: &str) {
        self.fail_with(CloseCode::POLICY_VIOLATION, reason);
    }

    /// RFC 6455 §7.1.7: says why in a Close frame, and reads no more.
    #[cold]
    #[inline(never)]
    fn fail_with(&mut self, code: CloseCode, reason: &str) {
        let status = Some((code, CloseReason::truncated(reason)));
        self.queue_close(CloseBody { status }, Occurrence::Violation);
    }

    /// Refills the budget for answers to pings by what a time earns.
    pub(crate) fn refill_ping_budget(&mut self, millis: u32) {
        self.ping_budget.refill(self.config.pings, millis);
    }

    /// Moves on, and forgets what no later state needs.
    fn enter(&mut self, occurrence: Occurrence) {
        self.state = self.state.after(occurrence);
        self.outgoing = None;
        if !self.state.is_receiving() {
            self.decoder.stop();
            self.assembler = Assembler::default();
            self.control = None;
        }
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.config.role())
            .field("state", &self.state)
            .field("received", &self.bytes_received())
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}
