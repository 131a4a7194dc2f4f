//! Finds the end of a head: the part of an HTTP/1.1 message before its body, RFC 9112 §2.1.
//!
//! Each byte is examined once, when it arrives, so a head costs linear time however it was cut into
//! reads. The actual parser, `httparse`, sees the head once, when it is complete.
//!
//! Bare line ends, folded lines and control characters are refused here, at the byte that proves
//! them. `httparse` would let some of them pass, and two readers of one stream may disagree on
//! them.

use alloc::vec::Vec;
use core::mem;

use super::error::HeadError;
use super::grammar::is_token_byte;
use super::limits::HeadLimits;
use crate::input::Input;

/// A reader for one head. It takes no bytes after the head.
#[derive(Debug)]
pub(super) struct Head {
    limits: HeadLimits,
    /// The beginning of every message. The byte after it must be one that may appear in a token.
    prefix: &'static [u8],
    at: At,
    /// The bytes of the head received so far.
    bytes: Vec<u8>,
    /// The number of bytes received, in all heads: `bytes.len() <= examined <= limits.head`
    examined: usize,
    /// The number of header fields begun: `headers <= limits.headers`
    headers: usize,
}

impl Head {
    /// Creates a reader for messages that begin with `prefix`. An empty prefix allows any token.
    pub(super) fn new(limits: HeadLimits, prefix: &'static [u8]) -> Self {
        Head { limits, prefix, at: At::Start(0), bytes: Vec::new(), examined: 0, headers: 0 }
    }

    /// Takes bytes from `input` up to the end of the head. Returns `true` if the head is complete.
    /// If it returns `false`, all bytes were taken; if it fails, none.
    pub(super) fn receive(&mut self, input: &mut Input<'_>) -> Result<bool, HeadError> {
        let (taken, complete) = self.scan(input.as_bytes())?;
        input.take(taken);
        Ok(complete)
    }

    /// Examines `input`. Returns how many bytes to take, and whether the head is complete.
    fn scan(&mut self, input: &[u8]) -> Result<(usize, bool), HeadError> {
        if self.at == At::End {
            return Err(HeadError::Over);
        }
        let within_limit = input.get(..self.limits.head - self.examined).unwrap_or(input);
        let mut index = 0;
        loop {
            // Short reads are left to `advance`, which is faster for them.
            if self.at == At::Line && within_limit.len() - index >= WORD {
                index += plain_len(within_limit.get(index..).unwrap_or_default());
            }
            let Some(&byte) = within_limit.get(index) else { break };
            match self.advance(byte, self.examined + index) {
                Ok(at) => self.at = at,
                Err(error) => {
                    self.at = At::End;
                    self.keep(input, index);
                    return Err(error);
                }
            }
            index += 1;
            if self.at == At::End {
                self.keep(input, index);
                return Ok((index, true));
            }
        }
        self.keep(input, index);
        if index < input.len() {
            self.at = At::End;
            return Err(HeadError::TooLong { limit: self.limits.head });
        }
        Ok((index, false))
    }

    /// Returns the bytes of the head so far. After an error, they end before the offending byte.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the number of header fields in a complete head.
    pub(super) fn headers(&self) -> usize {
        self.headers
    }

    /// Returns the bytes of the head, and leaves none behind.
    pub(super) fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    /// Starts another head, which counts towards the same limit on bytes.
    pub(super) fn restart(&mut self) {
        self.bytes.clear();
        self.headers = 0;
        self.at = At::Start(0);
    }

    /// Stops reading: no more bytes are taken.
    pub(super) fn end(&mut self) {
        self.at = At::End;
    }

    /// Returns the position after `byte`, which is at `offset`.
    fn advance(&mut self, byte: u8, offset: usize) -> Result<At, HeadError> {
        match (self.at, byte) {
            (At::Start(matched), _) => match self.prefix.get(matched) {
                Some(&expected) if byte == expected => Ok(At::Start(matched + 1)),
                None if is_token_byte(byte) => Ok(At::Line),
                _ => Err(HeadError::NotHttp { byte, offset }),
            },
            (At::Line, b'\r') => Ok(At::LineEnd),
            (At::LineEnd, b'\n') => Ok(At::LineStart),
            (At::LineStart, b'\r') => Ok(At::EmptyLine),
            (At::EmptyLine, b'\n') => Ok(At::End),
            // RFC 9112 §2.2: a bare CR is invalid. A reader may treat a bare LF as a line end. Some
            // do not, and request smuggling uses this difference.
            (At::LineEnd | At::EmptyLine, _) | (_, b'\n') => Err(HeadError::BareLineEnd { offset }),
            // RFC 9112 §5.2: reject the message, or replace the folding.
            (At::LineStart, b' ' | b'\t') => Err(HeadError::FoldedLine { offset }),
            // RFC 9110 §5.5: CR, LF and NUL are dangerous. Other control characters are invalid.
            (_, _) if byte != b'\t' && byte.is_ascii_control() => {
                Err(HeadError::ControlByte { byte, offset })
            }
            (At::LineStart, _) if self.headers == self.limits.headers => {
                Err(HeadError::TooManyHeaders { limit: self.limits.headers })
            }
            (At::LineStart, _) => {
                self.headers += 1;
                Ok(At::Line)
            }
            (At::Line | At::End, _) => Ok(self.at),
        }
    }

    /// Keeps the first `len` bytes of `input`.
    fn keep(&mut self, input: &[u8], len: usize) {
        self.examined += len;
        self.bytes.extend_from_slice(input.get(..len).unwrap_or(input));
    }
}

/// The position in a head, after the bytes examined so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the beginning, after this many bytes of the prefix.
    Start(usize),
    /// Inside a line.
    Line,
    /// After the CR that ends a line.
    LineEnd,
    /// After the CRLF that ends a line.
    LineStart,
    /// After the CR of the empty line that ends a head.
    EmptyLine,
    /// After the head, or after an error: no more bytes are taken.
    End,
}

/// Returns how many bytes at the front of `input` are no control characters. It may return fewer: it
/// looks at whole words only.
fn plain_len(input: &[u8]) -> usize {
    let mut plain = 0;
    while let Some(block) = input.get(plain..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        // Without a branch for each byte, so that it becomes a few vector instructions.
        let found = block.iter().fold(false, |found, byte| found | byte.is_ascii_control());
        if found {
            break;
        }
        plain += BLOCK;
    }
    while let Some(word) = input.get(plain..).and_then(<[u8]>::first_chunk) {
        let len = plain_len_of_word(*word);
        plain += len;
        if len < WORD {
            break;
        }
    }
    plain
}

/// Returns how many bytes are before the first control character: eight comparisons at once.
fn plain_len_of_word(word: [u8; WORD]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES * 0x80;
    let word = u64::from_le_bytes(word);
    // The high bit of each byte says whether that byte, or one before it, is what is looked for.
    let below_space = word.wrapping_sub(ONES * 0x20) & !word;
    let no_delete = word ^ (ONES * 0x7f);
    let is_delete = no_delete.wrapping_sub(ONES) & !no_delete;
    let found = (below_space | is_delete) & HIGH;
    (found.trailing_zeros() / u8::BITS) as usize
}

/// How many bytes [`plain_len_of_word`] looks at.
const WORD: usize = size_of::<u64>();

/// How many bytes are looked at together as long as no control character is among them.
const BLOCK: usize = 16;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nA:\tb\r\n\r\n";

    fn limits(head: usize, headers: usize) -> HeadLimits {
        HeadLimits { head, headers }
    }

    #[test]
    fn each_byte_is_examined_once_however_it_arrives() {
        let mut long = b"GET / HTTP/1.1\r\nA: ".to_vec();
        long.extend(vec![b'x'; 1 << 16]);
        long.extend(b"\r\n\r\n");
        for size in [1, 2, 3, 1000, long.len()] {
            let mut head = Head::new(limits(long.len(), 1), b"");
            for (index, chunk) in long.chunks(size).enumerate() {
                assert_eq!(head.examined, index * size);
                let complete = (index + 1) * size >= long.len();
                assert_eq!(head.scan(chunk), Ok((chunk.len(), complete)));
            }
            assert_eq!(head.examined, long.len());
            assert_eq!(head.take(), long);
        }
    }

    #[test]
    fn a_word_is_plain_up_to_its_first_control_character() {
        for byte in 0..=u8::MAX {
            for at in 0..WORD {
                for other in [b' ', b'~', 0x80, 0xff, 0, 0x7f] {
                    let mut word = [b' '; WORD];
                    word[at] = byte;
                    word[at + 1..].fill(other);
                    let naive = word.iter().take_while(|byte| !byte.is_ascii_control()).count();
                    assert_eq!(plain_len_of_word(word), naive, "{word:x?}");
                }
            }
        }
    }

    #[test]
    fn plain_bytes_are_counted_up_to_the_first_control_character() {
        for len in 0..60 {
            for (at, byte) in (0..=len).flat_map(|at| [0, 9, 13, 0x1f, 0x7f].map(|byte| (at, byte)))
            {
                let mut bytes = vec![0xff; len];
                bytes[at..].fill(byte);
                // An end that is shorter than a word is left.
                assert_eq!(plain_len(&bytes), at.min(len / WORD * WORD), "{bytes:x?}");
            }
        }
    }

    /// What the scanner says of each byte by itself.
    fn bytewise(bytes: &[u8], limits: HeadLimits) -> (Result<usize, HeadError>, usize) {
        let mut head = Head::new(limits, b"");
        for (index, byte) in bytes.iter().enumerate() {
            match head.scan(&[*byte]) {
                Ok((_, true)) => return (Ok(index + 1), head.headers()),
                Ok(_) => {}
                Err(error) => return (Err(error), head.headers()),
            }
        }
        (Ok(0), head.headers())
    }

    #[test]
    fn words_are_examined_as_their_bytes_are() {
        let line = b"GET /0123456789abcdef HTTP/1.1\r\nHost: a.example.org\r\nAccept: \xe4text/html\r\n\r\n";
        for at in 0..line.len() {
            for byte in [b'\0', b'\t', b'\n', b'\r', b' ', 0x1f, 0x7f, 0x80, 0xff, b':'] {
                for limit in [at, at + 1, at + 9, 1000] {
                    let mut bytes = line.to_vec();
                    bytes[at] = byte;
                    let mut head = Head::new(limits(limit, 2), b"");
                    let whole = head.scan(&bytes);
                    let (expected, headers) = bytewise(&bytes, limits(limit, 2));
                    let found = whole.map(|(taken, is_over)| if is_over { taken } else { 0 });
                    assert_eq!((found, head.headers()), (expected, headers), "{byte:x} at {at}");
                }
            }
        }
    }

    #[test]
    fn a_line_has_no_control_character_but_the_tab() {
        // What follows is long enough to be examined by words.
        let after = b" and more than one word of it";
        for byte in 0..=u8::MAX {
            let is_control = (byte < 0x20 && byte != b'\t') || byte == 0x7f;
            if matches!(byte, b'\r' | b'\n') {
                continue;
            }
            for before in [&b"GET"[..], b"GET / HTTP/1.1\r\nA: ", b"G\r\nA", b"G\r\n"] {
                let is_folded = before.ends_with(b"\n") && matches!(byte, b' ' | b'\t');
                let bytes = [before, &[byte], after].concat();
                let offset = before.len();
                let expected = match byte {
                    _ if is_folded => Err(HeadError::FoldedLine { offset }),
                    _ if is_control => Err(HeadError::ControlByte { byte, offset }),
                    _ => Ok((bytes.len(), false)),
                };
                assert_eq!(Head::new(HeadLimits::default(), b"").scan(&bytes), expected);
            }
        }
    }

    #[test]
    fn nothing_is_kept_beyond_the_limit() {
        let mut head = Head::new(limits(100, 1), b"");
        for _ in 0..100 {
            assert_eq!(head.scan(b"x"), Ok((1, false)));
        }
        assert_eq!(head.scan(b"x"), Err(HeadError::TooLong { limit: 100 }));
        assert_eq!(head.scan(b"x"), Err(HeadError::Over));
        assert_eq!(head.bytes().len(), 100);

        let mut head = Head::new(limits(100, 1), b"");
        assert_eq!(head.scan(&[b'x'; 1 << 16]), Err(HeadError::TooLong { limit: 100 }));
        assert_eq!(head.bytes().len(), 100);
    }

    #[test]
    fn limits_are_inclusive() {
        assert_eq!(Head::new(limits(HEAD.len(), 2), b"").scan(HEAD), Ok((HEAD.len(), true)));
        assert_eq!(
            Head::new(limits(HEAD.len() - 1, 2), b"").scan(HEAD),
            Err(HeadError::TooLong { limit: HEAD.len() - 1 })
        );
        assert_eq!(
            Head::new(limits(HEAD.len(), 1), b"").scan(HEAD),
            Err(HeadError::TooManyHeaders { limit: 1 })
        );
    }

    #[test]
    fn what_follows_is_not_taken() {
        let glued = [HEAD, b"\x81\x00GET / HTTP/1.1\r\n\r\n"].concat();
        for split in 0..HEAD.len() {
            let mut head = Head::new(HeadLimits::default(), b"");
            assert_eq!(head.scan(&glued[..split]), Ok((split, false)));
            assert_eq!(head.scan(&glued[split..]), Ok((HEAD.len() - split, true)));
            assert_eq!(head.headers(), 2);
            assert_eq!(head.scan(&glued[HEAD.len()..]), Err(HeadError::Over));
            assert_eq!(head.bytes(), HEAD);
        }
    }

    #[test]
    fn restarted_heads_share_the_limit() {
        let mut head = Head::new(limits(HEAD.len() * 2 - 1, 2), b"");
        assert_eq!(head.scan(HEAD), Ok((HEAD.len(), true)));
        head.restart();
        assert_eq!(head.bytes(), b"");
        let limit = HEAD.len() * 2 - 1;
        assert_eq!(head.scan(HEAD), Err(HeadError::TooLong { limit }));
    }

    #[test]
    fn the_earliest_byte_that_proves_an_error_is_named() {
        let cases: [(&[u8], &[u8], HeadError); 14] = [
            (b"", b"\x16", HeadError::NotHttp { byte: 0x16, offset: 0 }),
            (b"", b"\r", HeadError::NotHttp { byte: b'\r', offset: 0 }),
            (b"", b"\n", HeadError::NotHttp { byte: b'\n', offset: 0 }),
            (b"", b" ", HeadError::NotHttp { byte: b' ', offset: 0 }),
            (b"", b"\x80", HeadError::NotHttp { byte: 0x80, offset: 0 }),
            (b"HTTP/1.", b"HTTP/2", HeadError::NotHttp { byte: b'2', offset: 5 }),
            (b"HTTP/1.", b"S", HeadError::NotHttp { byte: b'S', offset: 0 }),
            (b"HTTP/1.", b"HTTP/1.\r", HeadError::NotHttp { byte: b'\r', offset: 7 }),
            (b"", b"G\n", HeadError::BareLineEnd { offset: 1 }),
            (b"", b"G\rX", HeadError::BareLineEnd { offset: 2 }),
            (b"", b"G\r\n\n", HeadError::BareLineEnd { offset: 3 }),
            (b"", b"G\r\n\r\r", HeadError::BareLineEnd { offset: 4 }),
            (b"", b"G\r\nA: b\r\n ", HeadError::FoldedLine { offset: 9 }),
            (b"", b"G\r\n\0", HeadError::ControlByte { byte: 0, offset: 3 }),
        ];
        for (prefix, input, error) in cases {
            let mut head = Head::new(HeadLimits::default(), prefix);
            let (last, before) = input.split_last().unwrap();
            assert_eq!(head.scan(before), Ok((before.len(), false)));
            assert_eq!(head.scan(&[*last]), Err(error));
            let mut head = Head::new(HeadLimits::default(), prefix);
            assert_eq!(head.scan(input), Err(error), "{}", input.escape_ascii());
            assert_eq!(head.scan(input), Err(HeadError::Over));
        }
    }
}
