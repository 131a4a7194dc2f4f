//! What a client has offered, and what the server has chosen of it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::handshake::InvalidResponse;
#[cfg(feature = "deflate")]
use crate::deflate::{DeflateOffer, NAME};
use crate::handshake::excerpt::Excerpt;
use crate::handshake::extensions::{self, Extension};
use crate::handshake::headers::Headers;
use crate::negotiated::Negotiated;

/// What a client has offered.
#[derive(Debug)]
pub(in crate::handshake) struct Offer {
    pub(super) subprotocols: Vec<String>,
    pub(super) extensions: OfferedExtensions,
}

/// The extensions that a client offers.
#[derive(Clone, Debug)]
pub(super) enum OfferedExtensions {
    None,
    /// A list of extensions, whose parameters are the caller's matter.
    List(String),
    /// permessage-deflate, as an element of the list for each of these.
    #[cfg(feature = "deflate")]
    Deflate(Vec<DeflateOffer>),
}

impl OfferedExtensions {
    /// Returns the value of the header that offers them.
    pub(super) fn value(&self) -> Option<Cow<'_, str>> {
        match self {
            OfferedExtensions::None => None,
            OfferedExtensions::List(list) => Some(Cow::Borrowed(list)),
            #[cfg(feature = "deflate")]
            OfferedExtensions::Deflate(offers) => super::deflate::offer(offers).map(Cow::Owned),
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            OfferedExtensions::None => false,
            OfferedExtensions::List(list) => {
                let offered = Extension::parse_list(list.as_bytes()).unwrap_or_default();
                offered.iter().any(|offer| offer.name() == name)
            }
            #[cfg(feature = "deflate")]
            OfferedExtensions::Deflate(offers) => !offers.is_empty() && name == NAME,
        }
    }
}

impl Offer {
    /// Returns what the server has agreed to.
    pub(in crate::handshake) fn negotiated(
        &self,
        headers: &Headers,
    ) -> Result<Negotiated, InvalidResponse> {
        let negotiated = self.agreed_subprotocol(headers)?;
        self.agreed_extensions(headers, negotiated)
    }

    /// Adds the extensions that the server agreed to.
    fn agreed_extensions(
        &self,
        headers: &Headers,
        negotiated: Negotiated,
    ) -> Result<Negotiated, InvalidResponse> {
        let Some(value) = extensions::value_in(headers) else { return Ok(negotiated) };
        // RFC 6455 §9.1: a value that breaks the grammar fails the connection.
        let malformed = headers.invalid(extensions::HEADER);
        let agreed = Extension::parse_list(&value).map_err(|_| malformed)?;
        // RFC 6455 §4.1, item 5 of the requirements on the response
        let is_unasked = |extension: &&Extension<'_>| !self.extensions.has(extension.name());
        if let Some(unasked) = agreed.iter().find(is_unasked) {
            let extension = Excerpt::new(unasked.name().as_bytes());
            return Err(InvalidResponse::UnofferedExtension { extension });
        }
        #[cfg(feature = "deflate")]
        if let OfferedExtensions::Deflate(offers) = &self.extensions {
            return Ok(negotiated.with_deflate(super::deflate::judge(&agreed, offers)?));
        }
        let value = core::str::from_utf8(&value).map_err(|_| malformed)?;
        Ok(negotiated.with_extensions(value))
    }

    /// Returns the agreement with the subprotocol that the server chose.
    fn agreed_subprotocol(&self, headers: &Headers) -> Result<Negotiated, InvalidResponse> {
        let value = headers.at_most_one("Sec-WebSocket-Protocol")?;
        let Some(value) = value else { return Ok(Negotiated::default()) };
        // RFC 6455 §4.1, item 6 of the requirements on the response
        match self.subprotocols.iter().find(|offered| offered.as_bytes() == value) {
            Some(offered) => Ok(Negotiated::default().with_subprotocol(offered)),
            None => Err(InvalidResponse::UnofferedSubprotocol { subprotocol: Excerpt::new(value) }),
        }
    }
}
