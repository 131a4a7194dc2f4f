//! A WebSocket connection after its handshake: bytes in, events and bytes out.

#[cfg(feature = "deflate")]
mod compression;
mod config;
mod event;
mod ping_budget;
mod state;
mod unsupported_extensions;

// The documentation of `Connection` shows its methods in the order of these modules.
mod create;

mod receive;

mod send;

mod transport;

mod closing;

#[cfg(feature = "handshake")]
mod opening;

mod memory;

mod parts;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::close::{CloseCode, CloseReason};
use crate::frame::{CloseBody, Decoder, MAX_CONTROL_PAYLOAD, ShortBytes};
use crate::message::{Assembler, ConnectionId};

pub use config::{Config, Delivery, ExcessPings, PingPolicy};
pub use event::Event;
pub use parts::{ConfigMismatch, Parts, Progress};
pub use receive::ReceiveError;
pub use send::{AdvanceError, CloseError, MessageWriter, Output, OutputWith, SendError, Unsent};
pub use state::{CloseStatus, State, TransportAction};
pub use unsupported_extensions::UnsupportedExtensions;

#[cfg(feature = "deflate")]
use compression::Compression;
use ping_budget::PingBudget;
use send::OutgoingMessage;
use state::Occurrence;

/// One end of a WebSocket connection after its handshake, RFC 6455 §5 to §8.
///
/// A connection does no I/O: it never opens, reads, writes or waits. Your program moves the bytes,
/// over any transport, and does three things:
///
/// * **Receive.** Pass what you read to [`receive`](Self::receive), and call it again with the same
///   input until it returns `None`. When the transport ends, call
///   [`receive_eof`](Self::receive_eof).
/// * **Write.** After each call that receives or sends, write [`output`](Self::output) to the
///   transport. Do this after an error as well: the Close frame that tells the peer is in the
///   output. If [`is_full`](Self::is_full) returns `true`, write before you receive more.
/// * **Obey.** Do what [`transport_action`](Self::transport_action) returns. It says when to stop
///   reading and how to end the transport.
///
/// The connection answers pings and completes the closing handshake by itself.
///
/// # Which call for what
///
/// | you read into | call | a message is |
/// | --- | --- | --- |
/// | a buffer of yours, which all connections may share | [`receive`](Self::receive) | borrowed if it is one frame, whole in the buffer; otherwise reassembled |
/// | a [`ReadBuffer`](crate::ReadBuffer) of this connection | [`receive_buffered`](Self::receive_buffered) | borrowed if it is one frame, even after many reads; reassembled from fragments |
/// | a `BytesMut` | [`receive_from_bytes_mut`](Self::receive_from_bytes_mut) | split off if it is one frame, whole in the buffer; otherwise reassembled |
/// | any of these, with [`Delivery::Streaming`] | the same | delivered in chunks as it arrives |
///
/// | to send | call | copies |
/// | --- | --- | --- |
/// | a short text or binary message | [`send_text`](Self::send_text), [`send_binary`](Self::send_binary) | one |
/// | a message that you own | [`send`](Self::send) | none from 4 KiB on |
/// | one message to many connections | [`send_prepared`](Self::send_prepared) | none from 256 bytes on, by servers |
/// | a long message that you borrow, to a transport that is ready | [`output_with_text`](Self::output_with_text), [`output_with_binary`](Self::output_with_binary) | only of what the transport does not take |
/// | a message that you do not have whole yet | [`start_text`](Self::start_text), [`start_binary`](Self::start_binary) | one |
/// | a ping or a Close | [`ping`](Self::ping), [`close`](Self::close) | |
///
/// # Whose buffer is whose
///
/// Input belongs to the caller and is overwritten: payloads are unmasked in place. A message that
/// is one frame, whole in the input, is borrowed from there. Any other message is owned by its
/// event.
///
/// Events borrow the input, not the connection. So you can answer while you hold an event, and one
/// buffer serves any number of connections:
///
/// ```
/// use bytes::Buf;
/// use sansock::{Config, Connection, Event, Input};
///
/// let mut server = Connection::new(Config::server());
/// let mut other = Connection::new(Config::server());
/// // A masked "Hello", RFC 6455 §5.7, and the first seven bytes of a second one.
/// let mut buffer = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x81\x85\x37\xfa\x21\x3d\x7f";
///
/// let mut input = Input::new(&mut buffer[..]);
/// let Some(Event::Text(text)) = server.receive(&mut input)? else { panic!() };
/// server.send_text(&text)?; // `text` is still held: it borrows `buffer`
/// assert_eq!(text.as_str(), "Hello");
/// assert!(server.receive(&mut input)?.is_none() && input.is_empty());
/// assert_eq!(server.output().chunk(), b"\x81\x05Hello");
///
/// // Another connection uses the same buffer. Then the rest of the first one's message arrives.
/// buffer[..6].copy_from_slice(b"\x89\x80\0\0\0\0");
/// assert!(matches!(other.receive(&mut Input::new(&mut buffer[..6]))?, Some(Event::Ping(_))));
/// buffer[..4].copy_from_slice(b"\x9f\x4d\x51\x58");
/// let Some(Event::Text(text)) = server.receive(&mut Input::new(&mut buffer[..4]))? else { panic!() };
/// assert_eq!(text.as_str(), "Hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The memory of a connection follows what has arrived and what is queued. After
/// [`release_buffers`](Self::release_buffers), an idle connection holds no buffers.
///
/// # After an error
///
/// Write the output, and obey the action, as always:
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
    /// Marks the bytes in a [`ReadBuffer`](crate::ReadBuffer) as this connection's.
    id: ConnectionId,
    config: Arc<Config>,
    decoder: Decoder,
    /// Whether messages are delivered in chunks.
    is_streaming: bool,
    /// Whether every piece of a message is reassembled: messages are neither streamed nor inflated.
    only_reassembles: bool,
    /// What has arrived of a message that is not whole in one input, and memory for the next one.
    assembler: Assembler,
    /// The control frame that a read has cut. It may be between the pieces of a message.
    control: Option<Box<ShortBytes<MAX_CONTROL_PAYLOAD>>>,
    output: Output,
    /// The message that is being sent in fragments.
    outgoing: Option<OutgoingMessage>,
    /// The length from which on a message may not be one frame. 0 if it may have to be compressed.
    #[cfg(feature = "deflate")]
    one_frame_below: usize,
    /// What permessage-deflate needs, if it was agreed on.
    #[cfg(feature = "deflate")]
    compression: Option<Box<Compression>>,
    ping_budget: PingBudget,
    state: State,
    /// How the connection ends, by the first Close that was received.
    closure: CloseStatus,
    /// Whether the caller has shut down the writing half of the transport.
    has_sent_eof: bool,
}

/// Configuration.
impl Connection {
    /// Returns the configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Returns how many bytes were received so far, including those that were discarded.
    pub fn bytes_received(&self) -> u64 {
        self.decoder.received()
    }

    /// Returns how many bytes of output the transport has taken so far.
    pub fn bytes_sent(&self) -> u64 {
        self.output.taken()
    }

    /// Returns the offset, in the bytes received, of the unfinished message or of the unfinished
    /// control frame between two messages.
    pub(crate) fn unfinished(&self) -> Option<u64> {
        self.decoder.unfinished()
    }

    /// Returns how many bytes of payload were received of the unfinished message.
    pub(crate) fn message_received(&self) -> u64 {
        self.decoder.message_received()
    }

    /// Fails the connection for a reason of policy (1008), as after a protocol error, RFC 6455
    /// §7.1.7.
    pub(crate) fn fail_by_policy(&mut self, reason: &str) {
        self.fail_with(CloseCode::POLICY_VIOLATION, reason);
    }

    /// RFC 6455 §7.1.7: queues a Close frame that says why, and receives no more.
    #[cold]
    #[inline(never)]
    fn fail_with(&mut self, code: CloseCode, reason: &str) {
        let status = Some((code, CloseReason::truncated(reason)));
        self.queue_close(CloseBody { status }, Occurrence::Violation);
    }

    /// Adds what `millis` milliseconds earn to the ping budget, and returns what compression
    /// has not used for long.
    pub(crate) fn let_pass(&mut self, millis: u32) {
        self.ping_budget.refill(self.config.pings, millis);
        #[cfg(feature = "deflate")]
        self.age_compression(millis);
    }

    /// Enters the state after `occurrence`, and drops what no later state needs.
    fn enter(&mut self, occurrence: Occurrence) {
        self.state = self.state.after(occurrence);
        self.outgoing = None;
        #[cfg(feature = "deflate")]
        self.drop_compression();
        if !self.state.is_receiving() {
            self.decoder.stop();
            self.assembler = Assembler::default();
            self.control = None;
        }
    }
}

/// Shows only lengths and the state, so that logs contain no user data.
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
