//! What is offered, answered and accepted, RFC 7692 §7.1.

use alloc::borrow::Cow;

use super::Deflate;
use super::params::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, ClientBits, DeflateOffer, DeflateParams,
    SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER, WindowBits,
};

/// A parameter as a peer has sent it: its name, and its value if it has one.
pub(crate) type Param<'a> = (&'a str, Option<Cow<'a, str>>);

impl WindowBits {
    /// Parses the value of a parameter. RFC 7692 §7.1.2.1: a decimal integer without leading zeros.
    fn parse(value: &str) -> Option<Self> {
        let bits = match value.as_bytes() {
            [digit @ b'8'..=b'9'] => digit - b'0',
            [b'1', digit @ b'0'..=b'5'] => 10 + (digit - b'0'),
            _ => return None,
        };
        Some(WindowBits(bits))
    }
}

impl DeflateOffer {
    /// Reads the parameters of an offer. Returns `None` for an offer that a server declines, RFC
    /// 7692 §7.1: it has an unknown parameter, the same one twice, or an invalid value.
    pub(crate) fn parse<'a>(params: impl Iterator<Item = Param<'a>>) -> Option<Self> {
        let mut read = Read::default();
        for (name, value) in params {
            let value = value.as_deref();
            match name {
                // RFC 7692 §7.1.2.2: in an offer, it may have no value.
                CLIENT_MAX_WINDOW_BITS if value.is_none() => once(&mut read.client_bits, None)?,
                _ => read.take(name, value)?,
            }
        }
        Some(DeflateOffer {
            server_no_context_takeover: read.server_no_takeover.is_some(),
            client_no_context_takeover: read.client_no_takeover.is_some(),
            server_max_window_bits: read.server_bits,
            client_max_window_bits: match read.client_bits {
                None => ClientBits::Absent,
                Some(None) => ClientBits::Any,
                Some(Some(bits)) => ClientBits::AtMost(bits),
            },
        })
    }

    /// Returns what a server with these settings agrees to.
    pub(crate) fn accept(&self, settings: &Deflate) -> DeflateParams {
        let server = settings.server_max_window_bits;
        let client = settings.client_max_window_bits;
        let (client_bits, is_bounded) = match self.client_max_window_bits {
            // RFC 7692 §7.1.2.2: not in a response unless it was offered.
            ClientBits::Absent => (None, client == WindowBits::MAX),
            ClientBits::Any => (smaller_than_max(client), true),
            ClientBits::AtMost(bits) => (smaller_than_max(client.min(bits)), true),
        };
        DeflateParams {
            server_no_context_takeover: self.server_no_context_takeover
                || settings.server_no_context_takeover,
            // A client that cannot be asked for a small window can be asked for none.
            client_no_context_takeover: self.client_no_context_takeover
                || settings.client_no_context_takeover
                || !is_bounded,
            // RFC 7692 §7.1.2.1: if it is offered, the response has it.
            server_max_window_bits: match self.server_max_window_bits {
                Some(bits) => Some(server.min(bits)),
                None => smaller_than_max(server),
            },
            client_max_window_bits: client_bits,
        }
    }

    /// Returns whether these parameters accept this offer.
    pub(crate) fn allows(&self, params: &DeflateParams) -> bool {
        // RFC 7692 §7.1.1.1: a server accepts an offer with this parameter "by including" it in the
        // response.
        let takeover = params.server_no_context_takeover || !self.server_no_context_takeover;
        // §7.1.2.1: the same, "with the same or smaller value as the offer".
        let server = match (self.server_max_window_bits, params.server_max_window_bits) {
            (None, _) => true,
            (Some(most), Some(bits)) => bits <= most,
            (Some(_), None) => false,
        };
        // §7.1.2.2: not in the response unless it was offered, and if the server uses the offered
        // value, "with a value equal to or smaller than" it. A server may ignore that value.
        let client = match (self.client_max_window_bits, params.client_max_window_bits) {
            (_, None) | (ClientBits::Any, _) => true,
            (ClientBits::Absent, Some(_)) => false,
            (ClientBits::AtMost(most), Some(bits)) => bits <= most,
        };
        takeover && server && client
    }

    /// Adds to what a server has answered what this offer has promised of the client. The server may
    /// ignore it, but the client keeps its word, RFC 7692 §7.1.1.2 and §7.1.2.2.
    pub(crate) fn keep_promises(&self, params: DeflateParams) -> DeflateParams {
        let promised = match self.client_max_window_bits {
            ClientBits::AtMost(bits) => smaller_than_max(bits),
            ClientBits::Absent | ClientBits::Any => None,
        };
        DeflateParams {
            client_no_context_takeover: params.client_no_context_takeover
                || self.client_no_context_takeover,
            client_max_window_bits: params.client_max_window_bits.or(promised),
            ..params
        }
    }
}

impl DeflateParams {
    /// Reads the parameters of a response, RFC 7692 §7.1.
    ///
    /// # Errors
    ///
    /// The first parameter that is unknown, came before, or has an invalid value.
    pub(crate) fn parse<'a>(params: impl Iterator<Item = Param<'a>>) -> Result<Self, Param<'a>> {
        let mut read = Read::default();
        for (name, value) in params {
            if read.take(name, value.as_deref()).is_none() {
                return Err((name, value));
            }
        }
        Ok(DeflateParams {
            server_no_context_takeover: read.server_no_takeover.is_some(),
            client_no_context_takeover: read.client_no_takeover.is_some(),
            server_max_window_bits: read.server_bits,
            client_max_window_bits: read.client_bits.flatten(),
        })
    }
}

/// The parameters that were read so far.
#[derive(Default)]
struct Read {
    server_no_takeover: Option<()>,
    client_no_takeover: Option<()>,
    server_bits: Option<WindowBits>,
    client_bits: Option<Option<WindowBits>>,
}

impl Read {
    /// Takes a parameter. Returns `None` if it is unknown, came before, or has an invalid value.
    fn take(&mut self, name: &str, value: Option<&str>) -> Option<()> {
        let bits = value.and_then(WindowBits::parse);
        match name {
            SERVER_NO_CONTEXT_TAKEOVER if value.is_none() => once(&mut self.server_no_takeover, ()),
            CLIENT_NO_CONTEXT_TAKEOVER if value.is_none() => once(&mut self.client_no_takeover, ()),
            SERVER_MAX_WINDOW_BITS => once(&mut self.server_bits, bits?),
            CLIENT_MAX_WINDOW_BITS => once(&mut self.client_bits, Some(bits?)),
            _ => None,
        }
    }
}

/// Sets `slot`, or returns `None` if it is set.
fn once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    if slot.is_some() {
        return None;
    }
    *slot = Some(value);
    Some(())
}

/// Returns `None` for the size that needs no parameter. Some peers refuse it if it is named.
fn smaller_than_max(bits: WindowBits) -> Option<WindowBits> {
    (bits < WindowBits::MAX).then_some(bits)
}

#[cfg(test)]
mod tests;
