//! WebSocket URIs, RFC 6455 §3 and RFC 3986.

use super::head::is_authority;

/// What a URI says.
#[derive(Debug, PartialEq)]
pub struct Uri {
    pub is_secure: bool,
    /// The host as it is written, with brackets.
    pub host: String,
    pub port: u16,
    pub resource_name: String,
}

/// Reads `ws-URI` or `wss-URI`, RFC 6455 §3. Returns `None` if it is neither.
pub fn read(uri: &str) -> Option<Uri> {
    let lower = uri.to_ascii_lowercase();
    let (is_secure, len) = match () {
        () if lower.starts_with("ws://") => (false, 5),
        () if lower.starts_with("wss://") => (true, 6),
        () => return None,
    };
    let rest = &uri[len..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, resource) = rest.split_at(end);
    if !is_authority(authority) || !is_resource(resource) {
        return None;
    }
    let colon = authority.rfind(':').filter(|colon| !authority[*colon..].contains(']'));
    let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
    let default = if is_secure { 443 } else { 80 };
    let port = match port.trim_start_matches(':') {
        "" => default,
        digits => digits.trim_start_matches('0').parse().unwrap_or(0),
    };
    // §3: `/` for an empty path, and `?` only before a query that is not empty.
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let path = if path.is_empty() { "/" } else { path };
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    let resource_name = format!("{path}{query}");
    Some(Uri { is_secure, host: host.to_owned(), port, resource_name })
}

/// Returns whether it is `path-abempty [ "?" query ]`, RFC 3986 §3.3 and §3.4.
fn is_resource(resource: &str) -> bool {
    let mut chars = resource.chars();
    while let Some(char) = chars.next() {
        let is_allowed = match char {
            '%' => {
                let mut digit = || chars.next().is_some_and(|char| char.is_ascii_hexdigit());
                digit() && digit()
            }
            'a'..='z' | 'A'..='Z' | '0'..='9' => true,
            other => "-._~!$&'()*+,;=:@/?".contains(other),
        };
        if !is_allowed {
            return false;
        }
    }
    true
}
