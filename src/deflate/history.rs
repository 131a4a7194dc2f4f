//! The last bytes of the messages that were received, to which the next one may refer.

use alloc::vec::Vec;

/// The last bytes that were inflated, as many as the window has.
///
/// ```text
/// not full     | bytes in their order |
/// full         | newest, second part | oldest, first part |
///                                    ^ start
/// ```
#[derive(Default)]
pub(crate) struct History {
    bytes: Vec<u8>,
    /// Where the oldest byte is, if the window is full. Otherwise 0.
    start: usize,
}

impl History {
    /// Returns the bytes, the oldest first, in two parts.
    pub(crate) fn parts(&self) -> [&[u8]; 2] {
        let (second, first) = self.bytes.split_at_checked(self.start).unwrap_or_default();
        [first, second]
    }

    /// Appends bytes, and drops the oldest beyond `window` bytes.
    pub(crate) fn append(&mut self, bytes: &[u8], window: usize) {
        let tail = bytes.get(bytes.len().saturating_sub(window)..).unwrap_or_default();
        if tail.len() == window {
            self.start = 0;
            self.bytes.clear();
        }
        let (growing, turning) =
            tail.split_at(tail.len().min(window - self.bytes.len().min(window)));
        self.grow_by(growing.len(), window);
        self.bytes.extend_from_slice(growing);
        let (upper, lower) = turning.split_at(turning.len().min(self.bytes.len() - self.start));
        for piece in [upper, lower] {
            let end = self.start + piece.len();
            if let Some(oldest) = self.bytes.get_mut(self.start..end) {
                oldest.copy_from_slice(piece);
            }
            self.start = if end >= window { 0 } else { end };
        }
    }

    /// Drops all bytes, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    /// Frees the memory that holds nothing.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Returns how many bytes it holds on the heap.
    pub(crate) fn memory_usage(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes room for `len` more bytes: as much again as there is, and at most the window.
    fn grow_by(&mut self, len: usize, window: usize) {
        let needed = self.bytes.len() + len;
        if needed > self.bytes.capacity() {
            let capacity = needed.max(2 * self.bytes.capacity()).min(window);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_end_of_all_that_was_appended() {
        for window in [512, 1024] {
            let mut history = History::default();
            let mut all: Vec<u8> = Vec::new();
            for len in [0, 1, 100, 511, 512, 513, 1, 300, 300, 1024, 7, 2000, 1023, 2, 512] {
                let bytes = (0..=250).cycle().skip(7 * all.len() % 251);
                let piece: Vec<u8> = bytes.take(len).collect();
                history.append(&piece, window);
                all.extend(piece);
                let expected = &all[all.len().saturating_sub(window)..];
                assert_eq!(history.parts().concat(), expected, "{window} {len}");
                assert!(history.memory_usage() <= window);
            }
            history.clear();
            assert_eq!(history.parts().concat(), b"");
            history.append(b"abc", window);
            assert_eq!(history.parts().concat(), b"abc");
        }
    }

    #[test]
    fn its_memory_follows_what_was_appended() {
        let mut history = History::default();
        for len in 1..2000 {
            history.append(b"x", 1 << 15);
            assert!(history.memory_usage() <= 2 * len + 1);
        }
    }
}
