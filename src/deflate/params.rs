//! The parameters of permessage-deflate, RFC 7692 §7.1.

use alloc::borrow::Cow;
use core::fmt;

use super::Deflate;

/// The name of the extension.
pub(crate) const NAME: &str = "permessage-deflate";

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The size of a window, as the base-2 logarithm of its bytes: 8 to 15, RFC 7692 §7.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 256 bytes.
    pub const MIN: WindowBits = WindowBits(8);
    /// 32 KiB, which applies if no size is agreed on.
    pub const MAX: WindowBits = WindowBits(15);

    /// Returns the size of `1 << bits` bytes, or `None` unless `bits` is from 8 to 15.
    pub const fn new(bits: u8) -> Option<Self> {
        if bits >= 8 && bits <= 15 { Some(WindowBits(bits)) } else { None }
    }

    /// Returns the logarithm.
    pub const fn get(self) -> u8 {
        self.0
    }

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

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the offers of a client, RFC 7692 §7.1, in the order of the client's preference.
///
/// The default is what Chromium offers. `Display` writes it as an element of the
/// `Sec-WebSocket-Extensions` header.
///
/// ```
/// use sansock::deflate::{DeflateOffer, WindowBits};
///
/// let offer = DeflateOffer::default();
/// assert_eq!(offer.to_string(), "permessage-deflate; client_max_window_bits");
/// let offer = DeflateOffer::bare().server_max_window_bits(WindowBits::new(10).unwrap());
/// assert_eq!(offer.to_string(), "permessage-deflate; server_max_window_bits=10");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateOffer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<WindowBits>,
    client_max_window_bits: ClientBits,
}

/// `client_max_window_bits` in an offer, RFC 7692 §7.1.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ClientBits {
    /// The server cannot ask for a smaller window.
    Absent,
    /// Without a value: the server can ask for any window.
    Any,
    /// The client uses at most this window, whatever the server asks for.
    AtMost(WindowBits),
}

impl DeflateOffer {
    /// Returns an offer without parameters.
    pub const fn bare() -> Self {
        DeflateOffer {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: None,
            client_max_window_bits: ClientBits::Absent,
        }
    }

    /// Asks the server not to refer to earlier messages, RFC 7692 §7.1.1.1.
    #[must_use]
    pub const fn server_no_context_takeover(mut self) -> Self {
        self.server_no_context_takeover = true;
        self
    }

    /// Says that the client will not refer to earlier messages, RFC 7692 §7.1.1.2.
    #[must_use]
    pub const fn client_no_context_takeover(mut self) -> Self {
        self.client_no_context_takeover = true;
        self
    }

    /// Asks the server for a window of at most this size, RFC 7692 §7.1.2.1.
    #[must_use]
    pub const fn server_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.server_max_window_bits = Some(bits);
        self
    }

    /// Lets the server choose the client's window, RFC 7692 §7.1.2.2: at most this size, or any
    /// with `None`.
    #[must_use]
    pub const fn client_max_window_bits(mut self, bits: Option<WindowBits>) -> Self {
        self.client_max_window_bits = match bits {
            Some(bits) => ClientBits::AtMost(bits),
            None => ClientBits::Any,
        };
        self
    }

    /// Reads the parameters of an offer. Returns `None` for an offer that a server declines, RFC
    /// 7692 §7.1: it has an unknown parameter, the same one twice, or an invalid value.
    pub(crate) fn parse<'a>(
        params: impl Iterator<Item = (&'a str, Option<Cow<'a, str>>)>,
    ) -> Option<Self> {
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

    /// Returns whether a server may answer this offer with these parameters.
    fn allows(&self, params: &DeflateParams) -> bool {
        let server = match (self.server_max_window_bits, params.server_max_window_bits) {
            (None, _) => true,
            (Some(most), Some(bits)) => bits <= most,
            (Some(_), None) => false,
        };
        let client = match (self.client_max_window_bits, params.client_max_window_bits) {
            (_, None) | (ClientBits::Any, _) => true,
            (ClientBits::Absent, Some(_)) => false,
            (ClientBits::AtMost(most), Some(bits)) => bits <= most,
        };
        // RFC 7692 §7.1.1.1: a server accepts the request by the same parameter.
        let takeover = params.server_no_context_takeover || !self.server_no_context_takeover;
        server && client && takeover
    }
}

impl Default for DeflateOffer {
    fn default() -> Self {
        DeflateOffer::bare().client_max_window_bits(None)
    }
}

impl fmt::Display for DeflateOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params = DeflateParams {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: self.server_max_window_bits,
            client_max_window_bits: match self.client_max_window_bits {
                ClientBits::AtMost(bits) => Some(bits),
                _ => None,
            },
        };
        params.fmt(f)?;
        match self.client_max_window_bits {
            ClientBits::Any => write!(f, "; {CLIENT_MAX_WINDOW_BITS}"),
            _ => Ok(()),
        }
    }
}

/// What both ends agreed on, RFC 7692 §7.1.
///
/// `Display` writes it as an element of the `Sec-WebSocket-Extensions` header of a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DeflateParams {
    /// Whether the messages of the server do not refer to earlier ones, RFC 7692 §7.1.1.1.
    pub server_no_context_takeover: bool,
    /// Whether the messages of the client do not refer to earlier ones, RFC 7692 §7.1.1.2.
    pub client_no_context_takeover: bool,
    /// The server's window, RFC 7692 §7.1.2.1. `None` means 15 bits.
    pub server_max_window_bits: Option<WindowBits>,
    /// The client's window, RFC 7692 §7.1.2.2. `None` means 15 bits.
    pub client_max_window_bits: Option<WindowBits>,
}

impl DeflateParams {
    /// Reads the parameters of a response. Returns `None` for a response that a client must not
    /// accept after these offers, RFC 7692 §7.1.
    pub(crate) fn parse_response<'a>(
        params: impl Iterator<Item = (&'a str, Option<Cow<'a, str>>)>,
        offers: &[DeflateOffer],
    ) -> Option<Self> {
        let mut read = Read::default();
        for (name, value) in params {
            read.take(name, value.as_deref())?;
        }
        let params = DeflateParams {
            server_no_context_takeover: read.server_no_takeover.is_some(),
            client_no_context_takeover: read.client_no_takeover.is_some(),
            server_max_window_bits: read.server_bits,
            client_max_window_bits: read.client_bits.flatten(),
        };
        offers.iter().any(|offer| offer.allows(&params)).then_some(params)
    }
}

impl fmt::Display for DeflateParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_no_context_takeover {
            write!(f, "; {SERVER_NO_CONTEXT_TAKEOVER}")?;
        }
        if self.client_no_context_takeover {
            write!(f, "; {CLIENT_NO_CONTEXT_TAKEOVER}")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; {SERVER_MAX_WINDOW_BITS}={bits}")?;
        }
        if let Some(bits) = self.client_max_window_bits {
            write!(f, "; {CLIENT_MAX_WINDOW_BITS}={bits}")?;
        }
        Ok(())
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
