//! Checks whether a peer does the work of a row: before it is timed, and as a test.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use crate::peers::{Contender, Entry};
use crate::rows::{Message, Role, Row, Work, opcode};
use crate::transport;

/// Runs the row's work three times, because the stream is repeated.
///
/// # Errors
///
/// The error describes what is wrong with what the peer delivers or writes.
pub fn check(
    entry: &Entry,
    row: &Row,
    message: &Message,
    stream: &Arc<[u8]>,
) -> Result<(), String> {
    let result = quietly(|| {
        let mut peer = (entry.open)(row.role, row.transport(stream));
        for _ in 0..3 {
            match row.work {
                Work::Decode => check_received(&mut *peer, row, message)?,
                Work::Encode | Work::Echo => check_sent(&mut *peer, row, message)?,
            }
        }
        Ok(())
    });
    transport::stop_recording();
    result
}

fn check_received(peer: &mut dyn Contender, row: &Row, message: &Message) -> Result<(), String> {
    let (seen, wrong) = (Cell::new(0), Cell::new(0));
    peer.receive(row.count(), &mut |payload| {
        seen.set(seen.get() + 1);
        wrong.set(wrong.get() + u32::from(payload != message.bytes));
    });
    match (seen.get(), wrong.get()) {
        (seen, 0) if seen == row.count() => Ok(()),
        (seen, 0) => Err(format!("{seen} messages of {}", row.count())),
        (seen, wrong) => Err(format!("{wrong} of {seen} messages are wrong")),
    }
}

fn check_sent(peer: &mut dyn Contender, row: &Row, message: &Message) -> Result<(), String> {
    let sent = transport::record(|| peer.work(row.work, message, row.count()));
    let (mut rest, mut count) = (&sent[..], 0);
    while !rest.is_empty() {
        let frame = Frame::parse(&mut rest).ok_or("a frame is cut off")?;
        if frame.first != 0x80 | opcode(message.is_text) {
            return Err(format!("a frame begins with {:#x}", frame.first));
        }
        if frame.is_masked != (row.role == Role::Client) {
            return Err("a frame is masked where it must not be, or not where it must".into());
        }
        if frame.payload != message.bytes {
            return Err("a payload is wrong".into());
        }
        count += 1;
    }
    if count == row.count() { Ok(()) } else { Err(format!("{count} frames of {}", row.count())) }
}

/// A frame of RFC 6455 §5.2, parsed as simply as possible.
struct Frame {
    first: u8,
    is_masked: bool,
    payload: Vec<u8>,
}

impl Frame {
    fn parse(input: &mut &[u8]) -> Option<Frame> {
        let [first, second] = *input.split_off(..2)? else { return None };
        let len = match second & 0x7F {
            126 => u64::from(u16::from_be_bytes(input.split_off(..2)?.try_into().ok()?)),
            127 => u64::from_be_bytes(input.split_off(..8)?.try_into().ok()?),
            len => u64::from(len),
        };
        let is_masked = second & 0x80 != 0;
        let key = if is_masked { input.split_off(..4)? } else { &[0; 4] };
        let masked = input.split_off(..usize::try_from(len).ok()?)?;
        let payload = masked.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        Some(Frame { first, is_masked, payload: payload.collect() })
    }
}

/// Runs `action`. Returns a panic as an error.
fn quietly(action: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(action));
    panic::set_hook(hook);
    result.unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().cloned();
        let text = text.or_else(|| cause.downcast_ref::<&str>().map(|text| text.to_string()));
        Err(format!("panics: {}", text.unwrap_or_default()))
    })
}
