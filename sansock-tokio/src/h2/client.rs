//! The client's side of Extended CONNECT.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use h2::RecvStream;
use h2::client::SendRequest;
use h2::ext::Protocol;
use sansock::bytes::Bytes;
use sansock::connection::ConfigMismatch;
use sansock::endpoint::{self, HttpResponse};
use sansock::handshake::client::{Outcome, ResponseHead};
use sansock::{Connection, Role};

use super::H2Stream;
use super::stream::io_error;
use crate::deadline::Deadline;
use crate::offers::with_offers;
use crate::{Error, Opened, Request, Settings, WebSocket};

/// Opens a WebSocket by Extended CONNECT, RFC 8441 §5, on a connection to the server of `request`.
/// Returns what was agreed on, and the response, as well.
///
/// The task of the connection must run. Its deadline is [`Settings::handshake_timeout`].
///
/// # Errors
///
/// [`Error::Io`] of the kind [`Unsupported`](ErrorKind::Unsupported) if the server's settings do not
/// allow it, or have not come yet: see the [module](crate::h2). [`Error::Refused`] with the response if
/// the server answers with anything but a WebSocket, [`Error::Endpoint`] if its response breaks the
/// RFC, [`Error::Expired`] if it takes too long, and [`Error::Io`] if the connection ends.
/// [`Error::Config`] if the settings are a server's.
pub fn connect(
    client: &SendRequest<Bytes>,
    request: &Request,
    settings: &Settings,
) -> impl Future<Output = Result<(WebSocket<H2Stream>, Opened), Error>> {
    let mut deadline = Deadline::after(settings.handshake_timeout);
    // Boxed for the same reason as the other openings.
    Box::pin(async move {
        if settings.config.role() != Role::Client {
            return Err(ConfigMismatch.into());
        }
        deadline.limit_opening(open(client.clone(), request, settings)).await
    })
}

async fn open(
    client: SendRequest<Bytes>,
    request: &Request,
    settings: &Settings,
) -> Result<(WebSocket<H2Stream>, Opened), Error> {
    // RFC 8441 §3: not before the server has allowed it.
    if !client.is_extended_connect_protocol_enabled() {
        return Err(io::Error::new(ErrorKind::Unsupported, NOT_ALLOWED).into());
    }
    let mut client = client.ready().await.map_err(io_error)?;
    let request = with_offers(request, settings);
    let (mut request, handshake) = request.start_connect_http().map_err(io::Error::other)?;
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let (response, send) = client.send_request(request, false).map_err(io_error)?;
    let (head, body) = response.await.map_err(io_error)?.into_parts();
    let outcome = handshake.receive_head(head.status.as_u16(), &head.headers);
    match outcome.map_err(|error| endpoint::Error::InvalidResponse(Box::new(error)))? {
        Outcome::Established { negotiated, response, .. } => {
            let config = Arc::clone(&settings.config);
            let connection = Connection::from_negotiated(config, &negotiated)
                .map_err(|error| endpoint::Error::UnsupportedExtensions(Box::new(error)))?;
            let stream = H2Stream::new(send, body);
            let ws = WebSocket::from_parts(stream, &[], connection, settings.timeouts.clone());
            Ok((ws, Opened::new(negotiated, Some(response))))
        }
        Outcome::Http(head) => {
            let response = read_body(head, body, settings.refusal_body).await;
            Err(Error::Refused(Box::new(response)))
        }
    }
}

/// Reads at most `limit` bytes of the body of a response that refuses.
async fn read_body(head: ResponseHead, mut body: RecvStream, limit: usize) -> HttpResponse {
    let mut content = Vec::new();
    while let Some(data) = body.data().await {
        let Ok(data) = data else { return HttpResponse::new(head, content, false) };
        let room = limit - content.len();
        content.extend_from_slice(data.get(..room).unwrap_or(&data));
        if data.len() > room {
            return HttpResponse::new(head, content, false);
        }
        // It fails only if more is released than was received.
        let _ = body.flow_control().release_capacity(data.len());
    }
    HttpResponse::new(head, content, true)
}

const NOT_ALLOWED: &str = "the server's settings do not allow Extended CONNECT";
