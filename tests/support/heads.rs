//! What we make of the heads in `tests/verdicts`, after which the transport ends.
#![allow(dead_code, reason = "each program uses what it needs")]

use sansock::handshake::client::{InvalidResponse, Outcome, Request};
use sansock::handshake::server::{Refusal, RequestHead};

/// The nonce of the key in RFC 6455 §1.3.
pub(crate) const NONCE: [u8; 16] = *b"the sample nonce";

/// The subprotocols that a client offers.
pub(crate) const OFFER: [&str; 2] = ["chat", "superchat"];

/// Returns the request of a client.
pub(crate) fn request() -> Request {
    let request = Request::new("ws://server.example.com/chat").unwrap();
    OFFER.iter().try_fold(request, |request, name| request.subprotocol(name)).unwrap()
}

/// Returns the verdict of a server that knows the subprotocol `chat`. `None` is no whole head.
pub(crate) fn server_verdict(received: Result<Option<RequestHead>, Refusal>) -> String {
    let Ok(Some(head)) = received else { return "refuse".into() };
    let Ok(upgrade) = head.upgrade() else { return "refuse".into() };
    let (response, negotiated) = upgrade.select_subprotocol(&["chat"]).accept();
    assert!(response.starts_with(b"HTTP/1.1 101 "));
    accepted(negotiated.subprotocol())
}

/// Returns the verdict of a client. `None` is no whole head.
pub(crate) fn client_verdict(received: Result<Option<Outcome>, InvalidResponse>) -> String {
    match received {
        Ok(Some(Outcome::Established { negotiated, .. })) => accepted(negotiated.subprotocol()),
        Ok(Some(Outcome::Http(response))) => format!("http {}", response.status()),
        Ok(None) | Err(_) => "refuse".into(),
    }
}

pub(crate) fn accepted(subprotocol: Option<&str>) -> String {
    subprotocol.map_or("accept".into(), |name| format!("accept {name}"))
}
