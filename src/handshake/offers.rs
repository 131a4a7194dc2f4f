//! What a client offers in any version of HTTP: subprotocols and extensions.

use super::error::HeadError;
use super::extensions;
use super::grammar::is_token;
use super::headers::Headers;

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
