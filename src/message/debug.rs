//! How `Debug` shows messages: their lengths, and their content only on request.

use core::fmt;

/// Writes `name(len bytes)`, or `name(content)` for `{:#?}`.
pub(super) fn fmt_content(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    len: usize,
    content: &dyn fmt::Debug,
) -> fmt::Result {
    if f.alternate() {
        f.debug_tuple(name).field(content).finish()
    } else {
        write!(f, "{name}({len} bytes)")
    }
}

/// Bytes that `Debug` shows as a Rust byte string literal.
pub(super) struct Escaped<'a>(pub(super) &'a [u8]);

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}
