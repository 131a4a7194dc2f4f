//! However a stream is cut, `Messages` returns what a connection returns, and `Frames` the frames
//! that a naive reading finds. Both encode exactly what they were passed.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sansock::codec::{Error, Frames, Messages, Outgoing};
use sansock::connection::Delivery;
use sansock::frame::{Header, Rsv};
use sansock::{Opcode, Role};
use sansock_fuzz::connection::{Outcome, Watched, receive};
use sansock_fuzz::naive::{self, Frame};
use sansock_fuzz::stream::{LIMITS, Stream};
use tokio_util::codec::{Decoder, Encoder};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    server: bool,
    stream: Stream<'a>,
}

/// Returns a message codec's error as a connection reports it.
fn protocol_error(error: Error) -> sansock::ProtocolError {
    match error {
        Error::Protocol(error) => error,
        other => panic!("{other} within a stream"),
    }
}

fn messages(role: Role, pieces: &[&[u8]]) -> Outcome {
    let Watched { ws, mut log } = Watched::new(role, Delivery::Whole);
    let (mut codec, mut input) = (Messages::new(ws), BytesMut::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        while log.push(codec.decode(&mut input).map_err(protocol_error)) {}
        assert!(input.is_empty());
    }
    Watched { ws: codec.into_connection(), log }.outcome()
}

/// Returns the complete frames, and the error's close code and offset.
fn frames(role: Role, pieces: &[&[u8]]) -> (Vec<Frame>, Option<(u16, u64)>, bool) {
    let (mut codec, mut input) = (Frames::new(role).with_limits(LIMITS), BytesMut::new());
    let (mut frames, mut fault) = (Vec::new(), None);
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match codec.decode(&mut input) {
                Ok(Some(frame)) => frames.push(naive_frame(frame)),
                Ok(None) => break,
                Err(error) => {
                    let error = protocol_error(error);
                    assert!(fault.is_none(), "an error comes once");
                    fault = Some((error.close_code().as_u16(), error.offset()));
                }
            }
        }
    }
    let end = codec.decode_eof(&mut input);
    assert!(!matches!(end, Ok(Some(_))), "a frame that was there before");
    (frames, fault, end.is_err())
}

fn naive_frame((header, payload): (Header, BytesMut)) -> Frame {
    let fin = if header.fin { 0x80 } else { 0 };
    let first = fin | header.rsv.bits() << 4 | header.opcode.as_u8();
    Frame { first, key: header.mask_key, len: header.payload_len, payload: payload.to_vec() }
}

/// Asserts that the peer's codec encodes what the peer sent to the same frames.
///
/// After a Close it may send only pings and pongs, RFC 6455 §5.5.1.
fn assert_encoded(role: Role, frames: &[Frame]) {
    let (mut codec, mut output) = (Frames::new(role.peer()), BytesMut::new());
    let (mut sent, mut has_closed) = (Vec::new(), false);
    for frame in frames {
        let header = Header {
            fin: frame.first & 0x80 != 0,
            rsv: Rsv::NONE,
            opcode: Opcode::from_u8(frame.first & 0x0F).expect("an opcode"),
            mask_key: frame.key,
            payload_len: frame.len,
        };
        let payload = Bytes::copy_from_slice(&frame.payload);
        let encoded = codec.encode((header, payload), &mut output);
        if has_closed && !matches!(header.opcode, Opcode::Ping | Opcode::Pong) {
            assert!(encoded.is_err());
            continue;
        }
        encoded.expect("a frame by the rules");
        has_closed |= header.opcode == Opcode::Close;
        sent.push(frame);
    }
    let reading = naive::read(&output, role, LIMITS, false);
    assert_eq!((reading.fault, reading.is_cut), (None, false));
    assert_eq!(reading.frames.iter().collect::<Vec<_>>(), sent);
}

/// Asserts that a message and a ping are encoded as a connection sends them.
fn assert_sent(role: Role, payload: &[u8]) {
    let mut sender = Watched::new(role, Delivery::Whole);
    let control = &payload[..payload.len().min(125)];
    let mut codec = Messages::new(Watched::new(role, Delivery::Whole).ws);
    let mut output = BytesMut::new();
    let mut encode = |item: Outgoing| codec.encode(item, &mut output).expect("an open connection");
    encode(payload.to_vec().into());
    encode(Outgoing::Ping(Bytes::copy_from_slice(control)));
    sender.ws.send(payload.to_vec()).expect("there is room");
    sender.ws.ping(control).expect("there is room");
    assert_eq!(sender.outcome().answer, output);
}

fuzz_target!(|input: Case<'_>| {
    let role = if input.server { Role::Server } else { Role::Client };
    let stream = input.stream.to_bytes(role);
    let whole = receive(role, Delivery::Whole, &[&stream]);
    let mut reading = naive::read(&stream, role, LIMITS, false);
    reading.frames.retain(Frame::is_whole);
    for pieces in input.stream.cuts(&stream) {
        assert_eq!(messages(role, &pieces), whole);
        let (frames, fault, is_cut) = frames(role, &pieces);
        assert_eq!(frames, reading.frames);
        assert_eq!((fault, is_cut), (reading.fault, reading.is_cut));
    }
    assert_encoded(role, &reading.frames);
    assert_sent(role, &stream);
});
