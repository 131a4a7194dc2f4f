//! However a stream is cut into reads, a relay passes on the frames that a naive reading finds in it.
//! A relay that sends as a client masks each with a fresh key, and one that sends as a server masks
//! none. It fails where the naive reading fails.

use arbitrary::Arbitrary;
use sansock::frame::{Limits, Relay};
use sansock::{Input, Role};
use crate::naive::frames::{self, Reading};
use crate::stream::{LIMITS, Stream};

#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    server: bool,
    /// Whether both peers are clients, or both are servers.
    same_role: bool,
    stream: Stream<'a>,
}

/// What was passed on, how many keys that took, and the error's close code and offset.
#[derive(Default)]
struct Sent {
    bytes: Vec<u8>,
    keys: u32,
    fault: Option<(u16, u64)>,
}

/// Returns the key of the frame with this number. All four bytes differ from frame to frame.
fn key(number: u32) -> [u8; 4] {
    number.wrapping_mul(0x0101_0101).wrapping_add(0x1234_5678).to_ne_bytes()
}

fn forward(relay: &mut Relay, pieces: &[&[u8]]) -> Sent {
    let mut sent = Sent::default();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece[..]);
        loop {
            let keys = &mut sent.keys;
            let next_key = || {
                *keys += 1;
                key(*keys - 1)
            };
            match relay.forward(&mut input, next_key) {
                Ok(Some(part)) => {
                    assert!(sent.fault.is_none(), "nothing is passed on after an error");
                    assert!(part.header.is_some() || part.last || !part.payload.is_empty());
                    sent.bytes.extend_from_slice(&part.head());
                    sent.bytes.extend_from_slice(part.payload);
                }
                Ok(None) => break,
                Err(error) => {
                    assert!(sent.fault.is_none(), "an error is reported once");
                    sent.fault = Some((error.close_code().as_u16(), error.offset()));
                }
            }
        }
        assert!(input.is_empty(), "None means that all input was taken");
    }
    sent
}

/// Asserts that the frames that were passed on are the received ones, masked again.
fn assert_same_frames(came: &Reading, sent: &Sent, sender: Role) {
    let no_limits = Limits::NONE;
    let went = frames::read(&sent.bytes, sender.peer(), no_limits, false);
    assert_eq!(went.fault, None, "what is sent on keeps the rules");
    assert_eq!(went.frames.len(), came.frames.len());
    for (number, (went, came)) in (0..).zip(went.frames.iter().zip(&came.frames)) {
        assert_eq!((went.first, went.len), (came.first, came.len));
        assert!(went.payload == came.payload, "frame {number}");
        assert_eq!(went.key, (sender == Role::Client).then(|| key(number)));
    }
    let keys = if sender == Role::Client { came.frames.len() } else { 0 };
    assert_eq!(sent.keys as usize, keys, "a key a frame");
}

pub fn run(input: Case<'_>) {
    let role = if input.server { Role::Server } else { Role::Client };
    let sender = if input.same_role { role } else { role.peer() };
    let stream = input.stream.to_bytes(role);
    let came = frames::read(&stream, role, LIMITS, true);
    for pieces in input.stream.cuts(&stream) {
        let mut relay = Relay::new(role).with_sender(sender).with_limits(LIMITS);
        let sent = forward(&mut relay, &pieces);
        assert_eq!(sent.fault, came.fault);
        assert_same_frames(&came, &sent, sender);
        let last = came.frames.last();
        assert_eq!(
            relay.is_closed(),
            last.is_some_and(|frame| frame.is_close() && frame.is_whole())
        );
        assert_eq!(relay.is_between_frames(), last.is_none_or(|frame| frame.is_whole()));
    }
}
