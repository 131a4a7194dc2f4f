//! What goes over the wire, frame by frame: the frame layer by itself.

use sansock::frame::{Decoder, Header, Limits, Part};
use sansock::{Input, Role};

/// Prints the frames in one direction of a connection.
pub(crate) struct Trace {
    arrow: char,
    decoder: Decoder,
    header: Option<Header>,
    /// The beginning of the payload.
    payload: Vec<u8>,
}

impl Trace {
    /// For what a client receives.
    pub(crate) fn received() -> Trace {
        Trace::new('<', Role::Client)
    }

    /// For what a client sends, which is what its server receives.
    pub(crate) fn sent() -> Trace {
        Trace::new('>', Role::Server)
    }

    /// Prints the frames that `bytes` complete.
    pub(crate) fn show(&mut self, bytes: &[u8]) {
        let mut bytes = bytes.to_vec();
        let mut input = Input::new(&mut bytes[..]);
        // What breaks the protocol is the connection's to tell.
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

/// Bytes of a payload that are shown.
const SHOWN_LEN: usize = 64;
