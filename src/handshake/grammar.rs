//! The grammar rules of HTTP and URIs that both roles check.

/// Returns `true` if `bytes` is a token, RFC 9110 §5.6.2.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// Returns `true` if `byte` may appear in a token, RFC 9110 §5.6.2: `tchar`.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Returns `true` if `byte` may appear in a field value, RFC 9110 §5.5: visible, space, tab or
/// `obs-text`.
pub(super) fn is_field_byte(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

/// Returns `true` if `byte` may appear in a registered name or an IPv4 address, RFC 3986 §3.2.2:
/// `unreserved` (§2.3) or `sub-delims` (§2.2).
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

/// Returns `true` if `byte` may appear in a path or a query, RFC 3986 §3.3 and §3.4: `pchar`, `/`
/// or `?`.
pub(super) fn is_path_or_query_byte(byte: u8) -> bool {
    is_name_byte(byte) || b":@/?".contains(&byte)
}

/// Returns the offset of the first byte that is neither `allowed` nor part of a valid
/// percent-encoding, RFC 3986 §2.1.
pub(super) fn invalid_uri_byte(bytes: &[u8], allowed: fn(u8) -> bool) -> Option<usize> {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return None,
            [b'%', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                after
            }
            [byte, after @ ..] if allowed(*byte) => after,
            _ => return Some(bytes.len() - rest.len()),
        };
    }
}
