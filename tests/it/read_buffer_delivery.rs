//! A read buffer delivers a message with the read that brings its last byte, wherever the message
//! is in the buffer.

use crate::support::{
    ROLES, config, connection, drain, frame_for, head_for, read, receive, receive_buffered_in,
};
use proptest::collection::vec;
use proptest::prelude::*;
use sansock::{Connection, ReadBuffer, Role};

/// Reads `frames` and asserts that each is delivered by the read that brings its last byte.
///
/// The first read has `first` bytes and the others `next`, or fewer if there is less room.
fn assert_prompt(
    (ws, input): (&mut Connection, &mut ReadBuffer),
    frames: &[&[u8]],
    (first, next): (usize, usize),
    is_released: bool,
) {
    let ends = frames.iter().scan(0, |end, frame| {
        *end += frame.len();
        Some(*end)
    });
    let ends: Vec<usize> = ends.collect();
    let stream = frames.concat();
    let (mut came, mut delivered, mut at_once) = (0, 0, first);
    while came < stream.len() {
        let room = input.spare_mut();
        let len = room.len().min(at_once).min(stream.len() - came);
        room[..len].copy_from_slice(&stream[came..came + len]);
        input.mark_filled(len);
        (came, at_once) = (came + len, next);
        assert!(came < stream.len() || !input.wants_more(), "no more is to come");
        while ws.receive_buffered(input).unwrap().is_some() {
            delivered += 1;
        }
        assert_eq!(delivered, ends.iter().filter(|end| **end <= came).count(), "at {came}");
        if is_released {
            input.shrink_to_fit();
        }
    }
}

/// After a long message, there is room behind other messages. A message that begins there is moved
/// to the front when it reaches the end of that room.
#[test]
fn a_message_is_delivered_with_its_last_byte_wherever_in_the_buffer_it_begins() {
    const LENGTHS: [usize; 11] = [0, 3000, 3999, 5003, 6789, 8000, 8177, 8192, 8193, 8206, 20_000];
    const READS: [(usize, usize); 7] = [
        (1, 1000),
        (usize::MAX, usize::MAX),
        (3, 7),
        (500, 1 << 14),
        (9, 100),
        (5000, 4000),
        (13, 8192),
    ];
    for role in ROLES {
        for first in [0x81, 0x82] {
            let grown = frame_for(role, 0x82, &[7; 100_000]);
            let messages = LENGTHS.map(|len| frame_for(role, first, &vec![b'x'; len]));
            for (capacity, step) in [(64, 1), (1000, 7), (1 << 14, 211)] {
                for (i, start) in (0..=capacity + 128).step_by(step).enumerate() {
                    let (mut ws, mut input) =
                        (connection(role), ReadBuffer::with_capacity(capacity));
                    read(&mut ws, &mut input, &grown, usize::MAX, |_| {});
                    let before = filler(role, start);
                    let message = &messages[i % LENGTHS.len()];
                    let (cut, next) = READS[i % READS.len()];
                    let reads = (start.saturating_add(cut), next);
                    let frames = [&before[0][..], &before[1], message, &messages[0]];
                    assert_prompt((&mut ws, &mut input), &frames, reads, i % 5 == 0);
                }
            }
        }
    }
}

/// Returns two messages of about `len` bytes together.
fn filler(role: Role, len: usize) -> [Vec<u8>; 2] {
    let header = head_for(role, 0x82, 0).len();
    let short = frame_for(role, 0x82, &vec![7; (len / 3).saturating_sub(header).min(100)]);
    let rest = len.saturating_sub(short.len() + header);
    [short, frame_for(role, 0x82, &vec![7; rest])]
}

/// Any frame that a peer may send.
fn frame() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let first = prop_oneof![
        4 => Just(0x81), 4 => Just(0x82), 1 => Just(0x01), 1 => Just(0x02), 2 => Just(0x00),
        2 => Just(0x80), 1 => Just(0x89), 1 => Just(0x8A), 1 => Just(0x88), 1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        4 => ".{0,60}".prop_map(String::into_bytes),
        2 => vec(any::<u8>(), 0..140),
        1 => (100usize..20_000).prop_map(|len| vec![b'x'; len]),
        1 => (100usize..20_000).prop_map(|len| "ß".repeat(len).into_bytes()),
        1 => (1usize..9_000, any::<u8>()).prop_map(|(at, byte)| {
            let mut text = vec![b'x'; 9_000];
            text[at] = byte;
            text
        }),
    ];
    (first, payload)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        ..ProptestConfig::default()
    })]

    /// The reference is `receive`, which keeps nothing in its input.
    #[test]
    fn each_read_of_any_stream_brings_what_it_brings_without_a_buffer(
        frames in vec(frame(), 0..8),
        sizes in vec(prop_oneof![1usize..60, 1usize..20_000], 1..6),
        capacity in prop_oneof![0usize..300, Just(16_384)],
        is_server in any::<bool>(),
    ) {
        let role = if is_server { Role::Server } else { Role::Client };
        let frames = frames.iter().map(|(first, payload)| frame_for(role, *first, payload));
        let stream: Vec<u8> = frames.flatten().collect();
        let mut config = config(role);
        config.limits.message = 25_000;
        let mut twin = Connection::new(config.clone());
        let mut ws = Connection::new(config);
        let mut input = ReadBuffer::with_capacity(capacity);
        let (mut rest, mut sizes) = (&stream[..], sizes.iter().cycle());
        while !rest.is_empty() {
            let size = sizes.next().map_or(1, |size| rest.len().min(*size));
            let (piece, later) = rest.split_at(size);
            rest = later;
            let expected = receive(&mut twin, &[piece]);
            prop_assert!(receive_buffered_in(&mut ws, &mut input, &[piece]) == expected);
        }
        prop_assert_eq!(drain(&mut ws), drain(&mut twin));
        prop_assert_eq!(ws.state(), twin.state());
    }
}
