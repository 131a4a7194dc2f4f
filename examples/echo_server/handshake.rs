//! The opening handshake: from a new transport to one that carries frames.

use std::io;

use sansock::handshake::server::{Refusal, RequestHead, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::request::{Received, request};
use crate::transport;

/// Reads a request and answers it.
///
/// Gives the bytes that came after an accepted request, which are frames already, or `None` where
/// the request was refused and the transport is at its end.
pub(crate) async fn accept(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    subprotocols: &[String],
) -> io::Result<Option<Vec<u8>>> {
    let (answer, early) = match request(stream).await? {
        Received::Request(request, early) => match upgrade(&request, subprotocols) {
            Ok(answer) => (answer, Some(early)),
            Err(answer) => (answer, None),
        },
        Received::Refusal(refusal) => (refusal.response().encode(), None),
        Received::Eof => return Ok(None),
    };
    transport::write_all(stream, &mut &answer[..]).await?;
    if early.is_none() {
        transport::end(stream).await?;
    }
    Ok(early)
}

/// The response that accepts the request, or the one that does not.
fn upgrade(request: &RequestHead, subprotocols: &[String]) -> Result<Vec<u8>, Vec<u8>> {
    match request.upgrade() {
        Ok(upgrade) => {
            let supported: Vec<&str> = subprotocols.iter().map(String::as_str).collect();
            let (response, _) = upgrade.select_subprotocol(&supported).accept();
            Ok(response)
        }
        Err(Refusal::NotUpgrade) => Err(page().unwrap_or(Refusal::NotUpgrade.response()).encode()),
        Err(refusal) => Err(refusal.response().encode()),
    }
}

/// For people who come with a browser.
fn page() -> Option<Response> {
    let page = Response::new(200).ok()?.header("Content-Type", "text/html; charset=utf-8").ok()?;
    Some(page.body(include_str!("page.html")))
}
