//! The parameters of permessage-deflate, RFC 7692 §7.1.

use core::fmt;

/// The name of the extension.
pub(crate) const NAME: &str = "permessage-deflate";

pub(super) const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
pub(super) const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
pub(super) const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
pub(super) const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// The size of a window, as the base-2 logarithm of its bytes: 8 to 15, RFC 7692 §7.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(pub(super) u8);

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
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<WindowBits>,
    pub(super) client_max_window_bits: ClientBits,
}

/// `client_max_window_bits` in an offer, RFC 7692 §7.1.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ClientBits {
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
