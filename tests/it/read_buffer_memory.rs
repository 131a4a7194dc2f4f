//! The memory of a read buffer: what it holds, how much room it has, and what it frees.

use crate::counting::measure;
use crate::support::{
    ABSURD_LEN, NO_LIMITS, ROLES, Seen, connection, frame_for, head_for, limited, read,
};
use sansock::{Connection, ReadBuffer, Role};

#[test]
fn a_declared_length_reserves_no_more_than_has_come() {
    for role in ROLES {
        let mut ws = Connection::new(limited(role, NO_LIMITS));
        let mut input = ReadBuffer::with_capacity(1000);
        let head = head_for(role, 0x82, ABSURD_LEN);
        read(&mut ws, &mut input, &head, usize::MAX, |_| panic!("no event"));
        let mut came = head.len();
        for _ in 0..1000 {
            read(&mut ws, &mut input, &[7; 100], usize::MAX, |_| panic!("no event"));
            came += 100;
            let most = 1128.max(2 * came + 100);
            assert!(input.memory_usage() <= most, "{} for {came}", input.memory_usage());
        }
        assert_eq!((input.len(), ws.memory_usage()), (came, 0));
    }
}

/// All bytes in the buffer are moved each time it grows.
#[test]
fn a_buffer_that_is_filled_without_a_look_grows_by_what_it_holds() {
    let frame = frame_for(Role::Server, 0x82, &[7; 1000]);
    for (before, begun) in [(0, 0), (0, 3), (1, 0), (1, 500)] {
        for (many, most) in [(1_000, 8), (10_000, 11)] {
            let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
            read(&mut ws, &mut input, &frame.repeat(before), usize::MAX, |_| {});
            read(&mut ws, &mut input, &frame[..begun], usize::MAX, |_| panic!("no event"));
            let mut came = begun;
            let (allocations, _, ()) = measure(|| {
                for piece in [&frame[begun..], &frame.repeat(many)].concat().chunks(100) {
                    input.extend_from_slice(piece);
                    came += piece.len();
                    let most = (2 * came + 100).max(1 << 15);
                    assert!(input.memory_usage() <= most, "{} for {came}", input.memory_usage());
                }
            });
            // The copies of `frame`, and one for each time that the buffer doubles.
            assert!(allocations <= most + 2, "{allocations} allocations for {many} messages");
            let mut count = 0;
            while ws.receive_buffered(&mut input).unwrap().is_some() {
                count += 1;
            }
            assert_eq!((count, input.len()), (many + 1, 0));
        }
    }
}

#[test]
fn the_memory_of_a_long_message_is_given_back() {
    let mut ws = connection(Role::Server);
    let mut input = ReadBuffer::new();
    let small = frame_for(Role::Server, 0x82, b"abc");
    read(&mut ws, &mut input, &small, usize::MAX, |_| {});
    let at_first = input.memory_usage();

    read(&mut ws, &mut input, &frame_for(Role::Server, 0x82, &[7; 1 << 20]), 1 << 14, |_| {});
    assert!(input.memory_usage() > 1 << 20, "kept for more such messages");
    for _ in 0..20 {
        read(&mut ws, &mut input, &small, usize::MAX, |_| {});
    }
    assert_eq!(input.memory_usage(), at_first);
    input.release_buffers();
    assert_eq!(input.memory_usage(), 0);
    // It can still be used after that.
    read(&mut ws, &mut input, &small[..4], usize::MAX, |_| {});
    let held = input.memory_usage();
    input.release_buffers();
    assert_eq!(input.memory_usage(), held, "it is not empty");
    input.shrink_to_fit();
    assert_eq!(input.memory_usage(), 4, "what is left");
    let mut seen = Vec::new();
    read(&mut ws, &mut input, &small[4..], usize::MAX, |event| seen.push(Seen::from(event)));
    assert_eq!(seen, [Seen::Binary(b"abc".to_vec())]);
}

#[test]
fn long_messages_that_go_on_keep_their_memory() {
    let mut ws = connection(Role::Server);
    let mut input = ReadBuffer::new();
    let long = frame_for(Role::Server, 0x82, &[7; 100_000]);
    let small = frame_for(Role::Server, 0x82, b"abc");
    let mut most = 0;
    for round in 0..50 {
        read(&mut ws, &mut input, &long, 1 << 14, |_| {});
        for _ in 0..10 {
            read(&mut ws, &mut input, &small, usize::MAX, |_| {});
        }
        assert!(round == 0 || input.memory_usage() == most);
        most = input.memory_usage();
    }
}

#[test]
fn there_is_room_for_more_whether_or_not_it_is_looked_at() {
    let stream = [frame_for(Role::Server, 0x82, &[7; 5000]), frame_for(Role::Server, 0x81, b"x")];
    let stream = stream.concat().repeat(4);
    let mut input = ReadBuffer::with_capacity(64);
    for byte in &stream {
        input.spare_mut()[0] = *byte;
        input.mark_filled(1);
    }
    let mut ws = connection(Role::Server);
    let mut count = 0;
    while ws.receive_buffered(&mut input).unwrap().is_some() {
        count += 1;
        // Also while messages are being taken.
        input.extend_from_slice(&stream[..if count == 3 { stream.len() } else { 0 }]);
    }
    assert_eq!((count, input.len()), (16, 0));
}

#[test]
fn there_is_room_for_all_of_a_long_message_that_nobody_looks_at_before_its_end() {
    let long = 1 << 20;
    for (role, first, is_looked_at) in [
        (Role::Client, 0x82, false),
        (Role::Client, 0x81, true),
        (Role::Server, 0x82, true),
        (Role::Server, 0x81, true),
    ] {
        let (mut ws, mut input) = (connection(role), ReadBuffer::with_capacity(1000));
        let frame = frame_for(role, first, &vec![b'x'; long]);
        // The first message allocates the memory, and the second finds it.
        read(&mut ws, &mut input, &frame, usize::MAX, |_| {});
        read(&mut ws, &mut input, &frame[..100], usize::MAX, |_| panic!("no event"));
        let room = input.spare_mut().len();
        assert_eq!(room >= long - 100, !is_looked_at, "{role:?} {first:x}: {room}");
        assert!(room <= long + 14, "{role:?} {first:x}: {room}");
        read(&mut ws, &mut input, &frame[100..], usize::MAX, |_| {});
        assert!(input.is_empty());
    }
}

#[test]
fn more_than_there_was_room_for_does_not_count() {
    let mut input = ReadBuffer::new();
    let room = input.spare_mut().len();
    input.mark_filled(usize::MAX);
    assert_eq!(input.len(), room);
}

#[test]
fn a_buffer_that_is_never_empty_gives_back_the_memory_of_long_messages() {
    for is_released in [false, true] {
        let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
        read(&mut ws, &mut input, &frame_for(Role::Server, 0x82, &[7; 1 << 20]), 1 << 14, |_| {});
        let small = frame_for(Role::Server, 0x82, b"abc");
        read(&mut ws, &mut input, &small[..1], 1, |_| panic!("no event"));
        for _ in 0..20 {
            // The rest of one message, and a byte of the next.
            read(&mut ws, &mut input, &[&small[1..], &small[..1]].concat(), 100, |_| {});
            if is_released {
                input.shrink_to_fit();
                assert_eq!(input.memory_usage(), 1);
            }
        }
        assert_eq!(input.len(), 1);
        assert!(input.memory_usage() < 1 << 15, "{}", input.memory_usage());
    }
}

#[test]
fn a_release_within_a_message_loses_nothing() {
    for role in ROLES {
        let text = "Größe ".repeat(900);
        let frame = frame_for(role, 0x81, text.as_bytes());
        for at_once in [1, 37, 1000] {
            let (mut ws, mut input) = (connection(role), ReadBuffer::with_capacity(64));
            let mut seen = Vec::new();
            for piece in frame.chunks(at_once) {
                read(&mut ws, &mut input, piece, at_once, |event| seen.push(Seen::from(event)));
                input.shrink_to_fit();
            }
            assert!(seen == [Seen::Text(text.clone())], "{at_once} at once");
        }
    }
}

/// The time to move bytes grows with their number, so a long message is not moved.
#[test]
fn a_release_within_a_long_message_moves_nothing() {
    for role in ROLES {
        let frame = frame_for(role, 0x82, &[7; 10_000]);
        for (left, is_moved) in [(1, true), (4096, true), (4097, false), (9999, false)] {
            let (mut ws, mut input) = (connection(role), ReadBuffer::new());
            read(&mut ws, &mut input, &frame[..left], usize::MAX, |_| panic!("no event"));
            let held = input.memory_usage();
            assert!(held > left);
            input.shrink_to_fit();
            assert_eq!(input.memory_usage(), if is_moved { left } else { held }, "{left} bytes");
        }
    }
}

#[test]
fn a_buffer_that_is_only_extended_does_not_grow() {
    let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
    let frame = frame_for(Role::Server, 0x82, &[7; 1000]);
    for _ in 0..1000 {
        input.extend_from_slice(&frame);
        assert!(ws.receive_buffered(&mut input).unwrap().is_some());
    }
    assert!(input.is_empty() && input.memory_usage() < 1 << 15, "{}", input.memory_usage());
}

#[test]
fn a_buffer_that_is_read_an_event_at_a_time_does_not_grow() {
    let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
    let frame = frame_for(Role::Server, 0x82, &[7; 1000]);
    input.extend_from_slice(&frame);
    for _ in 0..1000 {
        input.extend_from_slice(&frame);
        assert!(ws.receive_buffered(&mut input).unwrap().is_some());
        assert_eq!(input.len(), frame.len());
    }
    assert!(input.memory_usage() < 1 << 16, "{}", input.memory_usage());
}

#[test]
fn there_is_room_behind_many_frames_that_came_at_once() {
    let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::with_capacity(64));
    let frame = frame_for(Role::Server, 0x82, &[7; 50]);
    input.extend_from_slice(&frame[..1]);
    assert!(ws.receive_buffered(&mut input).unwrap().is_none());
    input.extend_from_slice(&[&frame[1..], &frame.repeat(9)].concat());
    assert!(ws.receive_buffered(&mut input).unwrap().is_some());
    input.mark_filled(0);
    assert!(!input.spare_mut().is_empty());
    assert_eq!(input.len(), 9 * frame.len());
}

#[test]
fn a_capacity_beyond_all_memory_is_no_mistake() {
    assert!(ReadBuffer::with_capacity(usize::MAX).is_empty());
}
