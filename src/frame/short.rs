//! A few bytes stored inline, for headers and control frames.

use core::fmt;
use core::ops::Deref;

/// Up to `N` bytes stored inline: an encoded header or control frame. Dereferences to the bytes.
#[derive(Clone, Copy)]
pub struct ShortBytes<const N: usize> {
    bytes: [u8; N],
    /// `len <= N`
    len: u8,
}

impl<const N: usize> ShortBytes<N> {
    /// No bytes. `N` is at most 255.
    pub(crate) const EMPTY: ShortBytes<N> = {
        assert!(N <= 0xFF, "the length is a u8");
        ShortBytes { bytes: [0; N], len: 0 }
    };

    /// Appends as much of `bytes` as fits, and returns the number of bytes appended.
    #[allow(clippy::cast_possible_truncation, reason = "count <= N <= 255")]
    pub(crate) fn append(&mut self, bytes: &[u8]) -> usize {
        let free = self.bytes.get_mut(usize::from(self.len)..).unwrap_or_default();
        let count = free.len().min(bytes.len());
        if let (Some(free), Some(bytes)) = (free.get_mut(..count), bytes.get(..count)) {
            free.copy_from_slice(bytes);
        }
        self.len += count as u8;
        count
    }

    /// Copies the first `len` of `bytes`, or as many as fit. All of `bytes` that fit are copied,
    /// because a copy of a fixed length is faster than one of `len` bytes.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the least is at most N <= 255")]
    pub(super) fn from_front<const M: usize>(bytes: [u8; M], len: usize) -> Self {
        let mut front = Self::EMPTY;
        for (to, from) in front.bytes.iter_mut().zip(bytes) {
            *to = from;
        }
        front.len = len.min(N).min(M) as u8;
        front
    }

    /// Returns the bytes as a mutable slice.
    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..usize::from(self.len)).unwrap_or_default()
    }

    /// Returns these bytes, followed by as much of `bytes` as fits.
    pub(super) fn followed_by(mut self, bytes: &[u8]) -> Self {
        self.append(bytes);
        self
    }
}

impl<const N: usize> Deref for ShortBytes<N> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl<const N: usize> AsRef<[u8]> for ShortBytes<N> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Shows only the length, because control frames contain user data.
impl<const N: usize> fmt::Debug for ShortBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortBytes({} bytes)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn append_takes_what_fits() {
        let mut bytes = ShortBytes::<5>::EMPTY;
        assert_eq!(bytes.append(b"abc"), 3);
        assert_eq!(bytes.append(b"defg"), 2);
        assert_eq!(bytes.append(b"h"), 0);
        assert_eq!(&*bytes, b"abcde");
    }

    #[test]
    fn from_front_takes_what_there_is_and_what_fits() {
        assert_eq!(&*ShortBytes::<5>::from_front(*b"abcdefg", 3), b"abc");
        assert_eq!(&*ShortBytes::<5>::from_front(*b"abcdefg", 7), b"abcde");
        assert_eq!(&*ShortBytes::<5>::from_front(*b"ab", 5), b"ab");
        assert_eq!(&*ShortBytes::<5>::from_front(*b"abc", 2).followed_by(b"x"), b"abx");
    }
}
