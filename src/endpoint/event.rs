//! What an endpoint delivers.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::connection;
use crate::handshake::client::ResponseHead;
use crate::negotiated::Negotiated;

/// What was received.
///
/// Like the events of a connection, it borrows from the input, not from the endpoint.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A message, a control frame or a Close.
    Connection(connection::Event<'a>),
    /// A server has received a request, which [`Endpoint::request`](super::Endpoint::request)
    /// returns. Answer it by [`accept`](super::Endpoint::accept),
    /// [`accept_with`](super::Endpoint::accept_with) or [`respond`](super::Endpoint::respond).
    /// Until then nothing more is received, so do not read on: what you read would only be
    /// stored.
    Request,
    /// The connection is open: the client has received the response, or the server has accepted a
    /// request [unseen](super::RequestPolicy::AcceptUnseen).
    Opened(Box<Opened>),
    /// The server has answered a client with something other than a WebSocket. The endpoint has
    /// ended.
    Refused(Box<HttpResponse>),
}

/// How a connection was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// What both ends have agreed on.
    pub negotiated: Negotiated,
    /// The response that a client has received, for its headers: a 101, or a 200 by Extended CONNECT.
    /// `None` for a server.
    pub response: Option<ResponseHead>,
}

impl Opened {
    /// Creates it for a connection that was opened elsewhere, for example by an HTTP library.
    pub const fn new(negotiated: Negotiated, response: Option<ResponseHead>) -> Self {
        Opened { negotiated, response }
    }
}

/// An HTTP response that refuses a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The status and the headers.
    pub head: ResponseHead,
    /// The body, decoded if it was chunked, up to
    /// [`Settings::refusal_body`](super::Settings::refusal_body) bytes.
    pub body: Vec<u8>,
    /// Whether `body` is all of the body. It is `false` if the body is longer than the limit, ends
    /// early, or its length is not stated properly.
    pub is_complete: bool,
}

impl HttpResponse {
    /// Creates a response that was received elsewhere, for example by an HTTP library.
    pub const fn new(head: ResponseHead, body: Vec<u8>, is_complete: bool) -> Self {
        HttpResponse { head, body, is_complete }
    }
}
