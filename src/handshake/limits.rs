//! How much of the peer's head is kept before it is refused.

/// How much a peer's head may be, for either role.
///
/// A server answers what goes beyond with 431, a client fails.
///
/// ```
/// use sansock::handshake::Limits;
///
/// let limits = Limits { head: 4096, ..Limits::default() };
/// assert_eq!(limits.headers, 64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The longest head in bytes, from the first byte to the empty line, which is counted. 16 KiB
    /// by default. A client's interim responses (1xx) and the final one share it.
    pub head: usize,
    /// The most header fields in one head. 64 by default.
    pub headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { head: 16 * 1024, headers: 64 }
    }
}
