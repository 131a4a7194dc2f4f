//! Agreeing to permessage-deflate, RFC 7692 §7.

use super::Upgrade;
use super::upgrade::AgreedExtensions;
use crate::deflate::{Deflate, DeflateOffer, NAME};
use crate::handshake::extensions::{self, Extension};

/// Compression.
impl<D> Upgrade<'_, D> {
    /// Agrees to permessage-deflate, if the client offers it: to the first of its offers that is
    /// valid, with what `settings` say. Otherwise no extension is agreed on, RFC 7692 §7.
    ///
    /// An offer with an unknown or repeated parameter or an invalid value is declined, which means
    /// that the next one counts. Offers of other extensions are skipped.
    ///
    /// An offer of a window of 8 bits is agreed to, although no compressor here has so small a window:
    /// a server that agrees need not compress, RFC 7692 §6.1, and the client can.
    ///
    /// Of [`extensions`](Self::extensions), [`without_extensions`](Self::without_extensions) and this,
    /// the last call counts. An [`Endpoint`](crate::endpoint::Endpoint) whose
    /// [`Config::deflate`](crate::Config::deflate) is set makes this call itself, before you can
    /// choose otherwise.
    ///
    /// ```
    /// use sansock::deflate::Deflate;
    /// use sansock::handshake::server::RequestHead;
    ///
    /// let request = RequestHead::from_parts("GET", "/chat", 1, [
    ///     ("host", "a.example"),
    ///     ("upgrade", "websocket"),
    ///     ("connection", "Upgrade"),
    ///     ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ///     ("sec-websocket-version", "13"),
    ///     ("sec-websocket-extensions", "permessage-deflate; server_no_context_takeover"),
    /// ])?;
    /// let (response, negotiated) = request.upgrade()?.deflate(&Deflate::default()).accept();
    /// let params = negotiated.deflate().expect("it was offered");
    /// assert!(params.server_no_context_takeover);
    /// assert!(String::from_utf8_lossy(&response).contains(
    ///     "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"
    /// ));
    /// # Ok::<(), sansock::handshake::server::Refusal>(())
    /// ```
    pub fn deflate(mut self, settings: &Deflate) -> Self {
        let offered = extensions::value_in(self.headers).unwrap_or_default();
        let offered = Extension::parse_list(&offered).unwrap_or_default();
        // RFC 6455 §9.1: the offers are in the client's order of preference.
        let mut valid = offered
            .iter()
            .filter(|extension| extension.name() == NAME)
            .filter_map(|extension| DeflateOffer::parse(extension.params()));
        self.extensions = match valid.next() {
            Some(offer) => AgreedExtensions::Deflate(offer.accept(settings)),
            None => AgreedExtensions::None,
        };
        self
    }
}
