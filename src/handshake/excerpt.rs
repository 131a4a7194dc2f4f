//! The part of an offending value that an error carries.

use core::fmt;

/// The first bytes of an offending value, carried by an error.
///
/// The peer chooses the value and its length. If an error carried all of it, the peer could put a
/// whole head into your log. `Display` puts the bytes in quotes and escapes all but printable
/// ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Excerpt {
    bytes: [u8; Self::MAX_LEN],
    /// The length of the value; the excerpt is `bytes[..min(len, MAX_LEN)]`.
    len: usize,
}

impl Excerpt {
    /// The largest number of bytes in an excerpt.
    pub const MAX_LEN: usize = 24;

    pub(super) fn new(value: &[u8]) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        for (to, from) in bytes.iter_mut().zip(value) {
            *to = *from;
        }
        Excerpt { bytes, len: value.len() }
    }

    /// Returns the bytes that are shown: the first [`MAX_LEN`](Self::MAX_LEN) of the value, or
    /// fewer.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = if self.len > Self::MAX_LEN { "…" } else { "" };
        write!(f, "\"{}{cut}\"", self.as_bytes().escape_ascii())
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn shows_no_more_than_the_beginning_and_no_control_bytes() {
        assert_eq!(format!("{}", Excerpt::new(b"a\r\n\"\x80")), r#""a\r\n\"\x80""#);
        assert_eq!(format!("{}", Excerpt::new(&[b'x'; 24])), format!("\"{}\"", "x".repeat(24)));
        assert_eq!(format!("{}", Excerpt::new(&[b'x'; 25])), format!("\"{}…\"", "x".repeat(24)));
        assert_eq!(format!("{:?}", Excerpt::new(b"")), "\"\"");
    }
}
