//! Offering permessage-deflate, RFC 7692 §7, and judging the answer.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::Request;
use super::offer::OfferedExtensions;
use crate::deflate::{Deflate, DeflateOffer, DeflateParams, NAME};
use crate::handshake::excerpt::Excerpt;
use crate::handshake::extensions::Extension;

/// Compression.
impl Request {
    /// Offers permessage-deflate, RFC 7692 §7: each of [`settings.offers`](Deflate::offers), in their
    /// order. The server agrees to one of them, or to none. If there are none, nothing is offered.
    ///
    /// Of [`extensions`](Self::extensions) and this, the later call counts. An
    /// [`Endpoint`](crate::endpoint::Endpoint) whose [`Config::deflate`](crate::Config::deflate) is
    /// set makes this call itself, unless the request offers extensions already.
    ///
    /// ```
    /// use sansock::deflate::{Deflate, DeflateOffer, WindowBits};
    /// use sansock::handshake::client::Request;
    ///
    /// let small = DeflateOffer::default().server_max_window_bits(WindowBits::new(10).unwrap());
    /// let mut settings = Deflate::default();
    /// settings.offers.insert(0, small); // It is preferred to the default offer.
    /// let request = Request::new("ws://a.example/chat")?.deflate(&settings);
    /// assert_eq!(
    ///     request.offered_extensions().unwrap(),
    ///     "permessage-deflate; server_max_window_bits=10; client_max_window_bits, \
    ///      permessage-deflate; client_max_window_bits"
    /// );
    /// # Ok::<(), sansock::handshake::client::InvalidUri>(())
    /// ```
    ///
    /// The response fails the handshake with [`InvalidDeflate`] if it does not accept exactly one of
    /// the offers.
    #[must_use]
    pub fn deflate(mut self, settings: &Deflate) -> Self {
        self.extensions = OfferedExtensions::Deflate(settings.offers.clone());
        self
    }
}

/// Returns the value of the header that makes these offers.
pub(super) fn offer(offers: &[DeflateOffer]) -> Option<String> {
    let elements: Vec<String> = offers.iter().map(ToString::to_string).collect();
    if elements.is_empty() { None } else { Some(elements.join(", ")) }
}

/// Returns what was agreed on by a response that has only elements with the name of this extension,
/// RFC 7692 §7.1.
pub(super) fn judge(
    response: &[Extension<'_>],
    offers: &[DeflateOffer],
) -> Result<DeflateParams, InvalidDeflate> {
    // RFC 7692 §5: the response is one element, which accepts one of the offers.
    let [answer] = response else { return Err(InvalidDeflate::Repeated) };
    let params = DeflateParams::parse(answer.params()).map_err(|(name, value)| {
        let name = Excerpt::new(name.as_bytes());
        let value = value.map(|value| Excerpt::new(value.as_bytes()));
        InvalidDeflate::Parameter { name, value }
    })?;
    match offers.iter().find(|offer| offer.allows(&params)) {
        Some(offer) => Ok(offer.keep_promises(params)),
        None => Err(InvalidDeflate::Unoffered { params }),
    }
}

/// The reason why a server's answer about permessage-deflate fails the WebSocket connection, RFC 7692
/// §7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidDeflate {
    /// The response has the extension more than once: both would use the same bit, RFC 7692 §5.
    Repeated,
    /// A parameter that is not defined for a response, came before, or has an invalid value.
    Parameter {
        /// The name of the parameter.
        name: Excerpt,
        /// Its value, if it has one.
        value: Option<Excerpt>,
    },
    /// Valid parameters that accept none of the offers.
    Unoffered {
        /// The parameters.
        params: DeflateParams,
    },
}

impl fmt::Display for InvalidDeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidDeflate::Repeated => write!(f, "{NAME} was accepted more than once"),
            InvalidDeflate::Parameter { name, value: None } => {
                write!(f, "invalid parameter {name} of {NAME}")
            }
            InvalidDeflate::Parameter { name, value: Some(value) } => {
                write!(f, "invalid parameter {name} of {NAME} with the value {value}")
            }
            InvalidDeflate::Unoffered { params } => {
                write!(f, "response \"{params}\" accepts none of the offers")
            }
        }
    }
}

impl core::error::Error for InvalidDeflate {}
