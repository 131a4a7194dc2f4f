//! The grammar rules of HTTP and URIs that both roles check.

/// Returns `true` if `bytes` is a token, RFC 9110 §5.6.2.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// Returns `true` if `byte` may appear in a token, RFC 9110 §5.6.2: `tchar`.
pub(super) fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES.contains(byte)
}

/// Returns `true` if `byte` may appear in a field value, RFC 9110 §5.5: visible, space, tab or
/// `obs-text`.
pub(super) fn is_field_byte(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

/// Returns `true` if `byte` may appear in a registered name or an IPv4 address, RFC 3986 §3.2.2:
/// `unreserved` (§2.3) or `sub-delims` (§2.2).
pub(super) fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES.contains(byte)
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

/// A set of bytes, which is looked up by one of its bits.
struct ByteSet([u64; 4]);

impl ByteSet {
    /// The letters, the digits, and `others`.
    const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut set = ByteSet([0; 4]);
        let mut byte = u8::MAX;
        while byte > 0 {
            if byte.is_ascii_alphanumeric() {
                set = set.with(byte);
            }
            byte -= 1;
        }
        let mut others = others;
        while let [byte, rest @ ..] = others {
            set = set.with(*byte);
            others = rest;
        }
        set
    }

    #[allow(clippy::indexing_slicing, reason = "a quarter of a byte's range is less than 4")]
    const fn with(mut self, byte: u8) -> Self {
        self.0[(byte / 64) as usize] |= 1 << (byte % 64);
        self
    }

    #[allow(clippy::indexing_slicing, reason = "a quarter of a byte's range is less than 4")]
    const fn contains(&self, byte: u8) -> bool {
        self.0[(byte / 64) as usize] >> (byte % 64) & 1 == 1
    }
}

const TOKEN_BYTES: ByteSet = ByteSet::alphanumeric_and(b"!#$%&'*+-.^_`|~");

const NAME_BYTES: ByteSet = ByteSet::alphanumeric_and(b"-._~!$&'()*+,;=");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_bytes_that_it_is_made_of() {
        for byte in 0..=u8::MAX {
            let is_word = byte.is_ascii_alphanumeric();
            assert_eq!(is_token_byte(byte), is_word || b"!#$%&'*+-.^_`|~".contains(&byte));
            assert_eq!(is_name_byte(byte), is_word || b"-._~!$&'()*+,;=".contains(&byte));
        }
    }
}
