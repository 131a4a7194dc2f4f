//! The lines of a head to send.

use alloc::vec::Vec;
use core::fmt;

use super::error::BuildError;
use super::excerpt::Excerpt;
use super::grammar::{is_field_byte, is_token};

/// Lines of a head, each with its CRLF.
///
/// `Debug` shows only the length, because values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    bytes: Vec<u8>,
}

impl Lines {
    /// Starts a head with its request line or status line.
    pub(super) fn starting(start_line: &str) -> Self {
        let mut lines = Lines { bytes: Vec::with_capacity(USUAL_LEN) };
        lines.bytes.extend_from_slice(start_line.as_bytes());
        lines.bytes.extend_from_slice(CRLF);
        lines
    }

    /// Adds a field that the handshake writes itself.
    pub(super) fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        for part in [name.as_bytes(), b": ", value.as_ref(), CRLF] {
            self.bytes.extend_from_slice(part);
        }
    }

    /// Checks and adds a field of the caller.
    pub(super) fn add(&mut self, name: &str, value: &[u8]) -> Result<(), BuildError> {
        if !is_token(name.as_bytes()) {
            return Err(BuildError::HeaderName { name: Excerpt::new(name.as_bytes()) });
        }
        if is_reserved(name) {
            return Err(BuildError::ReservedHeader { name: Excerpt::new(name.as_bytes()) });
        }
        if let Some((offset, &byte)) =
            value.iter().enumerate().find(|&(_, &byte)| !is_field_byte(byte))
        {
            return Err(BuildError::HeaderValue { byte, offset });
        }
        self.push(name, value);
        Ok(())
    }

    /// Returns the name and value of each field. Call it only if there is no start line.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        // No value has a line feed.
        self.bytes.split(|&byte| byte == b'\n').filter_map(|line| {
            let line = line.strip_suffix(b"\r")?;
            let colon = line.iter().position(|&byte| byte == b':')?;
            let (name, value) = line.split_at(colon);
            Some((name, value.strip_prefix(b": ")?))
        })
    }

    /// Returns the fields without those of these names. Call it only if there is no start line.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let mut others = Lines::default();
        for (name, value) in self.fields() {
            let name = core::str::from_utf8(name).unwrap_or_default();
            if !names.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                others.push(name, value);
            }
        }
        others
    }

    /// Adds `lines`.
    pub(super) fn append(&mut self, lines: &Lines) {
        self.bytes.extend_from_slice(&lines.bytes);
    }

    /// Returns the whole head, with the empty line that ends it.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(CRLF);
        self.bytes
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes.len())
    }
}

/// Returns `true` if the handshake writes this field itself, or if it decides where a message ends.
fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
        || name
            .get(..RESERVED_PREFIX.len())
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case(RESERVED_PREFIX))
}

const CRLF: &[u8] = b"\r\n";

/// Enough for most heads.
const USUAL_LEN: usize = 256;

const RESERVED: [&str; 5] =
    ["Connection", "Content-Length", "Host", "Transfer-Encoding", "Upgrade"];

/// The beginning of the names that the handshake writes itself, RFC 6455 §11.3.
const RESERVED_PREFIX: &str = "Sec-WebSocket-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_of_the_callers_ends_a_line() {
        for byte in 0..=u8::MAX {
            let mut lines = Lines::default();
            let value = [b'a', byte];
            let allowed = byte == b'\t' || (byte >= b' ' && byte != 0x7f);
            let expected = Err(BuildError::HeaderValue { byte, offset: 1 });
            assert_eq!(lines.add("A", &value), if allowed { Ok(()) } else { expected });
            assert_eq!(lines.bytes.is_empty(), !allowed);
        }
    }

    #[test]
    fn a_name_is_a_token() {
        for name in ["", "a b", "a:", "a\r\nb", "é", "a\0"] {
            let error = BuildError::HeaderName { name: Excerpt::new(name.as_bytes()) };
            assert_eq!(Lines::default().add(name, b""), Err(error));
        }
    }

    #[test]
    fn the_handshakes_own_names_are_refused() {
        for name in ["host", "UPGRADE", "connection", "content-length", "transfer-Encoding"] {
            let error = BuildError::ReservedHeader { name: Excerpt::new(name.as_bytes()) };
            assert_eq!(Lines::default().add(name, b""), Err(error));
        }
        assert!(Lines::default().add("sec-websocket-anything", b"").is_err());
        assert_eq!(Lines::default().add("Sec-WebSocket", b""), Ok(()));
        assert_eq!(Lines::default().add("Sec-Fetch-Mode", b"websocket"), Ok(()));
    }
}
