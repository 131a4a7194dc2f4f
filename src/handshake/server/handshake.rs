//! From bytes to a request.

use super::refusal::{HEAD, Refusal};
use super::request::RequestHead;
use crate::handshake::error::HeadError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::head::Head;
use crate::handshake::limits::HeadLimits;
use crate::input::Input;

/// Reads the head of one request from a byte stream, RFC 6455 §4.2.1.
///
/// Feed it what the transport gives until it returns a request or a refusal; it takes nothing
/// after that.
#[derive(Debug)]
pub struct ServerHandshake {
    head: Head,
}

impl ServerHandshake {
    /// A handshake that refuses what goes beyond `limits`.
    pub fn new(limits: HeadLimits) -> Self {
        ServerHandshake { head: Head::new(limits, b"") }
    }

    /// Takes bytes from the client, as many as belong to the head of the request.
    ///
    /// Returns the request once its head is complete, and `None` if more bytes are needed: all of
    /// `input` was taken then. What follows the head stays in `input`: after
    /// [`Upgrade::accept`](super::Upgrade::accept) it is the beginning of the stream of frames.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] at the earliest byte that proves that no request can come of it. From then
    /// on, and after the request, every call is refused with
    /// [`HeadError::Over`](crate::handshake::HeadError::Over).
    ///
    /// A HEAD request with a malformed head, or one over a limit, is refused for its method, so that
    /// the answer has no content (RFC 9110 §9.3.2).
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<RequestHead>, Refusal> {
        let result = self.head.receive(input);
        if result == Err(HeadError::Over) {
            return Err(HeadError::Over.into());
        }
        // RFC 9113 §3.4: the preface was chosen so that an HTTP/1.1 server does not go on. It is
        // judged before `result`, so that the refusal does not depend on where the reads were cut.
        if self.head.bytes().starts_with(HTTP2_PREFACE) {
            self.head.end();
            return Err(Refusal::Http2);
        }
        let is_head_request = self.head.bytes().starts_with(HEAD_PREFIX);
        self.request(result).map_err(|error| {
            if is_head_request {
                Refusal::Method { method: Excerpt::new(HEAD) }
            } else {
                Refusal::Head(error)
            }
        })
    }

    /// Parses the head where it is complete.
    fn request(
        &mut self,
        is_complete: Result<bool, HeadError>,
    ) -> Result<Option<RequestHead>, HeadError> {
        if !is_complete? {
            return Ok(None);
        }
        let headers = self.head.headers();
        RequestHead::parse(self.head.take(), headers).map(Some)
    }
}

impl Default for ServerHandshake {
    /// With the default [`HeadLimits`].
    fn default() -> Self {
        ServerHandshake::new(HeadLimits::default())
    }
}

/// As much of the preface as no HTTP/1.1 request begins with, RFC 9113 §3.4.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";

/// What a HEAD request begins with, RFC 9112 §3.
const HEAD_PREFIX: &[u8] = b"HEAD ";
