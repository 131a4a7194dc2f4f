//! What a client asks for and offers in any version of HTTP: a version of the protocol,
//! subprotocols and extensions.

use super::error::HeadError;
use super::excerpt::Excerpt;
use super::extensions;
use super::grammar::is_token;
use super::headers::Headers;

/// Returns the version of the protocol that a client asks for, unless it is 13.
pub(super) fn other_version(headers: &Headers) -> Result<Option<Excerpt>, HeadError> {
    // RFC 6455 §4.2.1, item 6, and §11.3.5: only once.
    let version = headers.only("Sec-WebSocket-Version")?;
    Ok((version != b"13").then(|| Excerpt::new(version)))
}

/// Checks the grammar of what a client offers.
pub(super) fn check(headers: &Headers) -> Result<(), HeadError> {
    check_subprotocols(headers)?;
    // RFC 6455 §9.1: a value that breaks the grammar fails the connection.
    if extensions::value_in(headers).is_some_and(|value| !extensions::is_valid(&value)) {
        return Err(headers.invalid(extensions::HEADER));
    }
    Ok(())
}

fn check_subprotocols(headers: &Headers) -> Result<(), HeadError> {
    // RFC 6455 §4.3: 1#token.
    let name = "Sec-WebSocket-Protocol";
    let present = headers.first(name).is_some();
    let mut elements = headers.elements(name).peekable();
    if present && (elements.peek().is_none() || !elements.all(is_token)) {
        return Err(headers.invalid(name));
    }
    Ok(())
}
