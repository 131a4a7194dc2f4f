//! The input of everything that receives: bytes that were read and not yet taken.

use core::fmt;

/// A cursor over bytes that were read and not yet taken.
///
/// Everything in this crate that receives takes bytes from the front of an `Input`. A handshake
/// takes its head and leaves what follows, which is already frames. A `Connection` takes bytes up
/// to the end of the next event. Call them with the same input until they return `None`; then no
/// bytes are lost between them.
///
/// Bytes that were taken may be overwritten, because payloads are unmasked in place. Events borrow
/// from them.
///
/// ```
/// use sansock::Input;
/// use sansock::frame::Decoder;
/// use sansock::Role;
///
/// let mut buffer = *b"\x81\x05Hello"; // RFC 6455 §5.7
/// let mut input = Input::new(&mut buffer);
/// let mut client = Decoder::new(Role::Client);
/// while let Some(part) = client.decode(&mut input)? {
///     println!("{part:?}");
/// }
/// assert!(input.is_empty());
/// # Ok::<(), sansock::ProtocolError>(())
/// ```
#[derive(Default)]
pub struct Input<'a> {
    bytes: &'a mut [u8],
    /// Memory for messages that are inflated.
    #[cfg(feature = "deflate")]
    spare: &'a mut [u8],
}

impl<'a> Input<'a> {
    /// Creates a cursor at the first of `bytes`.
    #[inline]
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Input {
            bytes,
            #[cfg(feature = "deflate")]
            spare: &mut [],
        }
    }

    /// Creates a cursor at the first of `bytes`, with memory for messages that have to be inflated. As
    /// long as there is room in it, a compressed message that is whole in `bytes` is borrowed from
    /// there, or copied if it is short and would leave too little. Without it, such a message
    /// allocates.
    ///
    /// What is in `spare` does not matter. One may serve all connections of a thread: 64 KiB are
    /// enough for most.
    #[cfg(feature = "deflate")]
    #[inline]
    pub const fn with_spare(bytes: &'a mut [u8], spare: &'a mut [u8]) -> Self {
        Input { bytes, spare }
    }

    /// Returns the number of bytes not yet taken.
    #[inline]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns `true` if all bytes were taken.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the bytes not yet taken.
    #[inline]
    pub const fn as_bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Returns the bytes not yet taken, for as long as their buffer is borrowed.
    #[inline]
    pub fn into_bytes(self) -> &'a mut [u8] {
        self.bytes
    }

    /// Checks that no bytes are left. Call it before the protocol below WebSocket changes.
    ///
    /// Bytes that were read in the clear must not be treated as if they had come after the TLS
    /// handshake (STARTTLS, CVE-2011-0411): their sender was not authenticated.
    ///
    /// ```
    /// use sansock::Input;
    ///
    /// let mut buffer = *b"STARTTLS\r\nNOOP\r\n";
    /// let (command, rest) = buffer.split_at_mut(10);
    /// assert_eq!(command, b"STARTTLS\r\n");
    /// let error = Input::new(rest).expect_empty().unwrap_err();
    /// assert_eq!(error.to_string(), "6 unexpected bytes left in the input");
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`UnexpectedBytes`] if bytes are left.
    pub fn expect_empty(&self) -> Result<(), UnexpectedBytes> {
        match self.bytes.len() {
            0 => Ok(()),
            len => Err(UnexpectedBytes { len }),
        }
    }

    /// Takes `len` bytes from the front, or all bytes if there are fewer.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> &'a mut [u8] {
        let all = core::mem::take(&mut self.bytes);
        let (front, rest) = all.split_at_mut(len.min(all.len()));
        self.bytes = rest;
        front
    }
}

#[cfg(feature = "deflate")]
impl<'a> Input<'a> {
    /// Takes out the memory for messages that are inflated.
    pub(crate) fn take_spare(&mut self) -> &'a mut [u8] {
        core::mem::take(&mut self.spare)
    }

    /// Puts back what is left of that memory.
    pub(crate) fn put_back_spare(&mut self, spare: &'a mut [u8]) {
        self.spare = spare;
    }
}

impl<'a> From<&'a mut [u8]> for Input<'a> {
    #[inline]
    fn from(bytes: &'a mut [u8]) -> Self {
        Input::new(bytes)
    }
}

/// Shows only the length, so that logs contain no user data.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({} bytes)", self.bytes.len())
    }
}

/// The error of [`Input::expect_empty`]: bytes are left where none may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct UnexpectedBytes {
    /// The number of bytes left.
    pub len: usize,
}

impl fmt::Display for UnexpectedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} unexpected bytes left in the input", self.len)
    }
}

impl core::error::Error for UnexpectedBytes {}
