//! What a hostile peer may send: one list for the tests that count memory and for the program that
//! counts instructions.
//!
//! Each attack has a size. A victim's memory and instructions are counted at that size and at ten
//! times that size, through every [door](doors) that the attack can reach.
#![allow(dead_code, reason = "each program uses what it needs")]
#![allow(missing_docs, unreachable_pub, reason = "no API")]
#![allow(missing_debug_implementations, reason = "no API")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "they fail by panicking"
)]

pub mod bounded;
#[cfg(feature = "deflate")]
mod compressed;
pub mod count;
pub mod doors;
mod frames;
mod heads;
mod wire;

use std::sync::Arc;

use sansock::endpoint::{RequestPolicy, Settings};
use sansock::handshake::HeadLimits;
use sansock::{Config, Limits, Negotiated, Role};

pub use wire::Wire;

/// The second size of an attack is so many times the first.
pub const FACTOR: usize = 10;

/// What a peer does, and what may come of it.
#[derive(Clone, Copy)]
pub struct Attack {
    pub name: &'static str,
    /// The role of the victim.
    pub victim: Role,
    /// The size at which it is counted first.
    pub size: usize,
    /// Returns what the peer sends, at this size.
    pub stream: fn(usize) -> Vec<u8>,
    /// The most bytes that one read brings.
    pub read: usize,
    /// Whether the stream begins with the peer's head, or after the opening handshake.
    pub begins: Begins,
    pub app: App,
    /// Whether the peer takes the victim's output.
    pub peer_reads: bool,
    /// Changes the victim's settings, which have no deadlines.
    pub settings: fn(&mut Settings, &mut Config),
    pub end: End,
    /// Returns the most bytes that the victim may have allocated at once, at this size.
    pub most: fn(usize) -> usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    WithTheHead,
    AfterTheOpening,
    /// Compression was agreed on, with takeover and the largest windows.
    #[cfg(feature = "deflate")]
    AfterAgreeingOnCompression,
}

/// What the victim's program does with a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum App {
    Listens,
    Echoes,
}

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything was received, and more may come.
    Open,
    /// The victim does not read on, because its output is full.
    Full,
    /// The connection has failed with this code.
    Failed(u16),
    /// The peer's Close has come.
    Closed,
    /// A response with this status: a server has sent it, or a client has received it.
    Http(u16),
    /// The response of a server is none.
    InvalidResponse,
}

/// What the victim has noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub end: End,
    /// The bytes of payload and bodies that were delivered.
    pub delivered: usize,
}

/// Frames to a server that listens, in long reads. Its limits are lifted, and the peer reads.
const FRAMES: Attack = Attack {
    name: "",
    victim: Role::Server,
    size: 4000,
    stream: |_| Vec::new(),
    read: 4096,
    begins: Begins::AfterTheOpening,
    app: App::Listens,
    peer_reads: true,
    settings: |_, config| config.limits = Limits::NONE,
    end: End::Open,
    most: |_| 0,
};

/// A head, whose limits are lifted.
const HEAD: Attack = Attack {
    begins: Begins::WithTheHead,
    settings: |settings, _| {
        settings.head_limits.head = usize::MAX;
        settings.head_limits.headers = usize::MAX;
    },
    ..FRAMES
};

impl Attack {
    /// Returns every attack.
    pub fn all() -> Vec<Attack> {
        let lists = [
            frames::ALL,
            heads::ALL,
            #[cfg(feature = "deflate")]
            compressed::ALL,
        ];
        lists.concat()
    }

    /// Returns the victim's settings.
    pub fn victim_settings(&self) -> Settings {
        let mut config = crate::support::config(self.victim);
        #[cfg(feature = "deflate")]
        if self.begins == Begins::AfterAgreeingOnCompression {
            config.deflate = Some(sansock::deflate::Deflate::default());
        }
        let mut settings = Settings::new(Config::server());
        (settings.timeouts, settings.handshake_timeout) = (None, None);
        settings.requests = RequestPolicy::AcceptUnseen;
        settings.head_limits = HeadLimits::DEFAULT;
        (self.settings)(&mut settings, &mut config);
        settings.config = Arc::new(config);
        settings
    }

    /// Returns what both ends have agreed on.
    pub fn negotiated(&self) -> Negotiated {
        match self.begins {
            #[cfg(feature = "deflate")]
            Begins::AfterAgreeingOnCompression => {
                Negotiated::default().with_deflate(sansock::deflate::DeflateParams::default())
            }
            _ => Negotiated::default(),
        }
    }

    /// Returns what is sent at this size, as the victim reads it.
    pub fn wire(&self, size: usize) -> Wire {
        Wire::new((self.stream)(size), self.read, self.peer_reads)
    }

    /// Whether it comes within the opening handshake, which a [`Connection`](sansock::Connection)
    /// has not.
    pub fn is_of_heads(&self) -> bool {
        self.begins == Begins::WithTheHead
    }
}
