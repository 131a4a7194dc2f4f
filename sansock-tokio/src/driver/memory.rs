//! What a connection keeps while its task waits.

use super::Driver;
use crate::pool;

impl<S> Driver<S> {
    /// Returns the read buffer to the thread, or keeps no more than what is unread.
    pub(super) fn release_input(&mut self) {
        let Some(input) = self.input.take() else { return };
        if !input.is_empty() {
            let Some(small) = input.shrunk() else {
                self.input = Some(input);
                return;
            };
            self.input = Some(small);
        }
        pool::give_back(input);
    }

    /// Returns the read buffer to the thread, whatever is in it. The next read takes it again, so that
    /// a peer cannot have a buffer allocated for each byte that it sends in vain.
    pub(super) fn discard_input(&mut self) {
        if let Some(input) = self.input.take() {
            pool::give_back(input);
        }
    }

    /// Frees the buffers of long messages. What a short one needs is kept for the next one.
    pub(super) fn release_long(&mut self) {
        if let Some(ws) = self.endpoint.connection() {
            if ws.memory_usage() > MAX_KEPT {
                ws.release_buffers();
            }
        }
    }
}

/// How many bytes a connection keeps while it waits for the next message.
const MAX_KEPT: usize = 4 << 10;
