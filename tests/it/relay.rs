//! Frames that a relay passes on, compared with frames that are decoded and encoded by hand.

use crate::counting::measure;
use crate::support::{
    KEY, NO_LIMITS, ROLES, close_body, fragmented_for, frame_for, frames, head_for,
};
use proptest::collection::vec;
use proptest::prelude::*;
use sansock::frame::{CloseBody, Decoder, Encoder, Header, Part, Relay, Rsv};
use sansock::{CloseCode, CloseReason, Input, Limits, Opcode, ProtocolError, Role};

/// The output of a relay, and how often it asked for a key.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sent {
    bytes: Vec<u8>,
    headers: Vec<Header>,
    keys: u32,
    /// The error with its offset.
    error: Option<ProtocolError>,
}

/// Returns the key for the frame with this number. It is never repeated, and never the received
/// key.
fn key(number: u32) -> [u8; 4] {
    (0xA5_00_10_FF ^ number.wrapping_mul(0x9E37_79B9)).to_be_bytes()
}

/// Passes `pieces` to the relay, one read after the other.
fn forward(relay: &mut Relay, pieces: &[&[u8]], sent: &mut Sent) {
    for piece in pieces {
        let mut buffer = piece.to_vec();
        let mut input = Input::new(&mut buffer[..]);
        loop {
            let keys = &mut sent.keys;
            let next_key = || {
                *keys += 1;
                key(*keys - 1)
            };
            let was_between_frames = relay.is_between_frames();
            match relay.forward(&mut input, next_key) {
                Ok(Some(part)) => {
                    assert_eq!(part.header.is_some(), was_between_frames);
                    assert_eq!(part.last, relay.is_between_frames());
                    assert_eq!(part.header.is_none(), part.head().is_empty());
                    sent.bytes.extend_from_slice(&part.head());
                    sent.bytes.extend_from_slice(part.payload);
                    sent.headers.extend(part.header);
                }
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(sent.error.replace(error), None, "it fails once");
                    assert!(relay.is_between_frames() && !relay.is_closed());
                }
            }
        }
        assert!(input.is_empty(), "None means that all input was taken");
    }
}

/// The naive model: every frame is decoded, stored and encoded again.
fn decode_and_encode(mut decoder: Decoder, sender: Role, stream: &[u8]) -> Sent {
    let mut encoder = Encoder::new(sender);
    let mut sent = Sent::default();
    let (mut stream, mut input_is_over) = (stream.to_vec(), false);
    let mut input = Input::new(&mut stream[..]);
    while !input_is_over {
        match decoder.decode(&mut input) {
            Ok(Some(Part::Header(header))) => {
                let mask_key = sender.masks().then(|| key(sent.keys));
                sent.keys += u32::from(sender.masks());
                let header = Header { mask_key, ..header };
                sent.bytes.extend_from_slice(&encoder.header(header).unwrap());
                sent.headers.push(header);
            }
            Ok(Some(Part::Payload { bytes, last })) => {
                encoder.payload(bytes).unwrap();
                sent.bytes.extend_from_slice(bytes);
                let is_close = sent.headers.last().unwrap().opcode == Opcode::Close;
                input_is_over = is_close && last;
            }
            Ok(None) => input_is_over = true,
            Err(error) => sent.error = Some(error),
        }
    }
    sent
}

/// Asserts that relays of all four kinds produce what decoding and encoding does: whole, byte by
/// byte and at every split. `stream` returns what the peer of a role sends.
fn assert_passed_on(limits: Limits, rsv: Rsv, stream: impl Fn(Role) -> Vec<u8>) {
    for (receiver, sender) in ROLES.into_iter().flat_map(|role| ROLES.map(|sender| (role, sender)))
    {
        let stream = stream(receiver);
        let decoder = Decoder::new(receiver).with_limits(limits).with_rsv(rsv);
        let expected = decode_and_encode(decoder, sender, &stream);
        let check = |pieces: &[&[u8]], how: &str| {
            let mut relay =
                Relay::new(receiver).with_sender(sender).with_limits(limits).with_rsv(rsv);
            let mut sent = Sent::default();
            forward(&mut relay, pieces, &mut sent);
            assert!(sent == expected, "{receiver:?} to {sender:?}, {how}: {:?}", sent.headers);
            assert_eq!(relay.offset(), stream.len() as u64);
        };
        check(&[&stream], "whole");
        check(&stream.chunks(1).collect::<Vec<_>>(), "byte by byte");
        let step = if stream.len() > 4096 { 4099 } else { 1 };
        for at in (0..=stream.len()).step_by(step).chain(0..stream.len().min(300)) {
            let (left, right) = stream.split_at(at);
            check(&[left, &[], right], &format!("split at {at}"));
        }
    }
}

#[test]
fn frames_are_sent_on_as_decoding_and_encoding_would() {
    assert_passed_on(Limits::DEFAULT, Rsv::NONE, |role| {
        let mut stream = frame_for(role, 0x81, b"Hello");
        stream.extend(frame_for(role, 0x82, b""));
        stream.extend(frame_for(role, 0x89, b"there?"));
        for len in [1, 2, 3, 4, 5, 7, 8, 124, 125, 126, 127] {
            stream.extend(frame_for(role, 0x82, &vec![len; usize::from(len)]));
        }
        stream.extend(frame_for(role, 0x8A, &[0xFF; 125]));
        stream.extend(frame_for(role, 0x88, &close_body(1000, "bye")));
        stream
    });
}

#[test]
fn fragments_stay_fragments_and_control_frames_between_them() {
    assert_passed_on(Limits::DEFAULT, Rsv::NONE, |role| {
        let mut stream = frame_for(role, 0x01, b"a");
        stream.extend(frame_for(role, 0x89, b"p"));
        stream.extend(frame_for(role, 0x00, b""));
        stream.extend(frame_for(role, 0x8A, b""));
        stream.extend(frame_for(role, 0x80, &[b'z'; 200]));
        stream.extend(fragmented_for(role, Opcode::Binary, &[b"", b"", b""]));
        stream.extend(frame_for(role, 0x02, b"open"));
        stream.extend(frame_for(role, 0x88, b""));
        stream
    });
}

#[test]
fn long_frames_keep_their_lengths() {
    for len in [0xFFFF, 0x1_0000] {
        assert_passed_on(Limits::DEFAULT, Rsv::NONE, |role| {
            let payload: Vec<u8> = (0..=255).cycle().take(len).collect();
            [frame_for(role, 0x82, &payload), frame_for(role, 0x81, b"next")].concat()
        });
    }
}

/// RFC 6455 §5.4: without an extension, an intermediary refuses reserved bits. If it knows of one,
/// it passes on its bits.
#[test]
fn reserved_bits_are_passed_on_where_they_are_allowed() {
    let stream = |role| {
        fragmented_for(role, Opcode::Text, &[b"\xFF\xFE", b"not text"]).into_iter().collect()
    };
    let with_rsv1 = |role| {
        let mut stream: Vec<u8> = stream(role);
        stream[0] |= 0x40;
        stream
    };
    assert_passed_on(Limits::DEFAULT, Rsv::RSV1, stream);
    assert_passed_on(Limits::DEFAULT, Rsv::RSV1, with_rsv1);
    assert_passed_on(Limits::DEFAULT, Rsv::NONE, with_rsv1); // refused
}

#[test]
fn what_breaks_a_rule_is_not_passed_on() {
    let limits = Limits::DEFAULT.with_frame(300).with_message(400).with_fragments(2);
    let offences: [fn(Role) -> Vec<u8>; 9] = [
        |role| frame_for(role, 0xC1, b"rsv"),
        |role| frame_for(role, 0x83, b"opcode"),
        |role| frame_for(role, 0x09, b"fragmented ping"),
        |role| frame_for(role, 0x80, b"continuation of nothing"),
        |role| frame_for(role.peer(), 0x81, b"masked or not"),
        |role| head_for(role, 0x89, 126),
        |role| frame_for(role, 0x88, b"x"),
        |role| head_for(role, 0x82, 301),
        |role| fragmented_for(role, Opcode::Text, &[b"a", b"b", b"c"]),
    ];
    for offence in offences {
        assert_passed_on(limits, Rsv::NONE, |role| {
            let before = fragmented_for(role, Opcode::Text, &[b"before", b"it"]);
            [before, offence(role), frame_for(role, 0x81, b"after it")].concat()
        });
        let mut sent = Sent::default();
        let mut relay = Relay::new(Role::Server).with_limits(limits);
        forward(&mut relay, &[&offence(Role::Server)], &mut sent);
        assert!(sent.error.is_some());
    }
}

/// RFC 6455 §5.5.1: nothing may be sent after a Close, and what a peer sends then is discarded.
#[test]
fn nothing_follows_a_close() {
    for role in ROLES {
        for body in [&b""[..], &close_body(1000, "bye")] {
            let stream = [frame_for(role, 0x81, b"a"), frame_for(role, 0x88, body)].concat();
            for after in [frame_for(role, 0x81, b"b"), vec![0xFF; 100]] {
                let mut relay = Relay::new(role);
                let mut sent = Sent::default();
                forward(&mut relay, &[&stream[..stream.len() - 1]], &mut sent);
                assert!(!relay.is_closed());
                let mut last = stream[stream.len() - 1..].to_vec();
                last.extend(&after);
                forward(&mut relay, &[&last, &after], &mut sent);
                assert!(relay.is_closed() && relay.is_between_frames());
                assert!(relay.close(CloseBody::default(), || KEY).is_none());
                let contents: Vec<_> = frames(&sent.bytes);
                assert_eq!(contents.len(), 2);
                assert_eq!(contents[1].content(), (0x88, body));
                assert_eq!(sent.error, None);
                assert_eq!(relay.offset(), (stream.len() + 2 * after.len()) as u64);
            }
        }
    }
}

#[test]
fn a_close_of_ones_own_stands_between_frames_and_once() {
    let body =
        CloseBody { status: Some((CloseCode::GOING_AWAY, CloseReason::new("enough").unwrap())) };
    let expected = close_body(1001, "enough");
    for (receiver, sender) in ROLES.into_iter().flat_map(|role| ROLES.map(|sender| (role, sender)))
    {
        let stream = fragmented_for(receiver, Opcode::Binary, &[&[7; 200], b"b"]);
        let first = frame_for(receiver, 0x02, &[7; 200]).len();
        for cut in 0..stream.len() {
            let mut relay = Relay::new(receiver).with_sender(sender);
            let mut sent = Sent::default();
            forward(&mut relay, &[&stream[..cut]], &mut sent);
            let within = !relay.is_between_frames();
            let frame = relay.close(body, || KEY);
            assert_eq!((frame.is_none(), relay.is_closed()), (within, !within));
            let Some(frame) = frame else {
                // The frame can still be completed, and a Close sent after it.
                let rest = if cut < first { first - cut } else { stream.len() - cut };
                forward(&mut relay, &[&stream[cut..][..rest]], &mut sent);
                assert!(relay.close(body, || KEY).is_some());
                continue;
            };
            sent.bytes.extend_from_slice(&frame);
            let close = frames(&sent.bytes).pop().unwrap();
            assert_eq!(close.content(), (0x88, &expected[..]));
            assert_eq!(close.key, sender.masks().then_some(KEY));
            assert!(relay.close(body, || KEY).is_none(), "once");
            let before = sent.headers.len();
            forward(&mut relay, &[&stream[cut..], &[0xFF; 9]], &mut sent);
            assert_eq!((sent.headers.len(), sent.error), (before, None));
        }
    }
}

#[test]
fn each_frame_has_a_key_of_its_own() {
    let stream: Vec<u8> = (0..50).flat_map(|i| frame_for(Role::Server, 0x82, &[i; 9])).collect();
    let mut sent = Sent::default();
    forward(&mut Relay::new(Role::Server), &[&stream], &mut sent);
    assert_eq!(sent.keys, 50);
    for (i, frame) in frames(&sent.bytes).into_iter().enumerate() {
        assert_eq!((frame.key, frame.payload), (Some(key(i as u32)), vec![i as u8; 9]));
    }
    for (receiver, sender) in [(Role::Server, Role::Server), (Role::Client, Role::Server)] {
        let mut relay = Relay::new(receiver).with_sender(sender);
        let no_key = || -> [u8; 4] { panic!("a server masks nothing") };
        let mut stream = frame_for(receiver, 0x82, b"abc");
        let mut input = Input::new(&mut stream[..]);
        while relay.forward(&mut input, no_key).unwrap().is_some() {}
    }
}

/// The new key is the one that the frame arrived with.
#[test]
fn the_same_key_again_changes_nothing() {
    let stream = frame_for(Role::Server, 0x82, &[7; 100]);
    let (mut buffer, mut sent) = (stream.clone(), Vec::new());
    let mut input = Input::new(&mut buffer[..]);
    let mut relay = Relay::new(Role::Server);
    while let Some(part) = relay.forward(&mut input, || KEY).unwrap() {
        sent.extend_from_slice(&part.head());
        sent.extend_from_slice(part.payload);
    }
    assert_eq!(sent, stream);
}

#[test]
fn a_terabyte_goes_through_without_an_allocation() {
    for role in ROLES {
        let mut relay = Relay::new(role).with_limits(NO_LIMITS);
        let (mut head, mut piece) = (head_for(role, 0x82, 1 << 40), vec![0; 1 << 16]);
        let (allocations, _, taken) = measure(|| {
            let mut taken = 0;
            let mut input = Input::new(&mut head[..]);
            while relay.forward(&mut input, || KEY).unwrap().is_some() {}
            for _ in 0..100 {
                let mut input = Input::new(&mut piece[..]);
                while let Some(part) = relay.forward(&mut input, || KEY).unwrap() {
                    taken += part.payload.len();
                    assert!(part.header.is_none() && !part.last);
                }
            }
            taken
        });
        assert_eq!((taken, allocations), (100 << 16, 0));
        assert!(size_of::<Relay>() <= 160);
    }
}

#[test]
fn debug_shows_no_payload() {
    let mut stream = frame_for(Role::Client, 0x81, b"secret");
    let mut input = Input::new(&mut stream[..]);
    let mut relay = Relay::new(Role::Client).with_sender(Role::Server);
    let mut shown = String::new();
    while let Some(part) = relay.forward(&mut input, || KEY).unwrap() {
        shown += &format!("{part:?} {relay:?}\n");
    }
    assert!(shown.contains("payload: 6 bytes") && shown.contains("Text"), "{shown}");
    assert!(!shown.contains("secret") && !shown.contains("115, 101"), "{shown}");
}

proptest! {
    /// Frames and other bytes, in pieces of any length.
    #[test]
    fn whatever_comes_is_passed_on_as_decoding_and_encoding_would(
        server: bool,
        same: bool,
        frames in vec((any::<u8>(), any::<bool>(), vec(any::<u8>(), 0..200)), 0..8),
        noise in vec(any::<u8>(), 0..20),
        cuts in vec(0usize..1000, 0..9),
    ) {
        let role = if server { Role::Server } else { Role::Client };
        let sender = if same { role } else { role.peer() };
        let mut stream = Vec::new();
        for (first, sane, payload) in &frames {
            // Most first bytes are refused: turn some of them into those of binary messages and
            // pings.
            let first = if *sane { [0x82, 0x89][usize::from(first & 1)] } else { *first };
            stream.extend(frame_for(role, first, &payload[..payload.len().min(120)]));
        }
        stream.extend(noise);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
        let mut sent = Sent::default();
        forward(&mut Relay::new(role).with_sender(sender), &pieces, &mut sent);
        prop_assert_eq!(sent, decode_and_encode(Decoder::new(role), sender, &stream));
    }
}
