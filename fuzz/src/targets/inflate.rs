//! Whatever compressed messages are received, and however they are cut, a connection sees what an
//! independent decoder sees, and holds no more memory than it may.

use arbitrary::Arbitrary;
use sansock::connection::Delivery;
use sansock::deflate::{Deflate, DeflateParams, WindowBits};
use sansock::{Config, Connection, Input, Limits, Negotiated, Violation};
use crate::events::Events;
use crate::inflate::{Inflater, Verdict};
use crate::naive::messages::Seen;

#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    takes_over: bool,
    window: u8,
    limit: u16,
    fragment: u16,
    read: u16,
    text: bool,
    messages: Vec<&'a [u8]>,
}

/// What the oracle allows a connection to see of the messages.
struct Expected {
    messages: Vec<Vec<u8>>,
    /// How the message after them fails.
    failure: Option<Verdict>,
}

fn expected(case: &Case<'_>, window: usize, limit: usize) -> Expected {
    let mut inflater = Inflater::new(window, case.takes_over);
    let mut expected = Expected { messages: Vec::new(), failure: None };
    for message in &case.messages {
        match inflater.inflate(message, limit) {
            Verdict::Message(bytes) if !case.text || std::str::from_utf8(&bytes).is_ok() => {
                expected.messages.push(bytes);
            }
            Verdict::Message(_) => {
                expected.failure = Some(Verdict::Invalid);
                break;
            }
            failure => {
                expected.failure = Some(failure);
                break;
            }
        }
    }
    expected
}

/// Returns the messages as a server sends them, in fragments of this size.
fn stream(case: &Case<'_>, fragment: usize) -> Vec<u8> {
    let mut stream = Vec::new();
    for message in &case.messages {
        let mut pieces: Vec<&[u8]> = message.chunks(fragment).collect();
        if pieces.is_empty() {
            pieces.push(b"");
        }
        let count = pieces.len();
        for (i, piece) in pieces.into_iter().enumerate() {
            let opcode = if i > 0 { 0 } else { 0x40 | if case.text { 1 } else { 2 } };
            stream.push(opcode | if i + 1 == count { 0x80 } else { 0 });
            match piece.len() {
                len @ 0..126 => stream.push(len as u8),
                len => {
                    stream.push(126);
                    stream.extend((len as u16).to_be_bytes());
                }
            }
            stream.extend_from_slice(piece);
        }
    }
    stream
}

/// What a connection sees.
#[derive(Default)]
struct Log {
    events: Events,
    failure: Option<Violation>,
}

fn receive(ws: &mut Connection, bytes: &[u8], read: usize, most: usize) -> Log {
    let mut log = Log::default();
    for piece in bytes.chunks(read) {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece);
        loop {
            match ws.receive(&mut input) {
                Ok(Some(event)) => log.events.push(&event),
                Ok(None) => break,
                Err(error) => {
                    assert!(log.failure.is_none(), "a failure is told of once");
                    log.failure = Some(error.violation());
                }
            }
        }
        assert!(ws.memory_usage() <= most, "{} of {most}", ws.memory_usage());
    }
    log
}

fn is_same(failure: &Verdict, violation: Violation) -> bool {
    match failure {
        Verdict::TooBig => matches!(violation, Violation::MessageTooBig { .. }),
        Verdict::TooManyStreams => violation == Violation::TooManyDeflateStreams,
        _ => violation == Violation::InvalidDeflate,
    }
}

pub fn run(case: Case<'_>) {
    let bits = 8 + case.window % 8;
    let window = (1_usize << bits).max(512);
    let longest = case.messages.iter().map(|message| message.len()).max().unwrap_or(0);
    let limit = usize::from(case.limit).max(longest);
    let fragment = usize::from(case.fragment).max(longest / 100).clamp(1, 65_535);
    let expected = expected(&case, window, limit);

    let mut params = DeflateParams::default();
    params.server_no_context_takeover = !case.takes_over;
    params.server_max_window_bits = WindowBits::new(bits);
    let negotiated = Negotiated::default().with_deflate(params);
    // An inflater, compressed bytes, a chunk, the boxes.
    let fixed = 47_552 + 4096 + 16_384 + 2048;
    for (delivery, held) in [(Delivery::Whole, 2 * limit + 512), (Delivery::Streaming, 0)] {
        for fragment in [65_535, fragment] {
            for read in [usize::MAX, usize::from(case.read).max(1), 1] {
                let mut config = Config::client_with_mask_keys(|| [0; 4]);
                config.deflate = Some(Deflate::default());
                config.delivery = delivery;
                config.limits = Limits::NONE.with_message(limit as u64);
                let mut ws = Connection::from_negotiated(config, &negotiated).expect("deflate");
                let stream = stream(&case, fragment);
                let log = receive(&mut ws, &stream, read, fixed + window + held);
                let messages: Vec<&[u8]> = log.events.seen.iter().map(Seen::bytes).collect();
                assert_eq!(messages, expected.messages);
                assert!(log.events.chunks.len() <= limit);
                match (&expected.failure, log.failure) {
                    (None, None) => {}
                    (Some(failure), Some(violation)) => {
                        assert!(
                            case.text || is_same(failure, violation),
                            "{failure:?} {violation}"
                        );
                    }
                    (failure, violation) => panic!("{failure:?} {violation:?}"),
                }
            }
        }
    }
}
