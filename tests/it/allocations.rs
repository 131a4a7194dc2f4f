//! The memory of a connection: its heap allocations, counted by the allocator, and its own size.

use crate::counting::{BYTES, measure};
use crate::support::{
    ABSURD_LEN, NO_LIMITS, config, connection, drain, frame_for, head_for, limited, receive,
};
use bytes::Buf;
use sansock::connection::{Delivery, ReceiveError};
use sansock::{Connection, Event, Input, Limits, ProtocolError, ReadBuffer, Role};

fn echo(ws: &mut Connection, input: &mut [u8]) -> Result<usize, ProtocolError> {
    let mut input = Input::new(input);
    let mut events = 0;
    while let Some(event) = ws.receive(&mut input)? {
        match event {
            Event::Text(text) => ws.send_text(&text).unwrap(),
            Event::Binary(data) => ws.send_binary(&data).unwrap(),
            _ => {}
        }
        events += 1;
    }
    Ok(events)
}

#[cfg(target_pointer_width = "64")]
#[test]
fn a_connection_is_as_small_as_it_is_said_to_be() {
    let len = size_of::<Connection>();
    // What compression needs is elsewhere, except for two words.
    let most = if cfg!(feature = "deflate") { 256 } else { 240 };
    assert!(len <= most, "{len} bytes");
    assert_eq!(size_of::<Event<'_>>(), 40);
    assert_eq!(size_of::<Result<Option<Event<'_>>, ProtocolError>>(), 40);
    assert_eq!(size_of::<Result<Option<Event<'_>>, ReceiveError>>(), 40);
    assert_eq!(size_of::<ReadBuffer>(), 104);
}

#[test]
fn whole_messages_are_received_and_echoed_without_an_allocation() {
    for role in [Role::Client, Role::Server] {
        for len in [0, 5, 125, 1024, 16 << 10, 1 << 20] {
            let mut stream = frame_for(role, 0x81, "ä".repeat(len / 2).as_bytes());
            stream.extend(frame_for(role, 0x82, &vec![0xFF; len]));
            stream.extend(frame_for(role, 0x89, b"there?"));
            let mut config = config(role);
            config.max_output = None;
            let mut ws = Connection::new(config);
            let mut buffer = stream.clone();
            let mut round = || {
                buffer.copy_from_slice(&stream);
                let events = echo(&mut ws, &mut buffer).unwrap();
                let output = ws.output();
                output.advance(output.remaining());
                events
            };
            round(); // fills the output buffer
            let (allocations, _, events) = measure(|| round() + round());
            assert_eq!((events, allocations), (6, 0), "{role:?}, {len} bytes");
        }
    }
}

#[test]
fn a_message_cut_by_reads_takes_one_allocation() {
    for first in [0x81, 0x82] {
        let stream = frame_for(Role::Server, first, &[b'x'; 125]);
        let mut ws = connection(Role::Server);
        let mut pieces: Vec<Vec<u8>> = stream.chunks(37).map(<[u8]>::to_vec).collect();
        let (allocations, _, events) = measure(|| {
            let mut events = 0;
            for piece in &mut pieces {
                let mut input = Input::new(&mut piece[..]);
                while ws.receive(&mut input).unwrap().is_some() {
                    events += 1;
                }
            }
            events
        });
        assert_eq!((events, allocations), (1, 1));
    }
}

#[test]
fn a_message_in_fragments_takes_one_allocation() {
    let mut stream = frame_for(Role::Client, 0x01, &[b'x'; 100]);
    stream.extend(frame_for(Role::Client, 0x00, &[b'y'; 100]));
    stream.extend(frame_for(Role::Client, 0x80, &[b'z'; 100]));
    let mut ws = connection(Role::Client);
    let mut input = Input::new(&mut stream[..]);
    let (allocations, _, event) = measure(|| ws.receive(&mut input).unwrap());
    assert!(matches!(event, Some(Event::Text(text)) if text.len() == 300));
    assert_eq!(allocations, 1);
}

/// A server's message that the transport takes is not copied. A client's is masked in one block.
#[test]
fn a_lent_message_takes_no_memory_of_its_length() {
    for (role, blocks) in [(Role::Server, 0), (Role::Client, 1)] {
        let mut ws = connection(role);
        let message = vec![7; 1 << 20];
        let (allocations, bytes, written) = measure(|| {
            let mut view = ws.output_with_binary(&message).unwrap();
            let mut written = 0;
            while view.has_remaining() {
                let len = view.chunk().len();
                // A server's message is shown as two chunks, which are written together.
                let count = if role == Role::Server { view.remaining() } else { len };
                view.advance(count);
                written += count;
            }
            written
        });
        assert!(written > 1 << 20);
        assert_eq!(allocations, blocks, "{role:?}");
        assert!(bytes <= 17_000, "{bytes} bytes for a block");
        ws.release_buffers();
        assert_eq!(ws.memory_usage(), 0);
    }
}

/// Debug builds mask slowly: benches/stream.rs streams 10 GiB.
#[test]
fn a_streamed_message_allocates_nothing() {
    const READ: usize = 16 << 10;
    const READS: usize = 500;
    for role in [Role::Client, Role::Server] {
        for first in [0x81, 0x82] {
            let mut config = limited(role, NO_LIMITS);
            config.delivery = Delivery::Streaming;
            let mut ws = Connection::new(config);
            let frame = frame_for(role, first, &vec![b'x'; READ]);
            let (_, payload) = frame.split_at(frame.len() - READ);
            receive(&mut ws, &[&head_for(role, first, (READ * READS) as u64)]);
            let mut buffer = vec![0; READ];
            let (allocations, bytes, lasts) = measure(|| {
                let mut lasts = 0;
                for _ in 0..READS {
                    buffer.copy_from_slice(payload);
                    let mut input = Input::new(&mut buffer[..]);
                    while let Some(event) = ws.receive(&mut input).unwrap() {
                        let (Event::TextChunk { last, .. } | Event::BinaryChunk { last, .. }) =
                            event
                        else {
                            panic!("{event:?}")
                        };
                        lasts += usize::from(last);
                    }
                }
                lasts
            });
            assert_eq!((allocations, bytes, lasts), (0, 0, 1), "{role:?}, {first:x}");
        }
    }
}

#[test]
fn memory_usage_is_what_is_allocated() {
    let assert_exact = |ws: &Connection, allocated: isize, when: &str| {
        assert_eq!(ws.memory_usage() as isize, allocated, "{when}");
    };
    for role in [Role::Client, Role::Server] {
        let config = std::sync::Arc::new(config(role));
        let before = BYTES.get();
        let mut ws = Connection::new(config);
        assert_exact(&ws, BYTES.get() - before, "new");
        ws.send_text("some text").unwrap();
        assert_exact(&ws, BYTES.get() - before, "with output");
        ws.send(vec![7; 10_000]).unwrap();
        assert_exact(&ws, BYTES.get() - before, "with a payload by reference");
        ws.output().advance(3);
        assert_exact(&ws, BYTES.get() - before, "with output partly written");
        {
            let mut stream = frame_for(role, 0x01, "text".repeat(100).as_bytes());
            ws.receive(&mut Input::new(&mut stream[..300])).unwrap();
        }
        assert_exact(&ws, BYTES.get() - before, "within a message");
        ws.shrink_to_fit();
        assert_exact(&ws, BYTES.get() - before, "released with all of it");
        drain(&mut ws);
        assert_exact(&ws, BYTES.get() - before, "with output written");
        ws.release_buffers();
        assert_exact(&ws, BYTES.get() - before, "released");
    }
}

#[test]
fn a_declared_length_allocates_nothing() {
    let unlimited = Limits::NONE;
    for role in [Role::Client, Role::Server] {
        let mut ws = Connection::new(limited(role, unlimited));
        let mut head = head_for(role, 0x82, ABSURD_LEN);
        let (allocations, _, _) =
            measure(|| assert_eq!(ws.receive(&mut Input::new(&mut head[..])), Ok(None)));
        assert_eq!(allocations, 0);
        let mut byte = [0];
        let (_, bytes, _) =
            measure(|| assert_eq!(ws.receive(&mut Input::new(&mut byte[..])), Ok(None)));
        assert!(bytes <= 257, "{bytes} bytes for one");
    }
}

/// Memory follows the payload received, however it is fragmented and read.
#[test]
fn a_million_fragments_of_one_byte_hold_what_they_carry() {
    let unlimited = Limits::DEFAULT.with_frame(1).with_message(u64::MAX).with_fragments(u32::MAX);
    let mut ws = Connection::new(limited(Role::Client, unlimited));
    let mut first = frame_for(Role::Client, 0x02, b"x");
    assert_eq!(ws.receive(&mut Input::new(&mut first[..])), Ok(None));
    let (_, bytes, ()) = measure(|| {
        for _ in 0..1_000_000 {
            let mut fragment = [0x00, 0x01, b'x'];
            assert_eq!(ws.receive(&mut Input::new(&mut fragment[..])), Ok(None));
        }
    });
    assert!(bytes <= 2_000_256, "{bytes} bytes for a million");
}

#[test]
fn a_flood_of_pings_that_nobody_reads_the_answers_to_holds_a_few_pongs() {
    let mut ws = connection(Role::Server);
    let ping = frame_for(Role::Server, 0x89, &[7; 125]);
    let flood = |ws: &mut Connection| assert_eq!(receive(ws, &[&ping]).len(), 1);
    (0..20).for_each(|_| flood(&mut ws));
    let (_, bytes, ()) = measure(|| (0..1_000_000).for_each(|_| flood(&mut ws)));
    assert_eq!(bytes, 0);
    assert!(drain(&mut ws).len() <= 1024 + 2 * 127);
}

/// Space of output that was taken is used again.
#[test]
fn output_that_is_never_empty_does_not_grow() {
    let mut ws = connection(Role::Server);
    ws.send_binary(&[7; 1000]).unwrap();
    let mut round = || {
        ws.send_binary(&[7; 1000]).unwrap();
        ws.output().advance(4 + 1000);
    };
    (0..100).for_each(|_| round());
    let (_, bytes, ()) = measure(|| (0..100_000).for_each(|_| round()));
    assert!(bytes <= 0, "{bytes} bytes more");
}

/// This also holds if the output is never quite empty.
#[test]
fn a_released_connection_holds_what_is_still_to_be_sent() {
    let mut ws = connection(Role::Server);
    let (_, bytes, ()) = measure(|| {
        ws.send_binary(&vec![7; 1 << 20]).unwrap();
        let output = ws.output();
        output.advance(output.remaining() - 10);
        ws.shrink_to_fit();
    });
    assert!(bytes <= 64, "{bytes} bytes for ten");
    assert_eq!(drain(&mut ws), [7; 10]);
}

/// The time to move bytes grows with their number, so more than 4 KiB are not moved.
#[test]
fn a_release_with_much_to_be_sent_moves_nothing() {
    for (left, is_moved) in [(1, true), (4096, true), (4097, false), (10_000, false)] {
        let mut ws = connection(Role::Server);
        ws.send_binary(&vec![7; 100_000]).unwrap();
        let output = ws.output();
        output.advance(output.remaining() - left);
        let held = ws.memory_usage();
        let (allocations, _, ()) = measure(|| ws.shrink_to_fit());
        assert_eq!((allocations > 0, ws.memory_usage() < held), (is_moved, is_moved), "{left}");
    }
}

#[test]
fn an_idle_connection_holds_nothing_on_the_heap() {
    for role in [Role::Client, Role::Server] {
        let shared = std::sync::Arc::new(config(role));
        let (_, bytes, ws) = measure(|| {
            let mut ws = Connection::new(shared.clone());
            let mut stream = frame_for(role, 0x01, &[b'x'; 70_000]);
            stream.extend(frame_for(role, 0x89, b"there?"));
            stream.extend(frame_for(role, 0x80, &[b'y'; 70_000]));
            for piece in stream.chunks_mut(1000) {
                echo(&mut ws, piece).unwrap();
            }
            ws.ping(b"there?").unwrap();
            drop(drain(&mut ws));
            ws.release_buffers();
            ws
        });
        assert_eq!(bytes, 0);
        drop(ws);
    }
}
