//! permessage-deflate on a connection, RFC 7692: what was agreed on, and what both ways need for it.

use alloc::boxed::Box;

use super::receive::CompressedMessage;
use super::{Connection, State};
use crate::deflate::{Compressor, Deflate, DeflateParams, Fault, History, Inflater, WindowBits};
use crate::error::Violation;
use crate::frame::Rsv;
use crate::negotiated::Negotiated;
use crate::role::Role;

/// What a connection needs that has agreed on permessage-deflate.
pub(super) struct Compression {
    /// How many of the bytes before it a received message may refer to.
    pub(super) peer_window: usize,
    /// Whether a received message may refer to earlier ones.
    pub(super) peer_takes_over: bool,
    /// What a received message may refer to.
    pub(super) history: History,
    /// What has inflated the last message, and may go on with the next one.
    pub(super) inflater: Option<Box<Inflater>>,
    /// The compressed message that is partially received.
    pub(super) incoming: Option<Box<CompressedMessage>>,
    /// The window of our messages, or `None` if they are sent as they are.
    pub(super) window: Option<WindowBits>,
    /// Whether our messages may refer to earlier ones.
    pub(super) takes_over: bool,
    /// Whether the next messages are compressed.
    pub(super) is_on: bool,
    /// What knows our earlier messages, if there were any since the last release.
    pub(super) compressor: Option<Box<Compressor>>,
    /// For how many milliseconds it was not used, as far as timers have told.
    pub(super) unused: u32,
}

impl Compression {
    fn new(params: &DeflateParams, settings: &Deflate, role: Role) -> Self {
        let server = (params.server_max_window_bits, params.server_no_context_takeover);
        let client = (params.client_max_window_bits, params.client_no_context_takeover);
        let (own, peer, most, is_takeover_off) = match role {
            Role::Server => {
                let is_off = settings.server_no_context_takeover;
                (server, client, settings.server_max_window_bits, is_off)
            }
            Role::Client => {
                let is_off = settings.client_no_context_takeover;
                (client, server, settings.client_max_window_bits, is_off)
            }
        };
        let window = own.0.unwrap_or(WindowBits::MAX).min(most);
        Compression {
            peer_window: (1 << peer.0.unwrap_or(WindowBits::MAX).get()).max(MIN_PEER_WINDOW),
            peer_takes_over: !peer.1,
            history: History::default(),
            inflater: None,
            incoming: None,
            // The backend has no smaller window than 9 bits.
            window: (window > WindowBits::MIN).then_some(window),
            takes_over: !own.1 && !is_takeover_off,
            is_on: true,
            compressor: None,
            unused: 0,
        }
    }

    /// Returns how many bytes are held on the heap.
    pub(super) fn memory_usage(&self) -> usize {
        let incoming = self.incoming.as_ref().map_or(0, |message| message.memory_usage());
        let compressor = self.compressor.as_ref().map_or(0, |compressor| compressor.memory_usage());
        let inflater = self.inflater.as_ref().map_or(0, |_| Inflater::MEMORY);
        size_of::<Self>() + self.history.memory_usage() + inflater + incoming + compressor
    }

    /// Returns what inflates a message that begins now.
    pub(super) fn take_inflater(&mut self) -> Box<Inflater> {
        self.inflater.take().unwrap_or_else(|| Inflater::start(&self.history.parts()))
    }

    /// Returns what a message may refer to that was inflated to `so_far`.
    pub(super) fn known<'a>(&'a self, so_far: &'a [u8]) -> [&'a [u8]; 3] {
        let [older, newer] = self.history.parts();
        let parts = [older, newer, so_far];
        if older.len() + newer.len() == 0 && so_far.len() <= self.peer_window {
            return parts;
        }
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let mut surplus = len.saturating_sub(self.peer_window);
        parts.map(|part| {
            let (dropped, kept) = part.split_at(surplus.min(part.len()));
            surplus -= dropped.len();
            kept
        })
    }

    /// Ends a message. `inflated` is what it inflated to and the history does not have.
    pub(super) fn finish_inflating(
        &mut self,
        mut inflater: Box<Inflater>,
        inflated: &[u8],
    ) -> Result<(), Violation> {
        inflater.finish().map_err(violation)?;
        if !self.peer_takes_over {
            self.history.clear();
            inflater.put_back();
            return Ok(());
        }
        self.history.append(inflated, self.peer_window);
        // With the largest window, the inflater knows as much as the history, and no more.
        if self.peer_window == MAX_WINDOW && inflater.go_on() {
            self.inflater = Some(inflater);
        } else {
            inflater.put_back();
        }
        Ok(())
    }

    /// Returns whether a message of ours may be compressed now.
    pub(super) fn is_compressing(&self) -> bool {
        self.is_on && self.window.is_some()
    }
}

/// Compression.
impl Connection {
    /// Switches compression on or off for the messages that you send from now on. It is on if the
    /// ends have agreed on permessage-deflate; without an agreement, this has no effect.
    ///
    /// Switch it off for messages that have secrets in them, RFC 7692 §8 (see
    /// [`deflate`](crate::deflate)), and for those that do not shrink, such as images.
    ///
    /// A message that is being sent in fragments stays as it has begun.
    pub fn set_compression(&mut self, is_on: bool) {
        if let Some(compression) = &mut self.compression {
            compression.is_on = is_on;
        }
        self.update_one_frame_below();
    }

    /// Returns `true` if the messages that you send are compressed if they are long enough: the ends
    /// have agreed on it, and it is [switched on](Self::set_compression).
    pub fn is_compressing(&self) -> bool {
        self.compression.as_ref().is_some_and(|compression| compression.is_compressing())
    }

    /// Uses permessage-deflate if that was negotiated. Returns `false` if it was not, or if the
    /// configuration does not say how to use it.
    pub(super) fn agree_on_deflate(&mut self, negotiated: &Negotiated) -> bool {
        let (Some(params), Some(settings)) = (negotiated.deflate(), &self.config.deflate) else {
            return false;
        };
        let compression = Compression::new(params, settings, self.config.role());
        self.compression = Some(Box::new(compression));
        self.decoder.set_rsv(Rsv::RSV1);
        self.only_reassembles = false;
        self.update_one_frame_below();
        true
    }

    /// Drops what no later state needs.
    pub(super) fn drop_compression(&mut self) {
        if self.state != State::Open {
            self.give_back_compressor();
        }
        if let Some(compression) = &mut self.compression {
            if !self.state.is_receiving() {
                compression.inflater = None;
                compression.incoming = None;
                compression.history = History::default();
            }
        }
    }

    /// Returns the compressor to the pool if it was not used for long, and the inflater to the thread.
    pub(super) fn age_compression(&mut self, millis: u32) {
        let Some(compression) = &mut self.compression else { return };
        compression.unused = compression.unused.saturating_add(millis);
        if compression.unused >= MAX_UNUSED {
            self.give_back_compressor();
            self.give_back_inflater();
        }
    }

    /// Returns the inflater to the thread. The history has all that it knows.
    pub(super) fn give_back_inflater(&mut self) {
        if let Some(inflater) = self.compression.as_mut().and_then(|state| state.inflater.take()) {
            inflater.put_back();
        }
    }

    /// Returns the compressor to the pool, and frees what the history does not use.
    pub(super) fn shrink_compression(&mut self) {
        self.give_back_compressor();
        self.give_back_inflater();
        if let Some(compression) = &mut self.compression {
            compression.history.shrink_to_fit();
        }
    }

    /// Returns the compressor to the pool. The next message does not refer to earlier ones, which RFC
    /// 7692 §7.2.1 leaves to the sender.
    pub(super) fn give_back_compressor(&mut self) {
        let Some(compression) = &mut self.compression else { return };
        if let (Some(compressor), Some(settings)) =
            (compression.compressor.take(), &self.config.deflate)
        {
            settings.give_back(compressor);
        }
    }
}

/// Returns the violation that a fault in compressed data is.
pub(super) fn violation(fault: Fault) -> Violation {
    match fault {
        Fault::Invalid => Violation::InvalidDeflate,
        Fault::TooManyStreams => Violation::TooManyDeflateStreams,
    }
}

/// For how many milliseconds a compressor is kept that is not used. It takes hundreds of KiB.
const MAX_UNUSED: u32 = 10_000;

/// The window of every inflater.
const MAX_WINDOW: usize = 1 << 15;

/// The least that is kept of earlier messages. zlib treats a window of 8 bits as one of 9.
const MIN_PEER_WINDOW: usize = 512;
