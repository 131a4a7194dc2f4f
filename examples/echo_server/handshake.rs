//! The opening handshake: from a new transport to one that carries frames.

use std::io;

use sansock::Negotiated;
use sansock::handshake::server::{Refusal, RequestHead, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::request::{Received, request};
use crate::transport;

/// A request that was accepted.
pub(crate) struct Accepted {
    pub(crate) negotiated: Negotiated,
    /// Bytes that arrived after the request: the first frames.
    pub(crate) early: Vec<u8>,
}

/// Reads a request and answers it. Returns `None` if it was refused; the transport has ended then.
pub(crate) async fn accept(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    subprotocols: &[String],
) -> io::Result<Option<Accepted>> {
    let (answer, accepted) = match request(stream).await? {
        Received::Request(request, early) => match upgrade(&request, subprotocols) {
            Ok((answer, negotiated)) => (answer, Some(Accepted { negotiated, early })),
            Err(answer) => (answer, None),
        },
        Received::Refusal(refusal) => (refusal.response().encode(), None),
        Received::Eof => return Ok(None),
    };
    transport::write_all(stream, &mut &answer[..]).await?;
    if accepted.is_none() {
        transport::end(stream).await?;
    }
    Ok(accepted)
}

/// Returns the response that accepts the request, with what was negotiated, or the response that
/// refuses it.
fn upgrade(
    request: &RequestHead,
    subprotocols: &[String],
) -> Result<(Vec<u8>, Negotiated), Vec<u8>> {
    match request.upgrade() {
        Ok(upgrade) => {
            let supported: Vec<&str> = subprotocols.iter().map(String::as_str).collect();
            Ok(upgrade.select_subprotocol(&supported).accept())
        }
        Err(Refusal::NotUpgrade) => Err(page().unwrap_or(Refusal::NotUpgrade.response()).encode()),
        Err(refusal) => Err(refusal.response().encode()),
    }
}

/// Returns the page for browsers.
fn page() -> Option<Response> {
    let page = Response::new(200).ok()?.header("Content-Type", "text/html; charset=utf-8").ok()?;
    Some(page.body(include_str!("page.html")))
}
