//! Reads a client's request, the first bytes on its transport.

use std::io;

use sansock::Input;
use sansock::handshake::server::{Refusal, RequestHead, ServerHandshake};
use tokio::io::AsyncRead;

use crate::transport;

/// What arrived first.
pub(crate) enum Received {
    /// A request, and the bytes after it: the first frames.
    Request(RequestHead, Vec<u8>),
    Refusal(Refusal),
    Eof,
}

/// Reads until the request is complete, must be refused, or the transport ends.
pub(crate) async fn request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Received> {
    let mut handshake = ServerHandshake::default();
    loop {
        let received = transport::read(stream, &mut handshake, take, |_| ()).await?;
        if let Some(received) = received {
            return Ok(received);
        }
    }
}

fn take(handshake: &mut ServerHandshake, bytes: &mut [u8]) -> Option<Received> {
    if bytes.is_empty() {
        return Some(Received::Eof);
    }
    let mut input = Input::new(bytes);
    match handshake.receive(&mut input) {
        Ok(request) => request.map(|request| Received::Request(request, input.as_bytes().to_vec())),
        Err(refusal) => Some(Received::Refusal(refusal)),
    }
}
