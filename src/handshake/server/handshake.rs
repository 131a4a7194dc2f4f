//! Turns the client's bytes into a request.

use super::refusal::{HEAD, Refusal};
use super::request::RequestHead;
use crate::handshake::error::HeadError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::head::Head;
use crate::handshake::limits::HeadLimits;
use crate::input::Input;

/// The server's side of a handshake: reads the head of one request, RFC 6455 §4.2.1.
///
/// Pass it bytes from the transport until it returns a request or a refusal. After that it takes no
/// bytes.
#[derive(Debug)]
pub struct ServerHandshake {
    head: Head,
}

impl ServerHandshake {
    /// Creates a handshake that refuses heads that exceed `limits`.
    pub fn new(limits: HeadLimits) -> Self {
        ServerHandshake { head: Head::new(limits, b"") }
    }

    /// Takes bytes from the front of `input`, up to the end of the request's head.
    ///
    /// Returns the request once its head is complete. If more bytes are needed, it returns `None`;
    /// all of `input` was taken then. Bytes after the head stay in `input`. After
    /// [`Upgrade::accept`](super::Upgrade::accept) they are the beginning of the stream of frames.
    ///
    /// # Errors
    ///
    /// [`Refusal`] at the earliest byte that proves that the request is not valid. After a refusal
    /// or a request, every call is refused with
    /// [`HeadError::Over`](crate::handshake::HeadError::Over).
    ///
    /// If a HEAD request has a malformed head or exceeds a limit, it is refused for its method, so
    /// that the answer has no content (RFC 9110 §9.3.2).
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<RequestHead>, Refusal> {
        let result = self.head.receive(input);
        if result == Err(HeadError::Over) {
            return Err(HeadError::Over.into());
        }
        // RFC 9113 §3.4: the preface was chosen so that an HTTP/1.1 server does not process what
        // follows. It is judged before `result`, so that the refusal does not depend on where the
        // reads were cut.
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

    /// Parses the head if it is complete.
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
    /// Creates a handshake with the default [`HeadLimits`].
    fn default() -> Self {
        ServerHandshake::new(HeadLimits::default())
    }
}

/// The beginning of the HTTP/2 preface: no HTTP/1.1 request begins with it, RFC 9113 §3.4.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";

/// The beginning of a HEAD request, RFC 9112 §3.
const HEAD_PREFIX: &[u8] = b"HEAD ";
