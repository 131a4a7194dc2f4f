//! The body of a response that refuses a client, RFC 9112 §6 and §7.1.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::event::HttpResponse;
use crate::handshake::client::ResponseHead;
use crate::input::Input;

/// A response whose body is being received.
pub(super) struct Body {
    head: ResponseHead,
    bytes: Vec<u8>,
    /// The most bytes to keep.
    limit: usize,
    framing: Framing,
    /// Bytes of the framing of a chunked body that can still be received.
    overhead_left: usize,
    /// Whether the head states the length of the body properly.
    is_sound: bool,
}

/// Where the body ends.
enum Framing {
    /// After as many more bytes, RFC 9112 §6.2.
    Length(u64),
    /// As the chunks say, RFC 9112 §7.1.
    Chunked(Chunk),
    /// With the transport, RFC 9112 §6.3, item 8.
    UntilEof,
}

/// What comes next of a chunked body.
enum Chunk {
    /// A line with the size of a chunk, so far; `None` after the digits.
    Size(u64, Digits),
    /// As many more bytes of a chunk.
    Data(u64),
    /// The line end after a chunk.
    DataEnd,
    /// The trailer section: whether the line is empty so far.
    Trailer(bool),
}

/// How far the size of a chunk is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Digits {
    None,
    Some,
    /// An extension, or the line end, follows.
    Over,
}

/// What a byte means for the end of a body.
enum Progress {
    More,
    Complete,
    /// It breaks the framing, so that the end cannot be known.
    Broken,
}

impl Body {
    pub(super) fn new(head: ResponseHead, limit: usize) -> Self {
        let framing = framing(&head);
        let is_sound = framing.is_some();
        let framing = framing.unwrap_or(Framing::UntilEof);
        Body { head, bytes: Vec::new(), limit, framing, overhead_left: MAX_OVERHEAD, is_sound }
    }

    /// Takes as much of `input` as belongs to the body. Returns the response once its body is
    /// complete, broken, or longer than the limit.
    pub(super) fn receive(&mut self, input: &mut Input<'_>) -> Option<Box<HttpResponse>> {
        loop {
            if matches!(self.framing, Framing::Length(0)) {
                return Some(self.finish(true));
            }
            let &byte = input.as_bytes().first()?;
            if !self.has_room() {
                return Some(self.finish(false));
            }
            input.take(1);
            match self.push(byte) {
                Progress::More => {}
                Progress::Complete => return Some(self.finish(true)),
                Progress::Broken => return Some(self.finish(false)),
            }
        }
    }

    /// Returns the response at the end of the transport.
    pub(super) fn receive_eof(&mut self) -> Box<HttpResponse> {
        self.finish(matches!(self.framing, Framing::UntilEof | Framing::Length(0)))
    }

    /// Whether the limits allow the next byte, which is counted if it is not of the body itself.
    fn has_room(&mut self) -> bool {
        if self.is_data() {
            return self.bytes.len() < self.limit;
        }
        let Some(left) = self.overhead_left.checked_sub(1) else { return false };
        self.overhead_left = left;
        true
    }

    /// Whether the next byte is one of the body itself.
    fn is_data(&self) -> bool {
        !matches!(
            self.framing,
            Framing::Chunked(Chunk::Size(..) | Chunk::DataEnd | Chunk::Trailer(_))
        )
    }

    fn push(&mut self, byte: u8) -> Progress {
        match &mut self.framing {
            Framing::UntilEof => self.bytes.push(byte),
            Framing::Length(left) => {
                *left -= 1;
                self.bytes.push(byte);
            }
            Framing::Chunked(chunk) => {
                if let Chunk::Data(_) = chunk {
                    self.bytes.push(byte);
                }
                return chunk.push(byte);
            }
        }
        Progress::More
    }

    fn finish(&mut self, is_complete: bool) -> Box<HttpResponse> {
        let body = core::mem::take(&mut self.bytes);
        let is_complete = is_complete && self.is_sound;
        Box::new(HttpResponse { head: self.head.clone(), body, is_complete })
    }
}

impl Chunk {
    /// Line ends are judged by their LF: what a client does not send on needs no more.
    fn push(&mut self, byte: u8) -> Progress {
        *self = match (&*self, byte) {
            (Chunk::Size(size, Digits::Some | Digits::Over), b'\n') => match *size {
                0 => Chunk::Trailer(true),
                size => Chunk::Data(size),
            },
            (Chunk::Size(size, Digits::Some | Digits::Over), b'\r' | b';' | b' ' | b'\t') => {
                Chunk::Size(*size, Digits::Over)
            }
            (Chunk::Size(size, Digits::Over), _) => Chunk::Size(*size, Digits::Over),
            (Chunk::Size(size, _), byte) => {
                let digit = char::from(byte).to_digit(16).map(u64::from);
                let size = size.checked_mul(16).zip(digit).map(|(size, digit)| size + digit);
                let Some(size) = size else { return Progress::Broken };
                Chunk::Size(size, Digits::Some)
            }
            (Chunk::Data(1), _) => Chunk::DataEnd,
            (Chunk::Data(left), _) => Chunk::Data(left - 1),
            (Chunk::DataEnd, b'\r') => Chunk::DataEnd,
            (Chunk::DataEnd, b'\n') => Chunk::Size(0, Digits::None),
            (Chunk::DataEnd, _) => return Progress::Broken,
            (Chunk::Trailer(true), b'\n') => return Progress::Complete,
            (Chunk::Trailer(is_empty), b'\r') => Chunk::Trailer(*is_empty),
            (Chunk::Trailer(_), byte) => Chunk::Trailer(byte == b'\n'),
        };
        Progress::More
    }
}

/// Returns how the end of a response's body is found, RFC 9112 §6.3, or `None` if the head does not
/// state it properly.
fn framing(head: &ResponseHead) -> Option<Framing> {
    let headers = head.headers();
    if matches!(head.status(), 204 | 304) {
        return Some(Framing::Length(0));
    }
    let codings = headers.all("Transfer-Encoding").flat_map(|value| value.split(|&b| b == b','));
    let last = codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty()).last();
    if let Some(last) = last {
        let is_chunked = last.eq_ignore_ascii_case(b"chunked");
        let chunked = Framing::Chunked(Chunk::Size(0, Digits::None));
        return Some(if is_chunked { chunked } else { Framing::UntilEof });
    }
    let mut lengths = headers.all("Content-Length");
    match (lengths.next(), lengths.next()) {
        (None, _) => Some(Framing::UntilEof),
        (Some(length), None) if length.iter().all(u8::is_ascii_digit) => {
            core::str::from_utf8(length).ok()?.parse().ok().map(Framing::Length)
        }
        _ => None,
    }
}

/// More bytes of sizes, extensions and trailers than an honest server sends.
const MAX_OVERHEAD: usize = 64 << 10;
