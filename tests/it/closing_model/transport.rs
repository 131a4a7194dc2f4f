//! The transport of the model, and a naive reader of what is written to it.

use sansock::Role;

/// One direction of a transport.
#[derive(Default, Hash)]
pub(super) struct Direction {
    /// All bytes that were put into it and were not lost.
    pub(super) stream: Vec<u8>,
    /// How many of them were delivered: `delivered <= stream.len()`
    delivered: usize,
    /// Nothing is put into it any more, and its end arrives behind the bytes.
    pub(super) has_ended: bool,
    /// The end was delivered.
    is_over: bool,
}

/// What arrives.
pub(super) enum Arrival {
    Bytes(Vec<u8>),
    Eof,
}

/// How many bytes a move takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    One,
    All,
}

impl Amount {
    pub(super) fn of(self, len: usize) -> usize {
        match self {
            Amount::One => len.min(1),
            Amount::All => len,
        }
    }
}

impl Direction {
    /// Takes bytes. After its end it loses them.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if !self.has_ended {
            self.stream.extend_from_slice(bytes);
        }
    }

    /// Loses what was not delivered, and ends.
    pub(super) fn cut(&mut self) {
        self.stream.truncate(self.delivered);
        self.has_ended = true;
    }

    /// Returns how many bytes wait.
    pub(super) fn waiting(&self) -> usize {
        self.stream.len() - self.delivered
    }

    /// Returns `true` if bytes or the end wait.
    pub(super) fn can_deliver(&self) -> bool {
        self.waiting() > 0 || self.has_ended && !self.is_over
    }

    pub(super) fn deliver(&mut self, amount: Amount) -> Arrival {
        if self.waiting() == 0 {
            self.is_over = true;
            return Arrival::Eof;
        }
        let end = self.delivered + amount.of(self.waiting());
        let bytes = self.stream[self.delivered..end].to_vec();
        self.delivered = end;
        Arrival::Bytes(bytes)
    }

    /// Returns the code of the first Close frame that was delivered.
    pub(super) fn first_close(&self) -> Option<u16> {
        let mut reader = Reader::default();
        reader.push(&self.stream[..self.delivered]);
        reader.frames.iter().find(|frame| frame.opcode == CLOSE)?.code
    }
}

/// Reads frames, and a head of HTTP before them.
#[derive(Default, Hash)]
pub(super) struct Reader {
    /// The frames that are complete.
    pub(super) frames: Vec<Frame>,
    /// Whether a head was read that leads to no frames.
    pub(super) is_http: bool,
    rest: Vec<u8>,
    has_head: bool,
}

#[derive(Hash)]
pub(super) struct Frame {
    opcode: u8,
    is_masked: bool,
    /// The code of a Close.
    code: Option<u16>,
}

const CLOSE: u8 = 8;

impl Reader {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        if self.rest.first().is_some_and(u8::is_ascii_uppercase) && !self.has_head {
            let end = self.rest.windows(4).position(|window| window == b"\r\n\r\n");
            let Some(end) = end else { return };
            let is_http = self.rest.starts_with(b"HTTP/1.1 ");
            self.is_http = is_http && !self.rest.starts_with(b"HTTP/1.1 101 ");
            self.has_head = true;
            self.rest.drain(..end + 4);
        }
        while !self.is_http {
            let Some((frame, len)) = frame(&self.rest) else { return };
            self.frames.push(frame);
            self.rest.drain(..len);
        }
        self.rest.clear();
    }

    /// Returns `true` if no frame is unfinished.
    pub(super) fn is_between(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn closes(&self) -> usize {
        self.frames.iter().filter(|frame| frame.opcode == CLOSE).count()
    }

    /// Asserts that an end of this role may write this.
    pub(super) fn check(&self, role: Role) {
        assert!(self.closes() <= 1, "a second Close");
        for (i, frame) in self.frames.iter().enumerate() {
            assert_eq!(frame.is_masked, role == Role::Client);
            assert!([1, CLOSE, 9, 10].contains(&frame.opcode), "opcode {}", frame.opcode);
            let is_last = i + 1 == self.frames.len() && self.is_between();
            assert!(frame.opcode != CLOSE || is_last, "something after the Close");
        }
    }
}

/// Returns the first frame of `bytes` and its length, if it is complete. All frames are short.
fn frame(bytes: &[u8]) -> Option<(Frame, usize)> {
    let &[first, second, ..] = bytes else { return None };
    let (opcode, is_masked) = (first & 0x0F, second & 0x80 != 0);
    let key = if is_masked { bytes.get(2..6)? } else { &[0; 4] };
    let start = if is_masked { 6 } else { 2 };
    let end = start + usize::from(second & 0x7F);
    let payload = bytes.get(start..end)?;
    let mut payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
    let code = payload.next().zip(payload.next()).map(|pair| u16::from_be_bytes(pair.into()));
    Some((Frame { opcode, is_masked, code: code.filter(|_| opcode == CLOSE) }, end))
}
