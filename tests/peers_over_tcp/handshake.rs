//! The opening handshake of a server without an endpoint: for a peer that has no handshake of its own.

use std::io;

use sansock::Negotiated;
use sansock::handshake::server::RequestHead;
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
        Err(refusal) => Err(refusal.response().encode()),
    }
}
