//! permessage-deflate, RFC 7692, on connections.

use crate::support::config;
use sansock::connection::Delivery;
use sansock::deflate::{Deflate, DeflateParams, WindowBits};
use sansock::{Config, Connection, Negotiated, Role};

mod compressors;
mod limits;
mod receiving;
mod round_trip;
mod sending;
mod verdicts;

pub(crate) const DELIVERIES: [Delivery; 2] = [Delivery::Whole, Delivery::Streaming];

/// What both ends agree on: windows of 32 KiB, with context takeover.
pub(crate) fn takeover() -> DeflateParams {
    DeflateParams::default()
}

/// What both ends agree on: no context takeover.
pub(crate) fn no_takeover() -> DeflateParams {
    let mut params = DeflateParams::default();
    params.server_no_context_takeover = true;
    params.client_no_context_takeover = true;
    params
}

/// What both ends agree on: windows of this size.
pub(crate) fn windows(bits: u8) -> DeflateParams {
    let mut params = DeflateParams::default();
    params.server_max_window_bits = WindowBits::new(bits);
    params.client_max_window_bits = WindowBits::new(bits);
    params
}

/// Returns a configuration that compresses.
pub(crate) fn deflating(role: Role) -> Config {
    let mut config = config(role);
    config.deflate = Some(Deflate::default());
    config
}

/// Returns a connection that has agreed on `params`.
pub(crate) fn agreed(config: &Config, params: DeflateParams) -> Connection {
    let negotiated = Negotiated::default().with_deflate(params);
    Connection::from_negotiated(config.clone(), &negotiated).unwrap()
}
