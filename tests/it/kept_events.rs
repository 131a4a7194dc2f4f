//! What an owned event keeps allocated after its connection has been dropped: at most [`most`]
//! bytes, whichever way the event was made (docs/ARCHITECTURE.md, "Whose buffer is whose").

use crate::counting::measure;
use crate::support::{ROLES, config, connection, fragmented_for, frame_for, read};
use sansock::connection::Delivery;
use sansock::{Connection, Event, Input, Opcode, ReadBuffer, Role};

/// Returns the bound. A message that fills less than a quarter of its buffer is copied out of it,
/// and `bytes` allocates five words for a buffer that may be shared.
fn most(len: usize) -> usize {
    4 * len + 3 + 5 * size_of::<usize>()
}

const OPCODES: [Opcode; 2] = [Opcode::Text, Opcode::Binary];

/// How a message of some length is cut into frames, and those into reads.
type Way = (&'static str, fn(Role, Opcode, &[u8]) -> Vec<Vec<u8>>);

const WAYS: [Way; 7] = [
    ("two fragments", |role, opcode, payload| {
        let (front, back) = payload.split_at(payload.len() / 2);
        vec![fragmented_for(role, opcode, &[front, back])]
    }),
    ("a short fragment and a long one", |role, opcode, payload| {
        let (front, back) = payload.split_at(payload.len().min(1));
        vec![fragmented_for(role, opcode, &[front, back])]
    }),
    ("a fragment and an empty last", |role, opcode, payload| {
        vec![fragmented_for(role, opcode, &[payload, b""])]
    }),
    ("fragments of a seventh and an empty last", |role, opcode, payload| {
        let parts = payload.chunks(payload.len() / 7 + 1).chain([&b""[..]]);
        vec![fragmented_for(role, opcode, &parts.collect::<Vec<_>>())]
    }),
    ("two reads", |role, opcode, payload| {
        let frame = frame_for(role, 0x80 | opcode.as_u8(), payload);
        vec![frame[..frame.len() - 1].to_vec(), frame[frame.len() - 1..].to_vec()]
    }),
    ("seven reads", |role, opcode, payload| {
        let frame = frame_for(role, 0x80 | opcode.as_u8(), payload);
        frame.chunks(frame.len() / 7 + 1).map(<[u8]>::to_vec).collect()
    }),
    ("fragments that reads cut", |role, opcode, payload| {
        let parts = payload.chunks(payload.len() / 3 + 1).chain([&b""[..]]);
        let stream = fragmented_for(role, opcode, &parts.collect::<Vec<_>>());
        stream.chunks(stream.len() / 5 + 1).map(<[u8]>::to_vec).collect()
    }),
];

/// What the connection has received before.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Before {
    Nothing,
    /// A long message, whose memory waits for the next one.
    Long,
    /// A long message, whose event is still held.
    LongAndHeld,
    /// A long message, and a release within the message that is measured.
    LongAndReleased,
}

const BEFORE: [Before; 4] =
    [Before::Nothing, Before::Long, Before::LongAndHeld, Before::LongAndReleased];

/// Returns the last event of `reads`, owned.
fn receive(
    ws: &mut Connection,
    reads: &mut [Vec<u8>],
    is_released: bool,
) -> Option<Event<'static>> {
    let mut last = None;
    for read in reads {
        let mut input = Input::new(&mut read[..]);
        while let Some(event) = ws.receive(&mut input).unwrap() {
            last = Some(event.into_owned());
        }
        if is_released {
            ws.shrink_to_fit();
        }
    }
    last
}

fn len(event: &Event<'_>) -> usize {
    match event {
        Event::Text(text) | Event::TextChunk { text, .. } => text.len(),
        Event::Binary(data) | Event::BinaryChunk { data, .. } => data.len(),
        Event::Ping(data) | Event::Pong(data) => data.len(),
        Event::Close { reason, .. } => reason.len(),
        other => panic!("{other:?}"),
    }
}

/// Returns the length of the last event of `reads`, and the bytes that it keeps after its
/// connection has been dropped.
fn kept(role: Role, delivery: Delivery, before: Before, mut reads: Vec<Vec<u8>>) -> (usize, isize) {
    let mut long = [fragmented_for(role, Opcode::Binary, &[&[7; 3000], &[8; 3000]])];
    let (_, bytes, event) = measure(|| {
        let mut config = config(role);
        config.delivery = delivery;
        let mut ws = Connection::new(config);
        let long_event = (before != Before::Nothing).then(|| receive(&mut ws, &mut long, false));
        let _held = long_event.filter(|_| before == Before::LongAndHeld);
        receive(&mut ws, &mut reads, before == Before::LongAndReleased)
    });
    (len(&event.unwrap()), bytes)
}

#[test]
fn an_event_keeps_four_times_its_bytes_at_most() {
    let payload = vec![b'x'; 1 << 20];
    let check = |role: Role, opcode: Opcode, len: usize, (name, way): Way, before: Before| {
        let reads = way(role, opcode, &payload[..len]);
        let (seen, bytes) = kept(role, Delivery::Whole, before, reads);
        assert_eq!(seen, len);
        let what = format!("{len} bytes of {opcode:?}, {name}, {before:?}");
        assert!(bytes <= most(len) as isize, "{bytes} bytes kept for {what}");
    };
    for len in 0..=2000 {
        // Every combination takes its turn.
        let (role, opcode) = (ROLES[len % 2], OPCODES[len / 2 % 2]);
        for (i, way) in WAYS.into_iter().enumerate() {
            check(role, opcode, len, way, BEFORE[(len / 4 + i) % 4]);
        }
    }
    for len in (11..=20).map(|power| 1 << power) {
        for way in WAYS {
            for before in BEFORE {
                for opcode in OPCODES {
                    check(Role::Client, opcode, len, way, before);
                }
            }
        }
    }
}

#[test]
fn an_event_of_fragments_of_a_byte_keeps_four_times_its_bytes_at_most() {
    let payload = vec![b'x'; 3000];
    for opcode in OPCODES {
        for len in (0..=100).chain((101..=3000).step_by(83)) {
            for is_last_empty in [false, true] {
                let empty = is_last_empty || len == 0;
                let parts = payload[..len].chunks(1).chain(empty.then_some(&b""[..]));
                let stream = fragmented_for(Role::Client, opcode, &parts.collect::<Vec<_>>());
                for before in BEFORE {
                    let reads = vec![stream.clone()];
                    let (_, bytes) = kept(Role::Client, Delivery::Whole, before, reads);
                    let what = format!("{len} bytes of {opcode:?}, {before:?}");
                    assert!(bytes <= most(len) as isize, "{bytes} bytes kept for {what}");
                }
            }
        }
    }
}

#[test]
fn a_control_frame_that_a_read_cuts_keeps_its_payload_alone() {
    for role in ROLES {
        for opcode in [0x88, 0x89, 0x8A] {
            for len in 2..=125 {
                let payload = [&b"\x03\xE8"[..], &vec![b'x'; len - 2]].concat();
                let frame = frame_for(role, opcode, &payload);
                let (front, back) = frame.split_at(frame.len() - 1);
                let reads = vec![front.to_vec(), back.to_vec()];
                let (_, bytes) = kept(role, Delivery::Whole, Before::Nothing, reads);
                assert_eq!(bytes, len as isize, "{opcode:x}");
            }
        }
    }
}

#[test]
fn a_code_point_of_a_stream_that_a_read_cuts_keeps_its_bytes_alone() {
    for text in ["é", "€", "🦀"] {
        let frame = frame_for(Role::Server, 0x81, text.as_bytes());
        let reads = frame.chunks(1).map(<[u8]>::to_vec).collect();
        let seen = kept(Role::Server, Delivery::Streaming, Before::Nothing, reads);
        assert_eq!(seen, (text.len(), text.len() as isize));
    }
}

/// The bound holds for each of them, not only for the last.
#[test]
fn a_thousand_events_keep_four_times_their_bytes_at_most() {
    for opcode in OPCODES {
        for before in [Before::Nothing, Before::Long] {
            let mut events = Vec::with_capacity(1000);
            let (_, bytes, ()) = measure(|| {
                let mut ws = connection(Role::Server);
                if before == Before::Long {
                    let parts = [&[b'x'; 60_000][..], &[b'x'; 60_000]];
                    receive(&mut ws, &mut [fragmented_for(Role::Server, opcode, &parts)], false);
                }
                for n in 0..1000 {
                    let parts = [&[b'x'; 100][..n % 100], b""];
                    let mut reads = [fragmented_for(Role::Server, opcode, &parts)];
                    events.push(receive(&mut ws, &mut reads, false).unwrap());
                }
            });
            let allowed: usize = events.iter().map(|event| most(len(event))).sum();
            assert!(bytes <= allowed as isize, "{bytes} of {allowed} bytes, {before:?}");
        }
    }
}

/// Fragments are reassembled outside the read buffer, and what the event borrows from it is copied.
#[test]
fn an_event_of_a_read_buffer_keeps_nothing_of_the_buffer() {
    for len in [0, 1, 100, 2000, 1 << 16] {
        let payload = vec![b'x'; len];
        for stream in [
            frame_for(Role::Server, 0x81, &payload),
            fragmented_for(Role::Server, Opcode::Text, &[&payload, b""]),
        ] {
            let (_, bytes, event) = measure(|| {
                let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
                let mut event = None;
                read(&mut ws, &mut input, &stream, usize::MAX, |one| {
                    event = Some(one.into_owned())
                });
                event.unwrap()
            });
            assert_eq!(self::len(&event), len);
            assert!(bytes <= most(len) as isize, "{bytes} bytes kept for {len}");
        }
    }
}
