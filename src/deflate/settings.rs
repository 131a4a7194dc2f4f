//! What a program sets.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::compressor::Compressor;
use super::params::{DeflateOffer, WindowBits};

/// How a program uses permessage-deflate, RFC 7692. See [`Config::deflate`](crate::Config::deflate).
///
/// All connections whose settings are clones of each other share a pool of compressors: a connection
/// has one only while it is busy.
///
/// ```
/// use sansock::Config;
/// use sansock::deflate::{Deflate, WindowBits};
///
/// let mut deflate = Deflate::default();
/// deflate.client_max_window_bits = WindowBits::new(12).unwrap(); // 4 KiB a connection
/// let mut config = Config::server();
/// config.deflate = Some(deflate);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Deflate {
    /// The effort of compression, from 1, the fastest, to 9. 3 by default.
    pub level: u8,
    /// How much memory a compressor takes besides its window, from 1 to 9. 8 by default.
    pub memory_level: u8,
    /// The least length of a message that is compressed, in bytes, if it may refer to earlier ones.
    /// 32 by default.
    pub min_len: usize,
    /// The least length of a message that is compressed, in bytes, without context takeover. 256 by
    /// default.
    pub min_len_without_takeover: usize,
    /// A server never refers to earlier messages, RFC 7692 §7.1.1.1. By default it does.
    ///
    /// Settings that begin with `server` and `client` are about the messages of that end. Each end
    /// uses no more than it has agreed to and than its own settings say. A server agrees to what its
    /// settings say; a client asks for it by its `offers`.
    pub server_no_context_takeover: bool,
    /// A client never refers to earlier messages, RFC 7692 §7.1.1.2. By default it does.
    pub client_no_context_takeover: bool,
    /// The server's window, RFC 7692 §7.1.2.1. 32 KiB by default. With 8 bits, a server sends
    /// without compression.
    pub server_max_window_bits: WindowBits,
    /// The client's window, RFC 7692 §7.1.2.2. 32 KiB by default. A server keeps as much for each of
    /// its clients. A client whose offer does not let the server choose is asked for no context
    /// takeover, if this is less than 32 KiB. With 8 bits, a client sends without compression.
    pub client_max_window_bits: WindowBits,
    /// What a client offers, the preferred offer first. By default what Chromium offers.
    pub offers: Vec<DeflateOffer>,
    /// How many connections may inflate a long message at the same time that has not arrived whole.
    /// One takes 47 KiB. A message beyond them fails its connection with 1013. 1024 by default.
    pub max_inflaters: usize,
    pool: Arc<Pool>,
}

/// What connections with the same settings share.
#[derive(Default)]
pub(super) struct Pool {
    /// The compressors that nobody uses, by the size of their window.
    #[allow(clippy::vec_box, reason = "a connection without a compressor takes a word")]
    compressors: Mutex<Vec<Box<Compressor>>>,
    /// How many inflaters are held between reads.
    inflaters: AtomicUsize,
}

impl Deflate {
    /// Takes a compressor with an empty window out of the pool, or makes one.
    pub(crate) fn compressor(&self, bits: WindowBits) -> Box<Compressor> {
        let kind = (bits.get(), self.level.clamp(1, 9), self.memory_level.clamp(1, 9));
        let mut spare = self.pool.compressors.lock().unwrap_or_else(PoisonError::into_inner);
        let found = spare.iter().rposition(|compressor| compressor.kind() == kind);
        match found.map(|at| spare.swap_remove(at)) {
            Some(compressor) => compressor,
            None => {
                drop(spare);
                Box::new(Compressor::new(kind))
            }
        }
    }

    /// Returns a compressor to the pool.
    pub(crate) fn give_back(&self, mut compressor: Box<Compressor>) {
        compressor.reset();
        compressor.shrink();
        let mut spare = self.pool.compressors.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MAX_SPARE {
            spare.push(compressor);
        }
    }

    /// Counts an inflater that is held between reads. Returns `None` beyond the limit.
    pub(super) fn permit(&self) -> Option<Permit> {
        let count = &self.pool.inflaters;
        if count.fetch_add(1, Ordering::Relaxed) < self.max_inflaters {
            return Some(Permit(Arc::clone(&self.pool)));
        }
        count.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

/// Counts as an inflater that is held between reads, until it is dropped.
pub(super) struct Permit(Arc<Pool>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.inflaters.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Deflate {
            level: 3,
            memory_level: 8,
            min_len: 32,
            min_len_without_takeover: 256,
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: WindowBits::MAX,
            client_max_window_bits: WindowBits::MAX,
            offers: vec![DeflateOffer::default()],
            max_inflaters: 1024,
            pool: Arc::default(),
        }
    }
}

impl fmt::Debug for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflate")
            .field("level", &self.level)
            .field("memory_level", &self.memory_level)
            .field("server_max_window_bits", &self.server_max_window_bits)
            .field("client_max_window_bits", &self.client_max_window_bits)
            .finish_non_exhaustive()
    }
}

/// How many compressors a pool keeps. More than that are in use only while many connections are
/// busy at the same time.
const MAX_SPARE: usize = 16;
