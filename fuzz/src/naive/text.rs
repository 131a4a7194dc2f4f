//! UTF-8, by the table of RFC 3629 §4.

/// What may follow, by RFC 3629 §4.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Next {
    /// The first byte of a code point.
    #[default]
    First,
    /// A byte in this range, and then this many continuation bytes.
    Within(u8, u8, u8),
}

/// Returns what may follow `byte`, or `None` if it must not be there.
pub fn step(next: Next, byte: u8) -> Option<Next> {
    match (next, byte) {
        (Next::First, 0x00..=0x7F) => Some(Next::First),
        (Next::First, 0xC2..=0xDF) => Some(Next::Within(0x80, 0xBF, 0)),
        (Next::First, 0xE0) => Some(Next::Within(0xA0, 0xBF, 1)),
        (Next::First, 0xE1..=0xEC | 0xEE..=0xEF) => Some(Next::Within(0x80, 0xBF, 1)),
        (Next::First, 0xED) => Some(Next::Within(0x80, 0x9F, 1)),
        (Next::First, 0xF0) => Some(Next::Within(0x90, 0xBF, 2)),
        (Next::First, 0xF1..=0xF3) => Some(Next::Within(0x80, 0xBF, 2)),
        (Next::First, 0xF4) => Some(Next::Within(0x80, 0x8F, 2)),
        (Next::Within(low, high, 0), byte) if (low..=high).contains(&byte) => Some(Next::First),
        (Next::Within(low, high, more), byte) if (low..=high).contains(&byte) => {
            Some(Next::Within(0x80, 0xBF, more - 1))
        }
        _ => None,
    }
}

/// Returns whether the text ends with a complete code point, or the index of its first invalid
/// byte.
pub fn judge(bytes: &[u8]) -> Result<bool, usize> {
    let mut next = Next::First;
    for (at, byte) in bytes.iter().enumerate() {
        next = step(next, *byte).ok_or(at)?;
    }
    Ok(next == Next::First)
}
