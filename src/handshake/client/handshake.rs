//! Turns the server's bytes into the outcome of the handshake.

use alloc::string::String;
use core::fmt;

#[cfg(feature = "deflate")]
use super::deflate::InvalidDeflate;
use super::offer::Offer;
use super::response::ResponseHead;
use crate::handshake::error::HeadError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::head::Head;
use crate::input::Input;
use crate::negotiated::Negotiated;

/// The client's side of a handshake: reads the response to a [`Request`](super::Request), RFC 6455
/// §4.1.
///
/// Pass it bytes from the transport until it returns an outcome or an error. After that it takes no
/// bytes. Send nothing before it returns an outcome.
#[derive(Debug)]
pub struct ClientHandshake {
    pub(super) head: Head,
    /// The required value of `Sec-WebSocket-Accept`.
    pub(super) accept: String,
    pub(super) offer: Offer,
}

impl ClientHandshake {
    /// Takes bytes from the front of `input`, up to the end of the response's head.
    ///
    /// Returns the outcome once it is certain. If more bytes are needed, it returns `None`; all of
    /// `input` was taken then. Bytes after the head stay in `input`: they are the beginning of the
    /// stream of frames, or of the response's body. Interim responses (1xx) are skipped.
    ///
    /// # Errors
    ///
    /// [`InvalidResponse`] if the response is not HTTP, is a 1xx that announces a body, or is a 101
    /// that breaks RFC 6455 §4.1. Then _fail the WebSocket connection_, which is to close the
    /// transport.
    ///
    /// After an error or an outcome, every call fails with
    /// [`HeadError::Over`](crate::handshake::HeadError::Over).
    pub fn receive(&mut self, input: &mut Input<'_>) -> Result<Option<Outcome>, InvalidResponse> {
        loop {
            if !self.head.receive(input)? {
                return Ok(None);
            }
            let headers = self.head.headers();
            let response = ResponseHead::parse(self.head.take(), headers)?;
            check_framing(&response)?;
            match response.status() {
                // RFC 9110 §15.2: a client must be able to parse interim responses, and may
                // ignore them.
                100 | 102..=199 => self.head.restart(),
                _ => return self.judge(response).map(Some),
            }
        }
    }

    /// Does the same for a response that an HTTP library has received. After it, nothing more can be
    /// received.
    ///
    /// ```
    /// use sansock::handshake::client::{Outcome, Request, ResponseHead};
    ///
    /// let request = Request::new("ws://a.example/chat")?;
    /// let (fields, handshake) = request.start_fields(*b"the sample nonce");
    /// // Send `GET /chat` with these fields. What the library has received:
    /// assert_eq!((request.target(), fields.iter().count()), ("/chat", 5));
    /// let response = ResponseHead::from_parts(101, 1, [
    ///     ("upgrade", "websocket"),
    ///     ("connection", "upgrade"),
    ///     ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    /// ])?;
    /// let outcome = handshake.receive_head(response)?;
    /// assert!(matches!(outcome, Outcome::Established { .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidResponse`], as [`receive`](Self::receive). An interim response (1xx) other than the
    /// 101 is [`Outcome::Http`]: wait for the final one.
    pub fn receive_head(self, response: ResponseHead) -> Result<Outcome, InvalidResponse> {
        check_framing(&response)?;
        self.judge(response)
    }

    /// Judges a final response.
    fn judge(&self, response: ResponseHead) -> Result<Outcome, InvalidResponse> {
        // RFC 6455 §4.1, item 1 of the requirements on the response
        if response.status() != SWITCHING_PROTOCOLS {
            return Ok(Outcome::Http(response));
        }
        // RFC 6455 §4.2.2, item 5.1: the status line is as per HTTP. RFC 9110 §7.8: HTTP/1.0 has no
        // upgrade.
        if response.minor_version() == 0 {
            return Err(InvalidResponse::Http10);
        }
        let headers = response.headers();
        // Items 2 and 3
        if !headers.only("Upgrade")?.eq_ignore_ascii_case(b"websocket") {
            return Err(headers.invalid("Upgrade").into());
        }
        headers.require_token("Connection", "Upgrade")?;
        // Item 4, and RFC 6455 §11.3.3: only once.
        if headers.only("Sec-WebSocket-Accept")? != self.accept.as_bytes() {
            return Err(headers.invalid("Sec-WebSocket-Accept").into());
        }
        let negotiated = self.offer.negotiated(headers)?;
        Ok(Outcome::Established { negotiated, response })
    }
}

/// The outcome of a handshake that the server answered with a valid response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The WebSocket connection is established: frames follow.
    #[non_exhaustive]
    Established {
        /// What both ends agreed on.
        negotiated: Negotiated,
        /// The 101 response, for its headers.
        response: ResponseHead,
    },
    /// The server answered with another status, such as a redirect, 401 or 503. The response is
    /// plain HTTP. Bytes after its head are its body, if it has one. No frames follow.
    Http(ResponseHead),
}

/// The reason why a response fails the WebSocket connection, RFC 6455 §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidResponse {
    /// The head is not HTTP/1.1 or exceeds a limit, or it is a 101 without the header fields that
    /// prove that the server understood the request.
    Head(HeadError),
    /// A 101 response in HTTP/1.0.
    Http10,
    /// A 1xx response that announces a body, although no 1xx has one. Another reader would treat as
    /// its body the bytes that this one treats as frames or as the next response. RFC 9110 §8.6,
    /// RFC 9112 §6.1.
    Body {
        /// The status code.
        status: u16,
        /// The header that announces the body: `Transfer-Encoding` or `Content-Length`.
        name: &'static str,
    },
    /// The server chose an extension that was not offered.
    UnofferedExtension {
        /// The name of the extension.
        extension: Excerpt,
    },
    /// The server chose a subprotocol that was not offered.
    UnofferedSubprotocol {
        /// The value of `Sec-WebSocket-Protocol`.
        subprotocol: Excerpt,
    },
    /// The server's answer to the offers of permessage-deflate is not valid.
    #[cfg(feature = "deflate")]
    Deflate(InvalidDeflate),
}

impl From<HeadError> for InvalidResponse {
    fn from(error: HeadError) -> Self {
        InvalidResponse::Head(error)
    }
}

#[cfg(feature = "deflate")]
impl From<InvalidDeflate> for InvalidResponse {
    fn from(error: InvalidDeflate) -> Self {
        InvalidResponse::Deflate(error)
    }
}

impl fmt::Display for InvalidResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidResponse::Head(error) => error.fmt(f),
            InvalidResponse::Http10 => f.write_str("HTTP/1.0 cannot be upgraded"),
            InvalidResponse::Body { status, name } => {
                write!(f, "{name} header is not allowed in a {status} response")
            }
            InvalidResponse::UnofferedExtension { extension } => {
                write!(f, "extension {extension} was not offered")
            }
            InvalidResponse::UnofferedSubprotocol { subprotocol } => {
                write!(f, "subprotocol {subprotocol} was not offered")
            }
            #[cfg(feature = "deflate")]
            InvalidResponse::Deflate(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for InvalidResponse {}

/// Checks that no 1xx announces a body.
fn check_framing(response: &ResponseHead) -> Result<(), InvalidResponse> {
    let status = response.status();
    if !(100..=199).contains(&status) {
        return Ok(());
    }
    // RFC 9112 §6.1 and RFC 9110 §8.6: a server must not send either of them in a 1xx.
    let framing = ["Transfer-Encoding", "Content-Length"];
    match framing.into_iter().find(|name| response.headers().first(name).is_some()) {
        Some(name) => Err(InvalidResponse::Body { status, name }),
        None => Ok(()),
    }
}

const SWITCHING_PROTOCOLS: u16 = 101;

/// The beginning of every response, RFC 9112 §2.3 and §4.
pub(super) const RESPONSE_PREFIX: &[u8] = b"HTTP/1.";
