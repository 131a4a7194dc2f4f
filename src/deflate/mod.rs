//! permessage-deflate, RFC 7692: its parameters, and how messages are compressed and inflated.
//!
//! Compression is off unless you set `Config::deflate`. Then the handshake of an `Endpoint` offers
//! it or agrees to it; with `handshake` by itself, call `deflate` of its `Request` or `Upgrade`.
//!
//! # What not to compress
//!
//! The length of a compressed message shows how much of it repeats what came before: in the same
//! message, and with context takeover in all earlier ones. So if one connection carries secrets
//! together with data that an attacker chooses, and the attacker sees the lengths of the encrypted
//! records, the attacker can guess the secrets byte by byte (the attacks CRIME and BREACH; RFC 7692
//! §8). Do not compress messages with cookies, tokens, passwords or keys: switch compression off for
//! them by `Connection::set_compression`. To keep data of different origin apart, agree on no context
//! takeover.

mod compressor;
mod history;
mod inflater;
#[cfg(feature = "handshake")]
mod negotiation;
mod params;
mod settings;

pub use params::{DeflateOffer, DeflateParams, WindowBits};
pub use settings::Deflate;

pub(crate) use compressor::Compressor;
pub(crate) use history::History;
pub(crate) use inflater::{Fault, Held, Inflater};
#[cfg(feature = "handshake")]
pub(crate) use params::NAME;

#[cfg(test)]
mod tests;
