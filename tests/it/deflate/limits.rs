//! What a peer can make a connection do and hold by compressed messages, RFC 6455 §10.4.

use super::{DELIVERIES, agreed, deflating, no_takeover, takeover, windows};
use crate::counting::{BYTES, measure, measure_peak};
use crate::support::{ROLES, Seen, assert_each_sees, drain, frame_for, frames, receive};
use sansock::connection::Delivery;
use sansock::{CloseCode, Connection, Event, Input, ReadBuffer, Role, Violation};

/// Returns messages as an end sends them that has agreed on the same, with their frames' payloads.
fn compressed(messages: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut config = deflating(Role::Server);
    config.max_output = None;
    let mut ws = agreed(&config, takeover());
    for message in messages {
        ws.send_binary(message).unwrap();
    }
    frames(&drain(&mut ws)).into_iter().map(|frame| frame.payload).collect()
}

/// Returns a stream of compressed messages.
fn stream_for(role: Role, payloads: &[Vec<u8>]) -> Vec<u8> {
    payloads.iter().flat_map(|payload| frame_for(role, 0xC2, payload)).collect()
}

/// Receives `stream` in reads that fill `buffer`. Returns the sum of the lengths of all messages,
/// and the code of the close that answers.
fn swallow(ws: &mut Connection, stream: &[u8], buffer: &mut [u8]) -> (usize, Option<CloseCode>) {
    let mut sum = 0;
    for read in stream.chunks(buffer.len()) {
        let buffer = &mut buffer[..read.len()];
        buffer.copy_from_slice(read);
        let mut input = Input::new(buffer);
        loop {
            match ws.receive(&mut input) {
                Ok(Some(Event::Binary(data) | Event::BinaryChunk { data, .. })) => {
                    sum += data.len();
                }
                Ok(Some(event)) => panic!("{event:?}"),
                Ok(None) => break,
                Err(error) => return (sum, Some(error.close_code())),
            }
        }
    }
    (sum, None)
}

#[test]
fn a_message_may_inflate_to_the_limit_and_no_further() {
    let limit = 10_000;
    for (len, is_valid) in [(limit, true), (limit + 1, false), (limit * 8, false)] {
        for message in [vec![0; len], (0..len as u64).map(|i| (i * i / 99) as u8).collect()] {
            let payloads = compressed(&[&message]);
            if payloads[0].len() > limit {
                continue; // its header shows it
            }
            for role in ROLES {
                for delivery in DELIVERIES {
                    let mut config = deflating(role);
                    config.delivery = delivery;
                    config.limits.message = limit as u64;
                    let expected = match is_valid {
                        true => Seen::Binary(message.clone()),
                        false => {
                            let (len, limit) = (limit as u64 + 1, limit as u64);
                            Seen::Failed(Violation::MessageTooBig { len, limit }, 0)
                        }
                    };
                    let stream = stream_for(role, &payloads);
                    assert_each_sees(|| agreed(&config, takeover()), &stream, &[expected]);
                }
            }
        }
    }
}

/// 1028 zeros are one byte.
#[test]
fn a_bomb_takes_no_more_memory_than_the_limit_and_a_block() {
    let payloads = compressed(&[&vec![0; 10_000_000]]);
    let mut buffer = vec![0; 1 << 20];
    for role in ROLES {
        let stream = stream_for(role, &payloads);
        for delivery in DELIVERIES {
            for read in [1000, 5000, 1 << 20] {
                for limit in [100_000, 1 << 20] {
                    let mut config = deflating(role);
                    config.delivery = delivery;
                    config.limits.message = limit as u64;
                    let mut ws = agreed(&config, takeover());
                    let (peak, (sum, code)) =
                        measure_peak(|| swallow(&mut ws, &stream, &mut buffer[..read]));
                    assert_eq!(code, Some(CloseCode::MESSAGE_TOO_BIG));
                    assert!(sum <= limit);
                    // An inflater, its history, and what is kept of the message.
                    let most = match delivery {
                        Delivery::Whole => limit + 200_000,
                        _ => 200_000,
                    };
                    assert!(peak <= most as isize, "{delivery:?} {read} {limit}: {peak}");
                    drain(&mut ws);
                    ws.release_buffers();
                    assert!(ws.memory_usage() <= 256, "{}", ws.memory_usage());
                }
            }
        }
    }
}

#[test]
fn a_stream_of_any_length_takes_constant_memory() {
    let message: Vec<u8> = (0..3_000_000_u64).map(|i| ((i * i) >> 13) as u8).collect();
    let payloads = compressed(&[&message]);
    let mut buffer = vec![0; 1 << 20];
    for read in [100, 5000, 1 << 20] {
        let mut config = deflating(Role::Client);
        config.delivery = Delivery::Streaming;
        let mut ws = agreed(&config, takeover());
        let stream = stream_for(Role::Client, &payloads);
        let (peak, outcome) = measure_peak(|| swallow(&mut ws, &stream, &mut buffer[..read]));
        assert_eq!(outcome, (message.len(), None));
        assert!(peak <= 200_000, "{read}: {peak}");
    }
}

/// An empty final stream, `03 00`, costs two bytes to send, and much more to start.
#[test]
fn final_blocks_are_counted() {
    for count in [16_usize, 17, 18, 500] {
        let mut message = b"\x03\x00".repeat(count);
        message.push(0);
        // The stream that the last octet begins is one more.
        let is_valid = count <= 16 + message.len() / 256;
        for role in ROLES {
            for delivery in DELIVERIES {
                let mut config = deflating(role);
                config.delivery = delivery;
                let stream = frame_for(role, 0xC2, &message);
                let expected = match is_valid {
                    true => Seen::Binary(vec![]),
                    false => Seen::Failed(Violation::TooManyDeflateStreams, 0),
                };
                assert_each_sees(|| agreed(&config, takeover()), &stream, &[expected]);
                if !is_valid {
                    let mut ws = agreed(&config, takeover());
                    receive(&mut ws, &[&stream]);
                    assert_eq!(frames(&drain(&mut ws))[0].payload[..2], 1008_u16.to_be_bytes());
                }
            }
        }
    }
}

/// Returns a message of more compressed bytes than are kept without an inflater.
fn long() -> Vec<u8> {
    compressed(&[&(0..30_000_u32).map(|i| (((i * i) >> 9) ^ i) as u8).collect::<Vec<_>>()])
        .remove(0)
}

#[test]
fn inflaters_that_are_held_have_a_limit() {
    let message = long();
    for role in ROLES {
        let stream = frame_for(role, 0xC2, &message);
        let cut = stream.len() - 1;
        let mut config = deflating(role);
        config.deflate.as_mut().unwrap().max_inflaters = 2;
        let connect = || agreed(&config, takeover());
        let [mut first, mut second, mut third] = [connect(), connect(), connect()];
        assert_eq!(receive(&mut first, &[&stream[..cut]]), []);
        assert_eq!(receive(&mut second, &[&stream[..cut]]), []);
        let seen = receive(&mut third, &[&stream[..cut]]);
        assert_eq!(seen, [Seen::Failed(Violation::TooManyInflaters, 0)]);
        assert_eq!(frames(&drain(&mut third))[0].payload[..2], 1013_u16.to_be_bytes());
        // Neither a message that is whole nor one that is short needs one.
        let short = frame_for(role, 0xC2, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
        for stream in [&stream, &short] {
            assert!(matches!(receive(&mut connect(), &[stream])[..], [Seen::Binary(_)]));
        }
        let seen = receive(&mut connect(), &short.chunks(1).collect::<Vec<_>>());
        assert_eq!(seen, [Seen::Binary(b"Hello".to_vec())]);
        // One is free when its message has ended, when its connection has failed, or is dropped.
        assert!(matches!(receive(&mut first, &[&stream[cut..]])[..], [Seen::Binary(_)]));
        let mut fourth = connect();
        assert_eq!(receive(&mut fourth, &[&stream[..cut]]), []);
        receive(&mut fourth, &[&[0; 100]]);
        drop(second);
        let parts = [(); 2].map(|()| {
            let mut ws = connect();
            assert_eq!(receive(&mut ws, &[&stream[..cut]]), []);
            ws.into_parts()
        });
        let seen = receive(&mut connect(), &[&stream[..cut]]);
        assert_eq!(seen, [Seen::Failed(Violation::TooManyInflaters, 0)]);
        drop(parts);
    }
}

#[test]
fn memory_usage_is_what_is_allocated() {
    let mut buffer = vec![0; 1 << 20];
    let message = long();
    for params in [takeover(), no_takeover(), windows(10)] {
        for delivery in DELIVERIES {
            // What this thread and the pool keep for all connections.
            let mut config = deflating(Role::Client);
            config.delivery = delivery;
            let warm = agreed(&config, params);
            let stream = frame_for(Role::Client, 0xC2, &message);
            let mut others = [agreed(&config, params), warm];
            for ws in &mut others {
                swallow(ws, &stream, &mut buffer);
            }
            drop(others);

            let before = BYTES.get();
            let mut ws = agreed(&config, params);
            let config_bytes = BYTES.get() - before - ws.memory_usage() as isize;
            for read in stream.chunks(100) {
                swallow(&mut ws, read, &mut buffer);
                let allocated = BYTES.get() - before - config_bytes;
                let usage = ws.memory_usage() as isize;
                // The first inflater that it holds is the one that the thread had.
                let spare = if usage - allocated > 40_000 { 47_700 } else { 0 };
                assert!((usage - spare - allocated).abs() <= 256, "{allocated} {usage}");
            }
            ws.shrink_to_fit();
            let allocated = BYTES.get() - before - config_bytes;
            // What the thread keeps now is not the connection's.
            assert!(ws.memory_usage() as isize + 48_000 >= allocated);
        }
    }
}

/// The goal of an idle connection: 256 bytes, and the window if messages refer to earlier ones.
#[test]
fn an_idle_connection_holds_its_window_and_little_else() {
    let mut buffer = vec![0; 1 << 20];
    let payloads =
        compressed(&[&(0..100_000_u64).map(|i| ((i * i) >> 9) as u8).collect::<Vec<_>>()]);
    for (params, window) in [(no_takeover(), 0), (windows(12), 1 << 12), (takeover(), 1 << 15)] {
        for delivery in DELIVERIES {
            for read in [1000, 1 << 20] {
                let mut config = deflating(Role::Client);
                config.delivery = delivery;
                let mut ws = agreed(&config, params);
                let stream = stream_for(Role::Client, &payloads);
                swallow(&mut ws, &stream, &mut buffer[..read]);
                ws.send_binary(&vec![7; 1000]).unwrap();
                drain(&mut ws);
                ws.shrink_to_fit();
                ws.release_buffers();
                assert!(ws.memory_usage() <= window + 256, "{window}: {}", ws.memory_usage());
            }
        }
    }
}

#[test]
fn the_history_is_as_long_as_what_came() {
    let mut ws = agreed(&deflating(Role::Client), takeover());
    swallow(&mut ws, b"\xc2\x07\xf2\x48\xcd\xc9\xc9\x07\x00", &mut [0; 100]);
    ws.release_buffers();
    assert!(ws.memory_usage() <= 256, "{}", ws.memory_usage());
}

#[test]
fn a_whole_message_allocates_nothing_if_the_last_one_was_as_long() {
    let messages: Vec<Vec<u8>> = (0..20).map(|i| vec![i; 3000]).collect();
    let payloads = compressed(&messages.iter().map(|message| &message[..]).collect::<Vec<_>>());
    let mut buffer = vec![0; 1 << 20];
    let mut ws = agreed(&deflating(Role::Client), takeover());
    let warm = stream_for(Role::Client, &payloads[..15]);
    assert_eq!(swallow(&mut ws, &warm, &mut buffer), (15 * 3000, None));
    let stream = stream_for(Role::Client, &payloads[15..]);
    let (allocations, bytes, outcome) = measure(|| swallow(&mut ws, &stream, &mut buffer));
    assert_eq!((allocations, bytes, outcome), (0, 0, (5 * 3000, None)));
}

#[test]
fn a_whole_message_that_fits_spare_memory_allocates_nothing() {
    let lens = [3000, 100, 1, 20_000, 300, 0, 9000];
    let messages: Vec<Vec<u8>> = lens.iter().map(|len| vec![7; *len]).collect();
    for params in [takeover(), no_takeover(), windows(9)] {
        let mut server = agreed(&deflating(Role::Server), params);
        let mut wire = Vec::new();
        for message in messages.iter().cycle().take(3 * lens.len()) {
            server.start_binary().unwrap().finish(message).unwrap();
            wire.push(drain(&mut server));
        }
        let mut ws = agreed(&deflating(Role::Client), params);
        let (mut buffer, mut spare) = (vec![0; 1 << 10], vec![0; 64 << 10]);
        let mut read = ReadBuffer::with_capacity(64 << 10);
        let mut receive = |ws: &mut Connection, bytes: &[u8], buffered: bool| {
            let note = |event: Option<Event<'_>>| match event {
                Some(Event::Binary(data)) => {
                    assert!(data.is_borrowed());
                    data.len()
                }
                other => panic!("{other:?}"),
            };
            if buffered {
                let room = read.spare_mut();
                room[..bytes.len()].copy_from_slice(bytes);
                read.mark_filled(bytes.len());
                return note(ws.receive_buffered(&mut read).unwrap());
            }
            buffer[..bytes.len()].copy_from_slice(bytes);
            let mut input = Input::with_spare(&mut buffer[..bytes.len()], &mut spare);
            note(ws.receive(&mut input).unwrap())
        };
        for (round, bytes) in wire.iter().enumerate() {
            // Until then the inflater, the history and the buffer are made.
            let (allocations, held, len) = measure(|| receive(&mut ws, bytes, round % 2 == 0));
            assert_eq!(len, lens[round % lens.len()]);
            let is_warm = round >= 2 * lens.len();
            assert!(!is_warm || (allocations, held) == (0, 0), "{round}: {allocations}");
        }
    }
}

#[test]
fn short_messages_beyond_the_spare_memory_are_copied_out_of_it() {
    let messages: Vec<Vec<u8>> = (0..60).map(|i| vec![i; 200]).collect();
    let payloads = compressed(&messages.iter().map(|message| &message[..]).collect::<Vec<_>>());
    let mut stream = stream_for(Role::Client, &payloads);
    let mut ws = agreed(&deflating(Role::Client), takeover());
    // Until then the inflater and the history are made.
    swallow(&mut ws, &stream.repeat(3), &mut [0; 4 << 10]);
    let mut spare = vec![0; 4 << 10];
    let mut input = Input::with_spare(&mut stream, &mut spare);
    let mut borrowed = 0;
    for message in &messages {
        let (allocations, held, event) = measure(|| ws.receive(&mut input).unwrap());
        let Some(Event::Binary(data)) = event else { panic!("{event:?}") };
        assert_eq!(&data[..], message);
        borrowed += usize::from(data.is_borrowed());
        let expected = if data.is_borrowed() { (0, 0) } else { (1, 200) };
        assert_eq!((allocations, held), expected);
    }
    // A message like these is expected to take 512 bytes.
    assert_eq!(borrowed, (4096 - 2 * 512) / 200);
}

#[test]
fn what_comes_before_invalid_data_is_judged_first() {
    let limit = 50;
    for (opcode, message, violation) in [
        (0xC1, vec![0xFF; 40], Violation::InvalidUtf8),
        (0xC2, vec![0; 100], Violation::MessageTooBig { len: 51, limit }),
        (0xC1, vec![b'x'; 40], Violation::InvalidDeflate),
    ] {
        let mut payload = compressed(&[&message]).remove(0);
        // The end of its last block, and a block of the reserved type, RFC 1951 §3.2.3.
        payload.extend(b"\x00\x00\xff\xff\x06");
        for role in ROLES {
            for delivery in DELIVERIES {
                let mut config = deflating(role);
                (config.delivery, config.limits.message) = (delivery, limit);
                let stream = frame_for(role, opcode, &payload);
                let expected = [Seen::Failed(violation, 0)];
                assert_each_sees(|| agreed(&config, takeover()), &stream, &expected);
            }
        }
    }
}
