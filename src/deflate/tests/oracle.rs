//! Another implementation of DEFLATE.

use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

/// Inflates messages, each with the window of those before it.
#[derive(Default)]
pub(super) struct Oracle {
    /// All that was inflated. Its end is the window.
    output: Vec<u8>,
}

impl Oracle {
    /// Inflates a message, RFC 7692 §7.2.2. Returns `None` if it is not valid.
    ///
    /// `payload` is the message as it was sent. Like many, it wants the octet `00` after a final block.
    pub(super) fn inflate(&mut self, payload: &[u8], max: usize) -> Option<Vec<u8>> {
        let start = self.output.len();
        // The last block ends the last stream.
        let mut input = &[payload, b"\x00\x00\xff\xff\x01\x00\x00\xff\xff"].concat()[..];
        let mut at = start;
        self.output.resize(start + max + 1, 0);
        while !input.is_empty() {
            let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
            let mut stream = DecompressorOxide::new();
            let (status, taken, written) =
                decompress(&mut stream, input, &mut self.output, at, flags);
            if status != TINFLStatus::Done {
                return None;
            }
            input = &input[taken..];
            at += written;
        }
        self.output.truncate(at);
        Some(self.output[start..].to_vec())
    }

    /// Forgets all messages, as without context takeover.
    pub(super) fn clear(&mut self) {
        self.output.clear();
    }
}
