//! Frames, RFC 6455 §5.

use sansock::Role;
use sansock::frame::Limits;

/// The content of a stream.
#[derive(Debug, Default)]
pub struct Reading {
    /// The frames with a complete header.
    pub frames: Vec<Frame>,
    /// The close code of the error, and the offset of the byte that shows it.
    pub fault: Option<(u16, u64)>,
    /// Whether the stream ends within a frame or its header.
    pub is_cut: bool,
}

/// A frame. Its payload may be incomplete.
#[derive(Debug, PartialEq)]
pub struct Frame {
    pub first: u8,
    pub key: Option<[u8; 4]>,
    /// The length in the header.
    pub len: u64,
    /// The offset of its payload in the stream.
    pub start: u64,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn is_whole(&self) -> bool {
        self.payload.len() as u64 == self.len
    }

    pub fn opcode(&self) -> u8 {
        self.first & 0x0F
    }

    pub fn is_last(&self) -> bool {
        self.first & 0x80 != 0
    }

    pub fn is_close(&self) -> bool {
        self.opcode() == 8
    }
}

/// Why a header cannot be read to its end.
enum Stop {
    Cut,
    /// The close code, and the index in the header.
    Fault(u16, usize),
}

/// Reads what an endpoint of `role` receives, up to the end of a Close if `to_close`.
pub fn read(mut bytes: &[u8], role: Role, limits: Limits, to_close: bool) -> Reading {
    let mut reading = Reading::default();
    // The payload and frames of the message in progress.
    let mut open = None;
    let mut offset = 0;
    while !bytes.is_empty() {
        let (frame, header_len) = match header(bytes, role, limits, open) {
            Ok(header) => header,
            Err(Stop::Cut) => {
                reading.is_cut = true;
                break;
            }
            Err(Stop::Fault(code, at)) => {
                reading.fault = Some((code, offset + at as u64));
                break;
            }
        };
        if frame.first & 0x08 == 0 {
            let (len, frames) = open.unwrap_or((0, 0));
            let is_last = frame.first & 0x80 != 0;
            open = (!is_last).then_some((len + frame.len, frames + 1));
        }
        let len = usize::try_from(frame.len).unwrap_or(usize::MAX).min(bytes.len() - header_len);
        let (front, rest) = bytes.split_at(header_len + len);
        let start = offset + header_len as u64;
        (bytes, offset) = (rest, offset + front.len() as u64);
        let mask = frame.key.unwrap_or_default();
        let payload = front[header_len..].iter().zip(mask.iter().cycle());
        let payload = payload.map(|(byte, key)| byte ^ key).collect();
        let frame = Frame { payload, start, ..frame };
        let is_end = to_close && frame.is_close() && frame.is_whole();
        reading.is_cut = !frame.is_whole();
        reading.frames.push(frame);
        if is_end {
            break;
        }
    }
    reading
}

fn header(
    bytes: &[u8],
    role: Role,
    limits: Limits,
    open: Option<(u64, u32)>,
) -> Result<(Frame, usize), Stop> {
    let at = |index: usize| bytes.get(index).copied().ok_or(Stop::Cut);
    let require = |is_so: bool, index| if is_so { Ok(()) } else { Err(Stop::Fault(1002, index)) };

    let first = at(0)?;
    let (opcode, is_control) = (first & 0x0F, first & 0x08 != 0);
    require(first & 0x70 == 0, 0)?; // §5.2: no extension was negotiated
    require(matches!(opcode, 0 | 1 | 2 | 8 | 9 | 10), 0)?; // §5.2
    require(!is_control || first & 0x80 != 0, 0)?; // §5.5
    require(is_control || (opcode == 0) == open.is_some(), 0)?; // §5.4
    if !is_control && open.is_some_and(|(_, frames)| frames >= limits.fragments) {
        return Err(Stop::Fault(1008, 0)); // §10.4
    }

    let second = at(1)?;
    require((second & 0x80 != 0) == (role == Role::Server), 1)?; // §5.1
    let short_len = second & 0x7F;
    require(!is_control || short_len <= 125, 1)?; // §5.5
    require(opcode != 8 || short_len != 1, 1)?; // §5.5.1
    let (len, mut header_len) = match short_len {
        126 => (u64::from(at(2)?) << 8 | u64::from(at(3)?), 4),
        127 => {
            require(at(2)? & 0x80 == 0, 2)?; // §5.2
            let bytes = (2..10).try_fold(0, |len, i| Ok(len << 8 | u64::from(at(i)?)))?;
            (bytes, 10)
        }
        len => (u64::from(len), 2),
    };
    let least = [(4, 126), (10, 65_536)].iter().find(|(header, _)| *header == header_len);
    require(least.is_none_or(|(_, least)| len >= *least), header_len - 1)?; // §5.2
    let message_len = open.map_or(0, |(len, _)| len) + len;
    if !is_control && (len > limits.frame || message_len > limits.message) {
        return Err(Stop::Fault(1009, header_len - 1)); // §10.4
    }

    let key = match role {
        Role::Client => None,
        Role::Server => {
            let key =
                [at(header_len)?, at(header_len + 1)?, at(header_len + 2)?, at(header_len + 3)?];
            header_len += 4;
            Some(key)
        }
    };
    Ok((Frame { first, key, len, start: 0, payload: Vec::new() }, header_len))
}
