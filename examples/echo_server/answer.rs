//! The answer to a client's request.

use sansock::endpoint::Endpoint;
use sansock::handshake::server::{Refusal, Response};

/// Accepts an opening handshake, with the first of `subprotocols` that the client offers. Answers any
/// other GET request with a page, and everything else with the response that says what is wrong.
pub(crate) fn answer(ws: &mut Endpoint, subprotocols: &[String]) {
    let refusal = ws.request().and_then(|request| request.upgrade().err());
    if let (Some(Refusal::NotUpgrade), Some(page)) = (refusal, page()) {
        return ws.respond(&page);
    }
    let supported: Vec<&str> = subprotocols.iter().map(String::as_str).collect();
    // If the request is refused, the response is in the output.
    let _ = ws.accept_with(|upgrade| Ok(upgrade.select_subprotocol(&supported)));
}

/// Returns the page for browsers.
fn page() -> Option<Response> {
    let page = Response::new(200).ok()?.header("Content-Type", "text/html; charset=utf-8").ok()?;
    Some(page.body(include_str!("page.html")))
}
