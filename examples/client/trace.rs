//! Prints the frames on the wire. Uses only the frame layer.

use sansock::frame::{Decoder, Header, Limits, Part};
use sansock::{Input, Role};

/// Prints the frames of one direction of a connection.
pub(crate) struct Trace {
    arrow: char,
    decoder: Decoder,
    header: Option<Header>,
    /// The first bytes of the payload.
    payload: Vec<u8>,
}

impl Trace {
    /// Returns a trace for what a client receives.
    pub(crate) fn received() -> Trace {
        Trace::new('<', Role::Client)
    }

    /// Returns a trace for what a client sends, which is what a server receives.
    pub(crate) fn sent() -> Trace {
        Trace::new('>', Role::Server)
    }

    /// Prints the frames that are complete with `bytes`.
    pub(crate) fn show(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        let mut input = Input::new(&mut bytes[..]);
        // The connection reports protocol errors.
        while let Ok(Some(part)) = self.decoder.decode(&mut input) {
            match part {
                Part::Header(header) => self.header = Some(header),
                Part::Payload { bytes, last } => {
                    let room = SHOWN_LEN.saturating_sub(self.payload.len()).min(bytes.len());
                    self.payload.extend_from_slice(bytes.get(..room).unwrap_or_default());
                    if last {
                        self.print();
                    }
                }
            }
        }
    }

    fn new(arrow: char, role: Role) -> Trace {
        let limits = Limits::NONE;
        let decoder = Decoder::new(role).with_limits(limits);
        Trace { arrow, decoder, header: None, payload: Vec::new() }
    }

    fn print(&mut self) {
        let Some(Header { fin, opcode, payload_len, .. }) = self.header.take() else { return };
        let fin = if fin { "" } else { ", more to come" };
        let shown = self.payload.escape_ascii();
        let cut = if payload_len > SHOWN_LEN as u64 { "…" } else { "" };
        eprintln!("{} {opcode:?}, {payload_len} bytes{fin}: {shown}{cut}", self.arrow);
        self.payload.clear();
    }
}

/// The most bytes of a payload to print.
const SHOWN_LEN: usize = 64;
