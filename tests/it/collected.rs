//! Messages that are reassembled: the fast path for fragments against the slow one, and reuse of
//! memory.

use crate::support::{
    ROLES, Seen, assert_sees, config, connection, drain, fragmented_for, frame_for, limited,
    receive, receive_from_bytes_mut,
};
use proptest::prelude::*;
use sansock::{Config, Connection, Event, Input, Limits, Opcode, Role};

/// Returns what is seen and answered on the slow path: one byte a read, so that nothing arrives
/// whole.
fn by_the_long_way(config: &Config, stream: &[u8]) -> (Vec<Seen>, Vec<u8>) {
    let mut ws = Connection::new(config.clone());
    let seen = receive(&mut ws, &stream.chunks(1).collect::<Vec<_>>());
    (seen, drain(&mut ws))
}

fn assert_all_ways_agree(config: &Config, stream: &[u8]) {
    let expected = by_the_long_way(config, stream);
    let mut ws = Connection::new(config.clone());
    assert_eq!((receive(&mut ws, &[stream]), drain(&mut ws)), expected, "{stream:x?}");
    let mut ws = Connection::new(config.clone());
    assert_eq!(
        (receive_from_bytes_mut(&mut ws, &[stream]), drain(&mut ws)),
        expected,
        "{stream:x?}"
    );
}

/// First bytes that begin a fragment, a message or a control frame, and some that break a rule.
const FIRST: [u8; 13] =
    [0x00, 0x80, 0x01, 0x02, 0x81, 0x82, 0x89, 0x88, 0x03, 0x40, 0x10, 0x09, 0x8B];

#[test]
fn every_order_of_four_frames_is_judged_alike_whole_and_byte_by_byte() {
    for role in ROLES {
        let limits = Limits::DEFAULT.with_frame(4).with_message(5).with_fragments(3);
        let config = limited(role, limits);
        for order in 0..FIRST.len().pow(4) {
            let firsts = (0..4).map(|i| FIRST[order / FIRST.len().pow(i) % FIRST.len()]);
            let stream: Vec<u8> = firsts
                .enumerate()
                .flat_map(|(i, first)| {
                    frame_for(role, first, [&b"a\xC3"[..], b"\xA9", b"", b"b"][i])
                })
                .collect();
            assert_all_ways_agree(&config, &stream);
        }
    }
}

#[test]
fn what_breaks_in_a_fragment_is_told_of_where_it_is() {
    for role in ROLES {
        for parts in [
            &[&b"ab"[..], b"c\xFFd"][..],
            &[b"ab\xFF", b"cd"],
            &[b"a\xE2", b"\x82", b"\xACb", b"\xE2(", b"c"],
            &[b"a\xE2", b"\x82"],
            &[b"", b"\xF0", b"\x9F", b""],
        ] {
            let stream = fragmented_for(role, Opcode::Text, parts);
            assert_all_ways_agree(&config(role), &stream);
            let (seen, _) = by_the_long_way(&config(role), &stream);
            assert!(matches!(seen[..], [Seen::Failed(..)]), "{seen:?}");
            assert_sees(&config(role), &stream, &seen);
        }
    }
}

/// A frame: its first byte, its payload, and whether its mask bit is right.
fn any_frame() -> impl Strategy<Value = (u8, Vec<u8>, bool)> {
    let first = prop_oneof![
        8 => prop::sample::select(&[0x00, 0x00, 0x00, 0x80, 0x01, 0x02][..]),
        1 => prop::sample::select(&FIRST[..]),
    ];
    let payload = prop_oneof![
        4 => prop::collection::vec(0x20u8..0x7F, 0..80),
        2 => "[aé€🦀]{0,60}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
    ];
    (first, payload, prop::bool::weighted(0.98))
}

proptest! {
    #[test]
    fn fragments_are_the_same_whole_and_byte_by_byte(
        frames in prop::collection::vec(any_frame(), 1..24),
        is_server: bool,
        limits in (60u64..400, 60u64..1200, 1u32..20),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let role = if is_server { Role::Server } else { Role::Client };
        let (frame, message, fragments) = limits;
        let config = limited(role, Limits::DEFAULT.with_frame(frame).with_message(message).with_fragments(fragments));
        let mut stream = Vec::new();
        for (first, payload, is_right) in frames {
            let sender = if is_right == is_server { Role::Server } else { Role::Client };
            stream.extend(frame_for(sender, first, &payload));
        }
        assert_all_ways_agree(&config, &stream);

        let expected = by_the_long_way(&config, &stream);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
        let mut ws = Connection::new(config);
        prop_assert_eq!((receive(&mut ws, &pieces), drain(&mut ws)), expected);
    }
}

/// Returns a payload that is different for each message.
fn payload(seed: usize, len: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().skip(seed % 26).flat_map(|letter| [letter; 7]).take(len).collect()
}

/// Large and small messages, in fragments and cut by reads.
fn messages() -> Vec<(Opcode, Vec<u8>)> {
    [70_000, 300_000, 70_000, 10, 0, 300_000, 5000, 74_999, 75_001, 300_000, 1_000_000, 400_000]
        .into_iter()
        .enumerate()
        .map(|(i, len)| (if i % 3 == 0 { Opcode::Text } else { Opcode::Binary }, payload(i, len)))
        .collect()
}

fn stream_of(role: Role, messages: &[(Opcode, Vec<u8>)], fragment: usize) -> Vec<u8> {
    let fragmented = |(opcode, payload): &(Opcode, Vec<u8>)| {
        let mut parts: Vec<&[u8]> = payload.chunks(fragment).collect();
        parts.resize(parts.len().max(2), b"");
        fragmented_for(role, *opcode, &parts)
    };
    messages.iter().flat_map(fragmented).collect()
}

fn bytes_of<'e>(event: &'e Event<'_>) -> &'e [u8] {
    match event {
        Event::Text(text) => text.as_bytes(),
        Event::Binary(data) => data,
        other => panic!("{other:?}"),
    }
}

/// However many of the earlier events are held, none of them changes.
#[test]
fn an_event_that_is_kept_is_not_overwritten() {
    let messages = messages();
    for role in ROLES {
        for fragment in [16 << 10, 1 << 20] {
            let stream = stream_of(role, &messages, fragment);
            for kept in [0, 1, 2, 3, messages.len()] {
                let mut ws = connection(role);
                let mut held: Vec<(usize, Event<'static>)> = Vec::new();
                let mut count = 0;
                for read in stream.chunks(50_000) {
                    let mut read = read.to_vec();
                    let mut input = Input::new(&mut read[..]);
                    while let Some(event) = ws.receive(&mut input).unwrap() {
                        held.push((count, event.into_owned()));
                        count += 1;
                        held.drain(..held.len().saturating_sub(kept));
                        for (i, event) in &held {
                            assert!(bytes_of(event) == messages[*i].1, "{i} of {count}");
                        }
                    }
                }
                assert_eq!(count, messages.len());
                ws.release_buffers();
                drop(ws);
                assert!(held.iter().all(|(i, event)| bytes_of(event) == messages[*i].1));
            }
        }
    }
}

/// Bytes written to an event, or appended to it, do not change other events.
#[test]
fn an_event_that_is_changed_changes_no_other() {
    let messages: Vec<_> = messages().into_iter().map(|(_, data)| (Opcode::Binary, data)).collect();
    let stream = stream_of(Role::Server, &messages, 16 << 10);
    let mut ws = connection(Role::Server);
    let mut previous = None;
    let mut count = 0;
    for read in stream.chunks(50_000) {
        let mut read = read.to_vec();
        let mut input = Input::new(&mut read[..]);
        while let Some(event) = ws.receive(&mut input).unwrap() {
            let Event::Binary(data) = event else { panic!("{event:?}") };
            assert!(*data == messages[count].1, "{count}");
            let mut data = data.into_bytes_mut();
            data.fill(0xEE);
            data.extend_from_slice(&[0xEE; 1000]);
            previous = Some(data);
            count += 1;
        }
    }
    assert!(previous.is_some_and(|data| data.iter().all(|&byte| byte == 0xEE)));
    assert_eq!(count, messages.len());
}

#[test]
fn memory_that_waits_is_no_open_message() {
    for role in ROLES {
        let mut ws = connection(role);
        let large = stream_of(role, &[(Opcode::Binary, payload(0, 100_000))], 10_000);
        assert_eq!(receive(&mut ws, &[&large]), [Seen::Binary(payload(0, 100_000))]);
        let mut ws = Connection::from_parts(ws.into_parts()).unwrap();
        // A control frame, a whole message, a cut message of the other kind, and a violation.
        let ping = frame_for(role, 0x89, b"ping");
        let text = frame_for(role, 0x81, "é".as_bytes());
        let seen =
            receive(&mut ws, &[&ping, &text, &text[..text.len() - 1], &text[text.len() - 1..]]);
        let text = Seen::Text("é".into());
        assert_eq!(seen, [Seen::Ping(b"ping".into()), text.clone(), text]);
        let seen = receive(&mut ws, &[&frame_for(role, 0x80, b"")]);
        assert!(matches!(seen[..], [Seen::Failed(..)]), "{seen:?}");
        drain(&mut ws);
        ws.release_buffers();
        assert_eq!(ws.memory_usage(), 0);
    }
}
