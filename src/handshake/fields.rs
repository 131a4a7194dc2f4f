//! Header fields to send, for a caller that has an HTTP library.

use core::{fmt, str};

use super::lines::Lines;

/// The header fields of a head to send, for an HTTP library that sends it: each name and value in
/// their order.
///
/// Names are as the RFCs write them; HTTP compares them without regard to ASCII case. `Debug` shows
/// only names, because values may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderFields {
    lines: Lines,
}

impl HeaderFields {
    /// Returns the name and value of each field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines.fields().map(|(name, value)| (str::from_utf8(name).unwrap_or_default(), value))
    }

    pub(super) fn new(lines: Lines) -> Self {
        HeaderFields { lines }
    }

    /// Writes names in lower case, as HTTP/2 and HTTP/3 require: RFC 9113 §8.2.1, RFC 9114 §4.2.
    pub(super) fn in_lower_case(lines: &Lines) -> Self {
        let mut lower = Lines::default();
        for (name, value) in HeaderFields::new(lines.clone()).iter() {
            lower.push(&name.to_ascii_lowercase(), value);
        }
        HeaderFields::new(lower)
    }
}

impl fmt::Debug for HeaderFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
