//! The client's side of Extended CONNECT.

use super::{CONNECT, PseudoFields, WEBSOCKET};
use crate::handshake::client::{InvalidResponse, Offer, Outcome, Request, ResponseHead};
use crate::handshake::fields::HeaderFields;
use crate::handshake::lines::Lines;

/// Starting by Extended CONNECT.
impl Request {
    /// Starts a handshake by Extended CONNECT, RFC 8441 §5. Returns the pseudo-header fields and the
    /// header fields of the request, and what judges the response.
    ///
    /// Send it on a connection whose server has allowed it by `SETTINGS_ENABLE_CONNECT_PROTOCOL`, RFC
    /// 8441 §3 and RFC 9220 §3.
    #[must_use]
    pub fn start_connect(&self) -> (PseudoFields<'_>, HeaderFields, ConnectHandshake) {
        let pseudo = PseudoFields {
            method: CONNECT,
            protocol: Some(WEBSOCKET),
            scheme: Some(if self.is_secure() { "https" } else { "http" }),
            authority: Some(self.authority()),
            path: Some(self.target()),
        };
        let mut lines = Lines::default();
        self.push_offer(&mut lines);
        (pseudo, HeaderFields::in_lower_case(&lines), ConnectHandshake { offer: self.offer() })
    }
}

/// The client's side of a handshake by Extended CONNECT: judges the response.
#[derive(Debug)]
pub struct ConnectHandshake {
    offer: Offer,
}

impl ConnectHandshake {
    /// Judges the final response: its `:status`, and its header fields.
    ///
    /// Any status of 2xx accepts, RFC 9110 §9.3.6. Every other one is plain HTTP,
    /// [`Outcome::Http`]: an interim response (1xx), after which the final one comes, a redirect, a
    /// 401.
    ///
    /// # Errors
    ///
    /// [`InvalidResponse`] if a field is malformed, or the server has chosen what was not offered.
    /// Then _fail the WebSocket connection_: reset the stream.
    pub fn receive_head<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        self,
        status: u16,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Outcome, InvalidResponse> {
        let response = ResponseHead::from_parts(status, 1, fields)?;
        if !(200..=299).contains(&status) {
            return Ok(Outcome::Http(response));
        }
        let negotiated = self.offer.negotiated(response.headers())?;
        Ok(Outcome::Established { negotiated, response })
    }
}
