//! Read buffers, which the connections of a thread share while they have nothing in them.

use std::cell::RefCell;

use sansock::ReadBuffer;

thread_local! {
    /// A connection takes one, uses it and returns it within one poll, so that few are in use at a
    /// time.
    #[allow(clippy::vec_box, reason = "a connection holds a pointer, and nothing is moved")]
    static SPARE: RefCell<Vec<Box<ReadBuffer>>> = const { RefCell::new(Vec::new()) };
}

/// Takes a buffer, which is empty.
pub(crate) fn take() -> Box<ReadBuffer> {
    let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
    spare.ok().flatten().unwrap_or_default()
}

/// Gives back a buffer that is empty.
pub(crate) fn give_back(buffer: Box<ReadBuffer>) {
    if buffer.memory_usage() <= MAX_KEPT {
        // At the end of the thread, the buffer is freed.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MAX_SPARE {
                spare.push(buffer);
            }
        });
    }
}

/// How many buffers a thread keeps.
const MAX_SPARE: usize = 8;

/// The longest buffer that is kept: one that no long message has made grow.
const MAX_KEPT: usize = 2 * ReadBuffer::DEFAULT_CAPACITY;
