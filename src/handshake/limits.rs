//! Limits on the head that a peer sends.

/// The limits on the head of a peer's request or response.
///
/// If a request exceeds a limit, the server answers with 431. If a response exceeds one, the
/// client's handshake fails.
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
    /// The longest head, in bytes, from its first byte to the end of the empty line. 16 KiB by
    /// default. A client's interim responses (1xx) and the final response count together.
    pub head: usize,
    /// The largest number of header fields in one head. 64 by default.
    pub headers: usize,
}

impl HeadLimits {
    /// The default limits.
    pub const DEFAULT: HeadLimits = HeadLimits { head: 16 * 1024, headers: 64 };
}

impl Default for HeadLimits {
    fn default() -> Self {
        HeadLimits::DEFAULT
    }
}
