//! However a stream is cut into reads, received and delivered, a connection sees the messages that a naive
//! reading finds in it, fails where that fails, and answers as the RFC says. Its memory follows what has arrived.

use arbitrary::{Arbitrary, Unstructured};
use sansock::connection::Delivery;
use sansock::frame::{Decoder, MessageDecoder, MessagePart, Part};
use sansock::{Input, Limits, Role};

use crate::connection::{Setup, WAYS, assert_answers, assert_receives};
use crate::events::Events;
use crate::memory;
use crate::naive::frames::{self, Frame};
use crate::naive::messages::{self, Reading, Seen};
use crate::stream::{LIMITS, Stream, lens, pieces};

/// The first five bytes of a file in `seeds/receive`, and the stream that follows them.
#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    /// A sum of [`CLIENT`], [`MADE`], [`LONG`], and [`PING`] for each ping that is allowed and one.
    options: u8,
    /// The lengths of reads.
    cuts: [u8; 4],
    bytes: &'a [u8],
}

/// A client receives.
const CLIENT: u8 = 1;
/// The bytes describe frames that are almost valid.
const MADE: u8 = 2;
/// The limits are higher, and the frames that are made are longer.
const LONG: u8 = 4;
/// A ping is allowed.
const PING: u8 = 32;

impl Case<'_> {
    fn has(&self, option: u8) -> bool {
        self.options & option != 0
    }

    /// A long stream takes too long byte by byte.
    fn factor(&self) -> usize {
        if self.has(LONG) { 64 } else { 1 }
    }

    fn setup(&self, delivery: Delivery) -> Setup {
        let role = if self.has(CLIENT) { Role::Client } else { Role::Server };
        let limits = if self.has(LONG) { LONG_LIMITS } else { LIMITS };
        let pings = u32::from(self.options / PING).checked_sub(1);
        Setup { role, delivery, limits, pings }
    }

    fn stream(&self, role: Role) -> Vec<u8> {
        if !self.has(MADE) {
            return self.bytes.to_vec();
        }
        let stream = Stream::arbitrary_take_rest(Unstructured::new(self.bytes));
        stream.map(|stream| stream.to_long_bytes(role, self.factor())).unwrap_or_default()
    }
}

pub fn run(case: Case<'_>) {
    let setup = case.setup(Delivery::Whole);
    let stream = case.stream(setup.role);
    let expected = messages::read(&stream, setup.role, setup.limits, setup.pings);
    let factor = case.factor();
    let lens = lens(case.cuts).map(|len| factor * len);
    for pieces in [vec![&stream[..]], stream.chunks(factor).collect(), pieces(&stream, &lens)] {
        for delivery in [Delivery::Whole, Delivery::Streaming] {
            let setup = case.setup(delivery);
            WAYS.iter().for_each(|way| assert_receives(&setup, *way, &pieces, &expected));
            memory::assert_bounded(&setup, &pieces, &expected);
            memory::assert_kept(&setup, &pieces, usize::from(case.cuts[0] % 4));
        }
        assert_decodes(&setup, &pieces, &stream);
        if setup.pings.is_none() {
            assert_decodes_messages(&setup, &pieces, &expected);
        }
    }
}

/// Asserts that a decoder finds the frames of the naive reading.
fn assert_decodes(setup: &Setup, pieces: &[&[u8]], stream: &[u8]) {
    let expected = frames::read(stream, setup.role, setup.limits, false);
    let mut decoder = Decoder::new(setup.role).with_limits(setup.limits);
    let (mut seen, mut fault) = (Vec::<Frame>::new(), None);
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece[..]);
        loop {
            match decoder.decode(&mut input) {
                Ok(None) => break,
                Ok(Some(Part::Header(header))) => {
                    let first = u8::from(header.fin) << 7 | header.rsv.bits() << 4;
                    seen.push(Frame {
                        first: first | header.opcode.as_u8(),
                        key: header.mask_key,
                        len: header.payload_len,
                        start: decoder.offset(),
                        payload: Vec::new(),
                    });
                }
                Ok(Some(Part::Payload { bytes, last })) => {
                    let frame = seen.last_mut().expect("a header comes first");
                    frame.payload.extend_from_slice(bytes);
                    assert_eq!(last, frame.is_whole());
                }
                Err(error) => fault = Some((error.close_code().as_u16(), error.offset())),
            }
        }
    }
    assert_eq!(seen, expected.frames);
    assert_eq!(fault, expected.fault);
}

/// Asserts that a decoder of messages sees and answers what the naive reading says.
fn assert_decodes_messages(setup: &Setup, pieces: &[&[u8]], expected: &Reading) {
    let mut decoder = MessageDecoder::new(setup.role).with_limits(setup.limits);
    let (mut events, mut fault, mut answers, mut keys) = (Events::default(), None, Vec::new(), 0);
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = Input::new(&mut piece[..]);
        loop {
            match decoder.decode(&mut input) {
                Ok(None) => break,
                Ok(Some(MessagePart::Text { bytes, last })) => events.push_piece(true, bytes, last),
                Ok(Some(MessagePart::Binary { bytes, last })) => {
                    events.push_piece(false, bytes, last);
                }
                Ok(Some(MessagePart::Ping(ping))) => events.seen.push(Seen::Ping(ping.to_vec())),
                Ok(Some(MessagePart::Pong(pong))) => events.seen.push(Seen::Pong(pong.to_vec())),
                Ok(Some(MessagePart::Close(frame))) => {
                    let status = frame.body().status;
                    let code = status.map(|(code, _)| code.as_u16());
                    let reason = status.map(|(_, reason)| reason.as_str().to_owned());
                    events.seen.push(Seen::Close(code, reason.unwrap_or_default()));
                }
                Ok(Some(other)) => panic!("{other:?}"),
                Err(error) => fault = Some((error.close_code().as_u16(), error.offset())),
            }
            let key = || {
                keys += 1;
                u32::to_be_bytes(keys)
            };
            answers.extend_from_slice(decoder.answer(key).as_deref().unwrap_or_default());
        }
    }
    assert_eq!((events.seen, fault), (expected.seen.clone(), expected.fault));
    assert_answers(setup.role, &answers, expected);
}

const LONG_LIMITS: Limits = Limits::DEFAULT.with_frame(70_000).with_message(140_000).with_fragments(20);
