//! A connection's own read buffer, in which messages stay until they are whole.

use std::time::Duration;

use crate::support::{
    ROLES, Seen, close_body, config, connection, drain, fragmented_for, frame_for, frames, read,
    receive,
};
use sansock::connection::{Delivery, ReceiveError, State};
use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{Connection, Event, Opcode, ReadBuffer, Role, Violation};

fn is_borrowed(event: &Event<'_>) -> bool {
    match event {
        Event::Text(text) => text.as_borrowed().is_some(),
        Event::Binary(data) => data.is_borrowed(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_in_one_frame_is_lent_however_many_reads_bring_it() {
    for role in ROLES {
        for len in [0, 1, 16, 125, 126, 1000, 16_384, 65_536, 200_000] {
            let stream = [
                frame_for(role, 0x81, "é".repeat(len / 2).as_bytes()),
                frame_for(role, 0x82, &vec![0xE9; len]),
                frame_for(role, 0x81, &vec![b'x'; len]),
            ]
            .concat();
            for at_once in [1, 7, 37, 1000, 70_000, usize::MAX] {
                if len > 1000 && at_once < 37 {
                    continue;
                }
                let (mut ws, mut input) = (connection(role), ReadBuffer::new());
                let mut seen = Vec::new();
                read(&mut ws, &mut input, &stream, at_once, |event| {
                    assert!(is_borrowed(&event), "{len} bytes in reads of {at_once}");
                    seen.push(Seen::from(event));
                });
                let expected = [
                    Seen::Text("é".repeat(len / 2)),
                    Seen::Binary(vec![0xE9; len]),
                    Seen::Text("x".repeat(len)),
                ];
                assert!(seen == expected, "{len} bytes in reads of {at_once}");
                assert!(input.is_empty() && ws.memory_usage() == 0);
            }
        }
    }
}

#[test]
fn a_text_fails_at_the_read_that_breaks_it() {
    for role in ROLES {
        let mut payload = "Größe ".repeat(40).into_bytes();
        for (at, byte) in [(200, 0xFF), (2, b'x'), (0, 0x80), (3, b'x')] {
            let sound = payload.clone();
            payload[at] = byte;
            let frame = frame_for(role, 0x81, &payload);
            let start = frame.len() - payload.len();
            let breaking = start + std::str::from_utf8(&payload).unwrap_err().valid_up_to();
            let (mut ws, mut input) = (connection(role), ReadBuffer::new());
            let mut failed = None;
            for (i, byte) in frame.iter().enumerate() {
                input.spare_mut()[0] = *byte;
                input.mark_filled(1);
                if let Err(ReceiveError::Protocol(error)) = ws.receive_buffered(&mut input) {
                    failed = failed.or(Some((i, error)));
                }
            }
            let (i, error) = failed.unwrap();
            assert_eq!((error.violation(), error.offset()), (Violation::InvalidUtf8, i as u64));
            assert!(i == breaking || i == breaking + 1, "{i} for {breaking}");
            assert_eq!(drain(&mut ws)[0], 0x88, "a Close says why");
            assert!(input.is_empty(), "what comes after an error is taken");
            payload = sound;
        }
    }
}

#[test]
fn what_is_left_is_as_it_was_received() {
    for role in ROLES {
        let long = "Größe ".repeat(3000);
        for stream in [
            frame_for(role, 0x82, &[7; 30_000]),
            frame_for(role, 0x81, long.as_bytes()),
            frame_for(role, 0x81, b"Hello"),
        ] {
            let before = frame_for(role, 0x82, b"before");
            for at in [1, 3, 5, 8, 9, 10, stream.len() / 2, stream.len() - 1] {
                let at = at.min(stream.len() - 1);
                let (mut ws, mut input) = (connection(role), ReadBuffer::new());
                let all = [&before, &stream[..at]].concat();
                read(&mut ws, &mut input, &all, 37, |_| {});
                assert_eq!(input.len(), at);
                let unread = input.into_unread();
                assert!(unread == stream[..at], "{at} bytes of {}", stream.len());

                // The connection can continue without the buffer.
                let expected = receive(&mut connection(role), &[&stream]);
                assert!(receive(&mut ws, &[&unread, &stream[at..]]) == expected);
            }
        }
    }
}

#[test]
fn another_buffer_begins_where_the_first_one_did() {
    for role in ROLES {
        let frame = frame_for(role, 0x81, "Größe".as_bytes());
        for at in 1..frame.len() {
            let (mut ws, mut first) = (connection(role), ReadBuffer::new());
            read(&mut ws, &mut first, &frame[..at], 1, |_| {});
            let mut second = ReadBuffer::new();
            second.extend_from_slice(&first.into_unread());
            second.extend_from_slice(&frame[at..]);
            let event = ws.receive_buffered(&mut second).unwrap().unwrap();
            assert_eq!(Seen::from(event), Seen::Text("Größe".into()));
        }
    }
}

/// Adds `bytes` to `input`. Returns all events up to an error or the end of `input`.
fn read_all(
    ws: &mut Connection,
    input: &mut ReadBuffer,
    bytes: &[u8],
) -> (Vec<Seen>, Option<ReceiveError>) {
    input.extend_from_slice(bytes);
    let mut seen = Vec::new();
    loop {
        match ws.receive_buffered(input) {
            Ok(None) => return (seen, None),
            Ok(Some(event)) => seen.push(event.into()),
            Err(error) => return (seen, Some(error)),
        }
    }
}

/// A message that is scanned as it arrives, one that is not, fragments, a ping, and several
/// messages at once, of which the first is taken.
fn streams_to_cut(role: Role) -> [Vec<u8>; 5] {
    [
        frame_for(role, 0x81, "Größe ".repeat(17).as_bytes()),
        frame_for(role, 0x82, &[7; 130]),
        fragmented_for(role, Opcode::Text, &[b"in ", b"two"]),
        frame_for(role, 0x89, b"there?"),
        frame_for(role, 0x81, b"one of several").repeat(3),
    ]
}

#[test]
fn buffers_that_are_swapped_within_messages_are_refused() {
    for role in ROLES {
        for stream in streams_to_cut(role) {
            for at in 1..stream.len() {
                let [mut one, mut other] = [(); 2].map(|()| connection(role));
                let (mut ours, mut theirs) = (ReadBuffer::new(), ReadBuffer::new());
                read(&mut one, &mut ours, &stream[..at], usize::MAX, |_| {});
                let foreign = frame_for(role, 0x81, b"somebody else's");
                theirs.extend_from_slice(&[&foreign[..], &foreign].concat());
                assert!(other.receive_buffered(&mut theirs).unwrap().is_some());

                let len = theirs.len();
                for _ in 0..2 {
                    let error = one.receive_buffered(&mut theirs).unwrap_err();
                    assert_eq!(error, ReceiveError::ForeignBuffer, "at {at}");
                }
                assert_eq!(theirs.len(), len, "nothing is taken");
                assert_eq!(one.state(), State::Failed);
                let close = frames(&drain(&mut one)).pop().unwrap();
                assert_eq!(close.payload, close_body(1011, "internal error"));

                // The same in the other direction, if anything was left.
                if !ours.is_empty() {
                    let (seen, error) = read_all(&mut other, &mut ours, &stream[at..]);
                    assert_eq!((seen, error), (vec![], Some(ReceiveError::ForeignBuffer)), "{at}");
                }
            }
        }
    }
}

#[test]
fn swapped_buffers_that_are_read_to_are_refused() {
    for role in ROLES {
        for stream in streams_to_cut(role) {
            for at in 1..stream.len() {
                for to in (1 + at % 7..stream.len()).step_by(7) {
                    let mut connections = [(); 2].map(|()| connection(role));
                    let mut buffers = [(); 2].map(|()| ReadBuffer::new());
                    for (i, cut) in [at, to].into_iter().enumerate() {
                        read_all(&mut connections[i], &mut buffers[i], &stream[..cut]);
                    }
                    buffers.swap(0, 1);
                    let [ours, theirs] = buffers.each_ref().map(ReadBuffer::is_empty);
                    let (seen, error) =
                        read_all(&mut connections[0], &mut buffers[0], &stream[at..]);
                    if !ours {
                        assert_eq!((seen, error), (vec![], Some(ReceiveError::ForeignBuffer)));
                    } else if theirs {
                        assert_eq!(error, None, "empty buffers may serve any connection");
                    }
                }
            }
        }
    }
}

#[test]
fn a_buffer_that_lacks_what_was_left_is_refused() {
    let frame = frame_for(Role::Server, 0x82, &[7; 300]);
    for at in 2..frame.len() {
        let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
        read(&mut ws, &mut input, &frame[..at], usize::MAX, |_| panic!("no event"));
        let mut another = ReadBuffer::new();
        assert_eq!(ws.receive_buffered(&mut another), Ok(None), "it is empty");
        let (seen, error) = read_all(&mut ws, &mut another, &frame[1..at]);
        assert_eq!((seen, error), (vec![], Some(ReceiveError::ForeignBuffer)), "{at}");
        assert_eq!(
            ReceiveError::ForeignBuffer.to_string(),
            "read buffer is not the one that holds this connection's unread bytes"
        );
    }
}

#[test]
fn an_empty_buffer_serves_any_connection() {
    let [mut one, mut other] = [(); 2].map(|()| connection(Role::Server));
    let mut input = ReadBuffer::new();
    let frame = frame_for(Role::Server, 0x81, b"Hello");
    for _ in 0..3 {
        for ws in [&mut one, &mut other] {
            assert_eq!(ws.receive_buffered(&mut input), Ok(None));
            let seen = read_all(ws, &mut input, &frame);
            assert_eq!(seen, (vec![Seen::Text("Hello".into())], None));
        }
    }
}

#[test]
fn a_connection_that_is_put_together_again_goes_on_with_its_buffer() {
    let frame = frame_for(Role::Server, 0x81, "Größe".as_bytes());
    for at in 1..frame.len() {
        let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
        read(&mut ws, &mut input, &frame[..at], 1, |_| panic!("no event"));
        let mut ws = Connection::from_parts(ws.into_parts()).unwrap();
        let seen = read_all(&mut ws, &mut input, &frame[at..]);
        assert_eq!(seen, (vec![Seen::Text("Größe".into())], None));
    }
}

#[test]
fn a_text_is_utf8_after_another_connection_was_refused() {
    let [mut one, mut other] = [(); 2].map(|()| connection(Role::Client));
    let mut input = ReadBuffer::new();
    let sound = frame_for(Role::Client, 0x81, &[b'x'; 1000]);
    read(&mut one, &mut input, &sound[..504], 1000, |_| panic!("no event"));
    assert_eq!(other.receive_buffered(&mut input), Err(ReceiveError::ForeignBuffer));
    let seen = read_all(&mut one, &mut input, &sound[504..]);
    assert_eq!(seen, (vec![Seen::Text("x".repeat(1000))], None));

    let mut broken = frame_for(Role::Client, 0x81, &[0xFF; 1000]);
    broken[504..].fill(b'x');
    let (seen, error) = read_all(&mut one, &mut input, &broken);
    let Some(ReceiveError::Protocol(error)) = error else { panic!("{error:?}") };
    assert_eq!((seen, error.violation()), (vec![], Violation::InvalidUtf8));
}

#[test]
fn bytes_that_stay_in_the_buffer_are_counted_once() {
    let mut ws = connection(Role::Server);
    let mut input = ReadBuffer::new();
    let frame = frame_for(Role::Server, 0x82, &[7; 8000]);
    read(&mut ws, &mut input, &frame[..5000], 1000, |_| panic!("no event"));
    let is_5000 = |ws: &Connection| format!("{ws:?}").contains("received: 5000");
    assert!(is_5000(&ws));
    ws.receive_eof();
    assert!(is_5000(&ws), "{ws:?}");
    assert!(ws.receive_buffered(&mut input).unwrap().is_none());
    assert!(is_5000(&ws) && input.is_empty(), "{ws:?}");
}

#[test]
fn chunks_of_a_stream_are_lent_from_the_buffer() {
    let mut streaming = config(Role::Server);
    streaming.delivery = Delivery::Streaming;
    let (mut ws, mut input) = (Connection::new(streaming), ReadBuffer::new());
    let mut message = Vec::new();
    let stream = fragmented_for(Role::Server, Opcode::Binary, &[&[1; 300], &[2; 300]]);
    read(&mut ws, &mut input, &stream, 37, |event| match event {
        Event::BinaryChunk { data, .. } => {
            assert!(data.is_borrowed());
            message.extend_from_slice(&data);
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(message, [[1; 300], [2; 300]].concat());
    assert_eq!((ws.memory_usage(), input.len()), (0, 0));
}

#[test]
fn bytes_that_stay_in_the_buffer_count_as_life() {
    let mut ws = connection(Role::Server);
    let mut timeouts = Timeouts::default();
    timeouts.message = Some(Duration::from_secs(100));
    timeouts.message_rate = 0;
    let mut timers = Timers::new(timeouts, Duration::ZERO);
    let mut input = ReadBuffer::new();
    let mut now = Duration::ZERO;
    timers.poll(&mut ws, now).unwrap();
    let frame = frame_for(Role::Server, 0x82, &[7; 1000]);
    let mut outcome = Ok(Some(now));
    for byte in &frame {
        now += Duration::from_secs(1);
        read(&mut ws, &mut input, &[*byte], 1, |_| {});
        outcome = timers.poll(&mut ws, now);
        assert!(outcome.is_err() || !ws.has_output(), "no ping to a peer that is not silent");
        if outcome.is_err() {
            break;
        }
    }
    // With a byte a second, the peer is not silent. But the message has a time limit.
    assert!(matches!(outcome, Err(Expired::MessageTimeout)), "{outcome:?}");
    assert!((100..=102).contains(&now.as_secs()), "{now:?}");
}

/// Returns its pieces one at a time. Would block at those that are `None`.
#[cfg(feature = "std")]
struct Script<'a>(std::collections::VecDeque<Option<&'a [u8]>>);

#[cfg(feature = "std")]
impl std::io::Read for Script<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let Some(piece) = self.0.pop_front() else { return Ok(0) };
        let piece = piece.ok_or(std::io::ErrorKind::WouldBlock)?;
        let (now, later) = piece.split_at(piece.len().min(room.len()));
        room[..now.len()].copy_from_slice(now);
        if !later.is_empty() {
            self.0.push_front(Some(later));
        }
        Ok(now.len())
    }
}

#[cfg(feature = "std")]
#[test]
fn read_from_goes_on_while_more_of_a_message_is_there() {
    let frame = frame_for(Role::Server, 0x81, b"Hello");
    let (head, tail) = frame.split_at(7);
    let pieces = [
        None,
        Some(head), // nothing is known of it until it was processed
        Some(&tail[..1]),
        Some(&tail[1..2]),
        None,
        Some(&tail[2..3]),
        Some(&tail[3..]), // up to the end of the frame
        Some(head),
    ];
    let mut transport = Script(pieces.into());
    let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
    let mut seen = Vec::new();
    for _ in 0..6 {
        let came = input.read_from(&mut transport).map_err(|error| error.kind());
        let text = ws.receive_buffered(&mut input).unwrap().map(Seen::from);
        seen.push((came, text));
    }
    let hello = Some(Seen::Text("Hello".into()));
    let block = Err(std::io::ErrorKind::WouldBlock);
    let expected =
        [(block, None), (Ok(7), None), (Ok(2), None), (Ok(2), hello), (Ok(7), None), (Ok(0), None)];
    assert_eq!(seen, expected);
    assert_eq!(input.len(), 7);
}

/// After the first byte, after the second with the length of the header, after the header, and at
/// the end.
#[cfg(feature = "std")]
#[test]
fn a_message_that_comes_byte_by_byte_is_looked_at_four_times() {
    for role in ROLES {
        for len in [1, 16, 125, 126, 1000] {
            let frame = frame_for(role, 0x82, &vec![7; len]);
            let is_header_short = role == Role::Client && len < 126;
            let (mut ws, mut input) = (connection(role), ReadBuffer::new());
            let mut transport = Script(frame.chunks(1).map(Some).collect());
            for look in 1.. {
                assert!(input.read_from(&mut transport).unwrap() > 0);
                if let Some(event) = ws.receive_buffered(&mut input).unwrap() {
                    assert_eq!(Seen::from(event), Seen::Binary(vec![7; len]));
                    assert_eq!(look, if is_header_short { 3 } else { 4 });
                    break;
                }
            }
        }
    }
}

#[test]
fn nothing_is_wanted_of_a_message_that_was_taken() {
    let frame = frame_for(Role::Server, 0x82, b"Hello");
    let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
    input.extend_from_slice(&frame[..3]);
    assert_eq!(ws.receive_buffered(&mut input), Ok(None));
    assert!(input.wants_more());
    input.extend_from_slice(&frame[3..]);
    assert!(ws.receive_buffered(&mut input).unwrap().is_some());
    assert!(!input.wants_more());
    input.spare_mut();
    assert!(!input.wants_more());
}

#[cfg(feature = "std")]
#[test]
fn read_from_stops_to_look_at_what_has_come() {
    let frame = frame_for(Role::Server, 0x82, &[7; 100_000]);
    let (mut ws, mut input) = (connection(Role::Server), ReadBuffer::new());
    let mut transport = Script(frame.chunks(10).map(Some).collect());
    let mut looks = 0;
    loop {
        let came = input.read_from(&mut transport).unwrap();
        assert!(came <= 8192 + 10);
        looks += 1;
        if let Some(event) = ws.receive_buffered(&mut input).unwrap() {
            assert!(is_borrowed(&event));
            break;
        }
    }
    // Two reads for the header, 13 of 8 KiB, and some because the buffer has to grow.
    assert!((15..=25).contains(&looks), "{looks}");
}

/// No bytes need a look, but other connections on the thread must have their turn.
#[cfg(feature = "std")]
#[test]
fn read_from_returns_within_a_message_that_takes_long() {
    let frame = frame_for(Role::Client, 0x82, &[7; 4 << 20]);
    let (mut ws, mut input) = (connection(Role::Client), ReadBuffer::new());
    let mut transport = Script(frame.chunks(1000).map(Some).collect());
    let mut most = 0;
    loop {
        most = most.max(input.read_from(&mut transport).unwrap());
        if ws.receive_buffered(&mut input).unwrap().is_some() {
            break;
        }
    }
    assert!((256 << 10..(256 << 10) + 1000).contains(&most), "{most}");
}
