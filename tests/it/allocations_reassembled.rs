//! The memory in which messages are reassembled: reused, in proportion to what has arrived, and
//! freed.

use crate::counting::{BYTES, measure};
use crate::support::{ABSURD_LEN, NO_LIMITS, connection, drain, fragmented_for, head_for, limited};
use sansock::{Connection, Input, Opcode, Role};

/// Receives `stream` in reads of `read` bytes, with memory that exists already. Counts the events.
fn receive_all(ws: &mut Connection, stream: &[u8], buffer: &mut [u8]) -> usize {
    let mut events = 0;
    for read in stream.chunks(buffer.len()) {
        let buffer = &mut buffer[..read.len()];
        buffer.copy_from_slice(read);
        events += echo_nothing(ws, buffer);
    }
    events
}

fn echo_nothing(ws: &mut Connection, input: &mut [u8]) -> usize {
    let mut input = Input::new(input);
    std::iter::from_fn(|| ws.receive(&mut input).unwrap().map(drop)).count()
}

/// Returns a message of `count` fragments of `len` bytes each.
fn fragments(role: Role, opcode: Opcode, len: usize, count: usize) -> Vec<u8> {
    fragmented_for(role, opcode, &vec![&vec![b'x'; len][..]; count])
}

#[test]
fn messages_that_are_put_together_use_the_memory_of_those_before() {
    for role in [Role::Client, Role::Server] {
        for opcode in [Opcode::Text, Opcode::Binary] {
            for stream in [
                fragments(role, opcode, 16 << 10, 64),
                fragments(role, opcode, 1 << 10, 64),
                fragments(role, opcode, 125, 64),
                fragments(role, opcode, 16, 64),
                fragments(role, opcode, 1 << 20, 1),
            ] {
                let mut ws = connection(role);
                let mut buffer = vec![0; 64 << 10];
                receive_all(&mut ws, &stream, &mut buffer);
                let (allocations, bytes, events) = measure(|| {
                    (0..20).map(|_| receive_all(&mut ws, &stream, &mut buffer)).sum::<usize>()
                });
                assert_eq!((events, allocations, bytes), (20, 0, 0), "{role:?} {opcode:?}");
            }
        }
    }
}

#[test]
fn memory_that_waits_for_a_message_is_told_of_and_given_back() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let stream = fragments(Role::Client, opcode, 100_000, 3);
        let mut buffer = vec![0; 64 << 10];
        let mut ws = connection(Role::Client);
        let before = BYTES.get();
        let held = |ws: &Connection| {
            assert_eq!(ws.memory_usage() as isize, BYTES.get() - before);
            ws.memory_usage()
        };
        receive_all(&mut ws, &stream, &mut buffer);
        assert!(held(&ws) >= 300_000, "kept for the next");
        receive_all(&mut ws, &stream[..1000], &mut buffer);
        assert!(held(&ws) >= 300_000, "kept for the next message");
        receive_all(&mut ws, &stream[1000..], &mut buffer);
        assert!(held(&ws) >= 300_000, "kept again");
        ws.release_buffers();
        assert_eq!(held(&ws), 0);
        receive_all(&mut ws, &stream, &mut buffer);
        receive_all(&mut ws, &stream[..1000], &mut buffer);
        ws.shrink_to_fit();
        assert!(held(&ws) <= 2000, "what has come of a message, and not what came before it");
        assert_eq!(receive_all(&mut ws, &stream[1000..], &mut buffer), 1);
    }
}

#[test]
fn a_release_of_buffers_moves_no_data() {
    let large = fragments(Role::Server, Opcode::Text, 100_000, 2);
    let mut ws = connection(Role::Server);
    let mut buffer = vec![0; 64 << 10];
    receive_all(&mut ws, &large, &mut buffer);
    receive_all(&mut ws, &large[..1000], &mut buffer);
    ws.send_text("some text").unwrap();
    let held = ws.memory_usage();
    let (allocations, bytes, ()) = measure(|| ws.release_buffers());
    assert_eq!((allocations, bytes, ws.memory_usage()), (0, 0, held));
    assert_eq!(receive_all(&mut ws, &large[1000..], &mut buffer), 1);
    drain(&mut ws);
    let (allocations, _, ()) = measure(|| ws.release_buffers());
    assert_eq!((allocations, ws.memory_usage()), (0, 0));
}

/// The time to move bytes grows with their number, so more than 4 KiB are not moved.
#[test]
fn a_release_within_a_long_message_moves_nothing() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let large = fragments(Role::Server, opcode, 100_000, 2);
        for (len, is_moved) in [(1, true), (4096, true), (4097, false), (50_000, false)] {
            let mut ws = connection(Role::Server);
            let mut buffer = vec![0; 64 << 10];
            receive_all(&mut ws, &large, &mut buffer);
            let message = fragments(Role::Server, opcode, len, 2);
            let (front, back) = message.split_at(message.len() / 2);
            receive_all(&mut ws, front, &mut buffer);
            let held = ws.memory_usage();
            let (allocations, bytes, ()) = measure(|| ws.shrink_to_fit());
            if is_moved {
                assert_eq!((allocations, ws.memory_usage()), (1, len));
            } else {
                assert_eq!((allocations, bytes, ws.memory_usage()), (0, 0, held));
            }
            assert_eq!(receive_all(&mut ws, back, &mut buffer), 1);
        }
    }
}

#[test]
fn memory_of_a_burst_is_forgotten_when_small_messages_follow() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let (large, small) =
            (fragments(Role::Server, opcode, 1 << 20, 2), fragments(Role::Server, opcode, 1000, 2));
        let mut buffer = vec![0; 64 << 10];
        let mut ws = connection(Role::Server);
        for _ in 0..3 {
            receive_all(&mut ws, &large, &mut buffer);
            for _ in 0..15 {
                receive_all(&mut ws, &small, &mut buffer);
                assert!(ws.memory_usage() >= 2 << 20, "kept for more such messages");
            }
        }
        receive_all(&mut ws, &small, &mut buffer);
        assert_eq!(ws.memory_usage(), 0);
    }
}

/// As if another task owns each event, and drops it when the next one has arrived.
#[test]
fn messages_whose_events_are_kept_take_two_allocations() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let [long, short] = [125, 1].map(|len| fragments(Role::Server, opcode, len, 64));
        let mut ws = connection(Role::Server);
        let mut kept = None;
        let mut read = vec![0; long.len()];
        let mut receive = |stream: &[u8]| {
            let read = &mut read[..stream.len()];
            read.copy_from_slice(stream);
            kept = Some(ws.receive(&mut Input::new(&mut *read)).unwrap().unwrap().into_owned());
            ws.memory_usage()
        };
        receive(&long);
        receive(&long);
        let (allocations, bytes, _) = measure(|| (0..20).map(|_| receive(&long)).sum::<usize>());
        assert!(allocations <= 40 && bytes == 0, "{allocations}, {bytes}");
        // A short message is copied out of the buffer that is kept for long ones.
        let (_, bytes, memory) = measure(|| receive(&short));
        assert!(bytes <= 64 && memory > 8000, "{bytes}, {memory}");
        let (allocations, bytes, _) = measure(|| receive(&short));
        assert_eq!((allocations, bytes), (1, 0));
        // No event holds a part of that buffer.
        let (allocations, _, _) = measure(|| receive(&long));
        assert_eq!(allocations, 0);
    }
}

/// RFC 6455 §10.4: little memory is reserved before the bytes arrive.
#[test]
fn a_message_takes_memory_as_it_arrives_while_a_large_event_is_kept() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let large = fragments(Role::Server, opcode, 1 << 20, 2);
        let mut ws = connection(Role::Server);
        receive_all(&mut ws, &large, &mut vec![0; 64 << 10]);
        let mut read = large.clone();
        let event = ws.receive(&mut Input::new(&mut read[..])).unwrap().unwrap().into_owned();
        let mut head = large[..100].to_vec();
        ws.receive(&mut Input::new(&mut head[..])).unwrap();
        assert!(ws.memory_usage() <= (16 << 10) + 64, "{}", ws.memory_usage());
        drop(event);
    }
}

/// RFC 6455 §10.4: a buffer that is reused does not grow by a declared length.
#[test]
fn a_declared_length_reserves_nothing_where_memory_waits() {
    let mut ws = Connection::new(limited(Role::Client, NO_LIMITS));
    let large = fragments(Role::Client, Opcode::Binary, 10_000, 3);
    receive_all(&mut ws, &large, &mut vec![0; 64 << 10]);
    let mut head = head_for(Role::Client, 0x82, ABSURD_LEN);
    head.push(b'x');
    let (allocations, _, _) =
        measure(|| assert_eq!(ws.receive(&mut Input::new(&mut head[..])), Ok(None)));
    assert_eq!(allocations, 0);
    let mut rest = vec![b'x'; 60_000];
    let (_, bytes, _) =
        measure(|| assert_eq!(ws.receive(&mut Input::new(&mut rest[..])), Ok(None)));
    assert!(bytes <= 120_000, "{bytes} bytes for 60 000");
}

#[test]
fn no_more_is_reserved_than_the_last_frame_has_to_come() {
    for role in [Role::Client, Role::Server] {
        for opcode in [Opcode::Text, Opcode::Binary] {
            let stream = fragments(role, opcode, 3000, 1);
            let header_len = stream.len() - 3000;
            // More than half has arrived. Otherwise as much again is reserved, which is less.
            for cut in [1500, 2000, 2999] {
                let mut ws = connection(role);
                let mut buffer = vec![0; stream.len()];
                assert_eq!(receive_all(&mut ws, &stream[..header_len + cut], &mut buffer), 0);
                assert_eq!(ws.memory_usage(), 3000, "after {cut} bytes");
            }
        }
    }
}
