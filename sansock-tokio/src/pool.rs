//! Read buffers, which the connections of a thread share while they have nothing in them.

use std::cell::RefCell;

use sansock::Input;

thread_local! {
    /// A connection takes one, uses it and returns it within one poll, so that few are in use at a
    /// time.
    #[allow(clippy::vec_box, reason = "a connection holds a pointer, and nothing is moved")]
    static SPARE: RefCell<Vec<Box<Buffer>>> = const { RefCell::new(Vec::new()) };
}

/// Takes a buffer, which is empty.
pub(crate) fn take() -> Box<Buffer> {
    let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
    spare.ok().flatten().unwrap_or_else(|| Box::new(Buffer::new(vec![0; SIZE], 0)))
}

/// Gives back a buffer that is not needed.
pub(crate) fn give_back(mut buffer: Box<Buffer>) {
    (buffer.start, buffer.end) = (0, 0);
    if buffer.bytes.len() == SIZE {
        // At the end of the thread, the buffer is freed.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MAX_SPARE {
                spare.push(buffer);
            }
        });
    }
}

/// Bytes that were read and not received.
///
/// A connection takes all of its input, and keeps the part of a message itself. So there is
/// something in the buffer only while events are delivered.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    /// `start <= end <= bytes.len()`
    end: usize,
}

impl Buffer {
    fn new(bytes: Vec<u8>, end: usize) -> Self {
        Buffer { bytes, start: 0, end }
    }

    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Returns the free space to read into, which is never empty.
    pub(crate) fn spare_mut(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        if self.end == self.bytes.len() {
            self.bytes.resize(self.end + SIZE, 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// Adds the first `len` bytes of the free space.
    pub(crate) fn mark_filled(&mut self, len: usize) {
        self.end = (self.end + len).min(self.bytes.len());
    }

    pub(crate) fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.end);
        self.bytes.extend_from_slice(bytes);
        self.end = self.bytes.len();
    }

    /// Passes what is unread to `receive`, which takes bytes from its front.
    #[inline]
    pub(crate) fn take_with<'a, R>(&'a mut self, receive: impl FnOnce(&mut Input<'a>) -> R) -> R {
        let unread = self.bytes.get_mut(self.start..self.end).unwrap_or_default();
        let mut input = Input::new(unread);
        let received = receive(&mut input);
        self.start = self.end - input.len();
        received
    }

    /// Returns a smaller buffer with what is unread, if it is much smaller.
    pub(crate) fn shrunk(&self) -> Option<Box<Self>> {
        let len = self.end - self.start;
        let is_smaller = len < self.bytes.len() / 4;
        is_smaller.then(|| Box::new(Buffer::new(self.unread().to_vec(), len)))
    }
}

/// How much is read at once. A call of the system costs more than a pass through the nearest caches,
/// and each read of a long message wakes its sender.
const SIZE: usize = 256 << 10;

/// How many buffers a thread keeps.
const MAX_SPARE: usize = 4;
