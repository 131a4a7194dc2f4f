//! Compressed messages, RFC 7692, inflated by a decoder that shares no code with the crate.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

/// What is known of a message.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    Message(Vec<u8>),
    /// It inflates to more bytes than the limit.
    TooBig,
    /// More streams end in it than its length allows.
    TooManyStreams,
    Invalid,
}

/// Inflates one message after the other.
pub struct Inflater {
    /// What a message may refer to.
    history: Vec<u8>,
    window: usize,
    takes_over: bool,
}

impl Inflater {
    pub fn new(window: usize, takes_over: bool) -> Self {
        Inflater { history: Vec::new(), window, takes_over }
    }

    /// Inflates a message to at most `limit` bytes.
    pub fn inflate(&mut self, message: &[u8], limit: usize) -> Verdict {
        let mut output = Vec::new();
        if let Err(failure) = self.inflate_streams(message, limit, &mut output) {
            return failure;
        }
        if self.takes_over {
            self.history.extend_from_slice(&output);
            let surplus = self.history.len().saturating_sub(self.window);
            self.history.drain(..surplus);
        }
        Verdict::Message(output)
    }

    fn inflate_streams(
        &self,
        message: &[u8],
        limit: usize,
        output: &mut Vec<u8>,
    ) -> Result<(), Verdict> {
        let (mut at, mut streams) = (0, 0);
        while at < message.len() {
            if at > 0 {
                streams += 1;
                if streams > 16 + at / 256 {
                    return Err(Verdict::TooManyStreams);
                }
            }
            let known = [&self.history[..], output].concat();
            let known = &known[known.len().saturating_sub(self.window)..];
            // One more than the limit, to see that there is more.
            let mut buffer = known.to_vec();
            buffer.resize(known.len() + limit + 1 - output.len(), 0);
            let mut end = known.len();
            let mut decoder = DecompressorOxide::new();
            let mut decode = |bytes: &[u8]| {
                let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
                    | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
                let (status, taken, written) =
                    decompress(&mut decoder, bytes, &mut buffer, end, flags);
                end += written;
                (status, taken, written)
            };
            let (status, taken, written) = decode(&message[at..]);
            // RFC 7692 §7.2.2 appends the end of an empty block. A final one follows it here, so that
            // a message that ends within a block does not pass for one that ends with it.
            let is_valid = match status {
                TINFLStatus::Done | TINFLStatus::HasMoreOutput => true,
                TINFLStatus::NeedsMoreInput => {
                    // RFC 7692 §7.2.1: the empty block may be a final one itself.
                    matches!(decode(b"\x00\x00\xff\xff\x03\x00"), (TINFLStatus::Done, 4 | 6, 0))
                }
                _ => false,
            };
            at += taken;
            output.extend_from_slice(&buffer[known.len()..known.len() + written]);
            if output.len() > limit {
                return Err(Verdict::TooBig);
            }
            if !is_valid {
                return Err(Verdict::Invalid);
            }
        }
        Ok(())
    }
}
