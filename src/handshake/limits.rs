//! How much of the peer's head is kept before it is refused.

/// The limits on the head of a peer's request or response.
///
/// A server answers what goes beyond with 431, a client fails.
///
/// ```
/// use sansock::handshake::HeadLimits;
///
/// let mut limits = HeadLimits::DEFAULT;
/// limits.head = 4096;
/// assert_eq!(limits.headers, 64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct HeadLimits {
    /// The longest head in bytes, from the first byte to the empty line, which is counted. 16 KiB
    /// by default. A client's interim responses (1xx) and the final one share it.
    pub head: usize,
    /// The most header fields in one head. 64 by default.
    pub headers: usize,
}

impl HeadLimits {
    /// The limits that apply where none are set.
    pub const DEFAULT: HeadLimits = HeadLimits { head: 16 * 1024, headers: 64 };
}

impl Default for HeadLimits {
    fn default() -> Self {
        HeadLimits::DEFAULT
    }
}
