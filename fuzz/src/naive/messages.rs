//! Messages, RFC 6455 §5.4 to §8.1: what an endpoint delivers and answers.

use sansock::Role;
use sansock::frame::Limits;

use super::frames::{self, Frame};
use super::text::{Next, step};

/// What an endpoint sees in a stream.
#[derive(Debug, Default)]
pub struct Reading {
    pub seen: Vec<Seen>,
    /// The close code of the error, and the offset of the byte that shows it.
    pub fault: Option<(u16, u64)>,
    /// The most payload of a message, whole or not, before the fault.
    pub longest: usize,
    /// The message in progress.
    open: Option<Open>,
}

/// What an endpoint delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>, String),
}

impl Seen {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Seen::Text(text) | Seen::Close(_, text) => text.as_bytes(),
            Seen::Binary(data) | Seen::Ping(data) | Seen::Pong(data) => data,
        }
    }
}

#[derive(Debug)]
struct Open {
    is_text: bool,
    payload: Vec<u8>,
    /// What may follow in a text.
    next: Next,
}

/// Reads what an endpoint of `role` receives, which fails at one ping more than `pings`.
pub fn read(bytes: &[u8], role: Role, limits: Limits, pings: Option<u32>) -> Reading {
    let frames = frames::read(bytes, role, limits, true);
    let mut reading = Reading::default();
    for frame in frames.frames {
        if let Err(fault) = reading.push(frame, pings) {
            reading.fault = Some(fault);
            return reading;
        }
    }
    reading.fault = frames.fault;
    reading
}

impl Reading {
    /// Returns how the connection ends for the peer's Close, or 1006 without one. §7.1.5
    pub fn close_status(&self) -> u16 {
        match self.seen.last() {
            Some(Seen::Close(code, _)) => code.unwrap_or(1005),
            _ => 1006,
        }
    }

    /// Returns the payloads of the pings that are to be answered.
    pub fn pings(&self) -> Vec<&[u8]> {
        let pings = self.seen.iter().filter_map(|seen| match seen {
            Seen::Ping(payload) => Some(&payload[..]),
            _ => None,
        });
        pings.collect()
    }

    fn push(&mut self, frame: Frame, pings: Option<u32>) -> Result<(), (u16, u64)> {
        match frame.opcode() {
            8 => self.push_close(&frame),
            9 if !frame.is_whole() => Ok(()),
            9 if pings.is_some_and(|most| self.pings().len() as u64 >= u64::from(most)) => {
                Err((1008, frame.start + frame.len - 1)) // §10.4
            }
            9 => {
                self.seen.push(Seen::Ping(frame.payload));
                Ok(())
            }
            10 if !frame.is_whole() => Ok(()),
            10 => {
                self.seen.push(Seen::Pong(frame.payload));
                Ok(())
            }
            _ => self.push_data(&frame),
        }
    }

    /// §5.5.1, §7.4
    fn push_close(&mut self, frame: &Frame) -> Result<(), (u16, u64)> {
        let at = |index: usize| frame.start + index as u64;
        let [first, second, reason @ ..] = &frame.payload[..] else {
            if frame.is_whole() {
                self.seen.push(Seen::Close(None, String::new()));
            }
            return Ok(());
        };
        let code = u16::from(*first) << 8 | u16::from(*second);
        // §7.4.1, §7.4.2, and the codes that IANA has registered since.
        if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            return Err((1002, at(1)));
        }
        let mut next = Next::First;
        for (index, byte) in reason.iter().enumerate() {
            next = step(next, *byte).ok_or((1007, at(2 + index)))?;
        }
        if frame.is_whole() {
            if next != Next::First {
                return Err((1007, at(1 + reason.len())));
            }
            let reason = String::from_utf8(reason.to_vec()).expect("it was checked");
            self.seen.push(Seen::Close(Some(code), reason));
        }
        Ok(())
    }

    /// §5.4, §5.6, §8.1
    fn push_data(&mut self, frame: &Frame) -> Result<(), (u16, u64)> {
        let open = self.open.get_or_insert_with(|| Open {
            is_text: frame.opcode() == 1,
            payload: Vec::new(),
            next: Next::First,
        });
        for (index, byte) in frame.payload.iter().enumerate() {
            open.payload.push(*byte);
            self.longest = self.longest.max(open.payload.len());
            if open.is_text {
                open.next = step(open.next, *byte).ok_or((1007, frame.start + index as u64))?;
            }
        }
        if !frame.is_last() || !frame.is_whole() {
            return Ok(());
        }
        if open.next != Next::First {
            return Err((1007, frame.start + frame.len - 1));
        }
        let Open { is_text, payload, .. } = self.open.take().expect("it was opened above");
        self.seen.push(match is_text {
            true => Seen::Text(String::from_utf8(payload).expect("it was checked")),
            false => Seen::Binary(payload),
        });
        Ok(())
    }
}
