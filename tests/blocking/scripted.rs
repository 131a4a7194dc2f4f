//! Transports in memory that block, fail, and take what they like.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use sansock::blocking::{self, Error, WithShutdown};
use sansock::connection::Delivery;
use sansock::endpoint::{self, RequestPolicy, Settings};
use sansock::timer::{Expired, Timeouts};
use sansock::{Config, Event, SendError};

use crate::script::{Script, Step, script};

const REQUEST: &[u8] =
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A masked "Hello", RFC 6455 §5.7.
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

fn read(parts: &[&[u8]]) -> Step {
    Step::Read(parts.concat())
}

fn accept_unseen(config: Config, timeouts: Timeouts) -> Settings {
    let mut settings = Settings::new(config);
    settings.requests = RequestPolicy::AcceptUnseen;
    settings.timeouts = Some(Arc::new(timeouts));
    settings
}

#[test]
fn nothing_is_lost_when_a_read_would_block() {
    let stream = [HELLO, HELLO].concat();
    for split in 0..stream.len() {
        let (front, back) = stream.split_at(split);
        let reads = vec![
            Step::Read([REQUEST, front].concat()),
            Step::Fail(ErrorKind::WouldBlock),
            Step::Fail(ErrorKind::TimedOut),
            Step::Fail(ErrorKind::Interrupted),
            Step::Read(back.to_vec()),
        ];
        let mut ws = blocking::accept(script(reads, usize::MAX)).unwrap();
        let (mut blocked, mut received) = (0, 0);
        while received < 2 {
            match ws.receive() {
                Ok(message) => {
                    assert_eq!(message, Some("Hello".into()), "cut at {split}");
                    received += 1;
                }
                Err(error) => {
                    assert!(error.is_would_block(), "{error}");
                    blocked += 1;
                }
            }
        }
        assert_eq!(blocked, 2, "cut at {split}");
    }
}

#[test]
fn nothing_is_lost_when_a_write_would_block() {
    let reads = vec![Step::Read(REQUEST.to_vec())];
    let mut settings = Settings::new({
        let mut config = Config::server();
        config.max_output = Some(100);
        config
    });
    settings.requests = RequestPolicy::AcceptUnseen;
    let mut ws = blocking::accept_with(script(reads, 1000), &settings, |_| ()).unwrap();
    let mut sent = 0;
    let blocked = loop {
        match ws.send_text(&format!("message {sent:4}")) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(blocked.is_would_block(), "{blocked}");
    let (stream, mut endpoint, _) = ws.into_parts();
    let mut written = stream.written;
    endpoint.output().write_to(&mut written).unwrap();
    let frames = written.split_off(written.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4);
    let frame = |n| [b"\x81\x0C", format!("message {n:4}").as_bytes()].concat();
    let expected: Vec<u8> = (0..sent).flat_map(frame).collect();
    assert!(frames == expected, "{} and {} bytes", frames.len(), expected.len());
}

#[test]
fn a_deadline_that_has_passed_is_an_error() {
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.ping, timeouts.pong) =
        (Some(Duration::from_millis(1)), Some(Duration::from_millis(1)));
    let mut settings = Settings::new(Config::server());
    settings.requests = RequestPolicy::AcceptUnseen;
    settings.timeouts = Some(Arc::new(timeouts));
    let reads = vec![Step::Read(REQUEST.to_vec())];
    let mut ws = blocking::accept_with(script(reads, usize::MAX), &settings, |_| ()).unwrap();
    let expired = loop {
        match ws.receive() {
            Err(error) if error.is_would_block() => {}
            other => break other,
        }
    };
    assert!(matches!(expired, Err(Error::Expired(Expired::NoPong))), "{expired:?}");
    assert!(ws.into_parts().0.written.ends_with(b"\x89\0"), "it was asked");
}

#[test]
fn an_event_is_answered_while_it_is_held() {
    let reads = vec![Step::Read([REQUEST, HELLO, b"\x89\x80\0\0\0\0"].concat())];
    let mut ws = blocking::accept(script(reads, usize::MAX)).unwrap();
    let (event, mut sender) = ws.next_event().unwrap().expect("it came with the request");
    let Event::Text(text) = event else { panic!("{event:?}") };
    assert!(text.as_borrowed().is_some());
    sender.send_text(&text).unwrap();
    assert!(matches!(ws.next_event().unwrap(), Some((Event::Ping(_), _))));
    assert!(ws.next_event().unwrap().is_none());
    assert!(ws.into_parts().0.written.ends_with(b"\x81\x05Hello\x8A\0"));
}

#[test]
fn output_that_is_stuck_does_not_keep_a_read_from_blocking() {
    for full in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
        let mut transport = script(vec![read(&[REQUEST]), read(&[HELLO])], 140);
        transport.full = full;
        let mut ws = blocking::accept(transport).unwrap();
        ws.send_text(&"x".repeat(1000)).unwrap();
        assert!(ws.endpoint().output_len() > 900, "it is queued");
        assert_eq!(ws.receive().unwrap(), Some("Hello".into()), "it is read all the same");
        assert!(ws.receive().unwrap_err().is_would_block());
    }
}

#[test]
fn a_writer_that_takes_no_more_until_it_is_flushed_is_flushed() {
    let mut config = Config::server();
    config.max_output = Some(100);
    let settings = accept_unseen(config, Timeouts::DEFAULT);
    let mut transport = script(vec![read(&[REQUEST])], usize::MAX);
    transport.held = Some((100, Vec::new()));
    let mut ws = blocking::accept_with(transport, &settings, |_| ()).unwrap();
    for _ in 0..3 {
        ws.send_text(&"x".repeat(5000)).unwrap();
        assert_eq!(ws.endpoint().output_len(), 0);
    }
}

#[test]
fn output_that_may_hold_nothing_refuses_a_message() {
    let mut config = Config::server();
    config.max_output = Some(0);
    let settings = accept_unseen(config, Timeouts::DEFAULT);
    let transport = script(vec![read(&[REQUEST])], usize::MAX);
    let mut ws = blocking::accept_with(transport, &settings, |_| ()).unwrap();
    assert!(matches!(ws.send_text("x"), Err(Error::Send(SendError::Full))));
}

#[test]
fn a_frame_that_came_with_the_request_is_there_at_once() {
    let transport = script(vec![read(&[REQUEST, HELLO]), Step::Read(Vec::new())], usize::MAX);
    let mut ws = blocking::accept(transport).unwrap();
    let mut events = 0;
    let end = loop {
        match ws.fill() {
            Ok(true) => {}
            end => break end,
        }
        while ws.next_event().unwrap().is_some() {
            events += 1;
        }
    };
    assert!(matches!(end, Err(Error::UnexpectedEof)), "{end:?}");
    assert_eq!(events, 1);
}

#[test]
fn the_opening_goes_on_after_a_timeout_of_a_read() {
    let (front, back) = REQUEST.split_at(20);
    let blocked = Step::Fail(ErrorKind::TimedOut);
    let reads = vec![read(&[front]), blocked, read(&[back, HELLO])];
    let mut ws = blocking::accept(script(reads, usize::MAX)).unwrap();
    assert_eq!(ws.receive().unwrap(), Some("Hello".into()));
}

#[test]
fn a_refusal_is_reported_though_the_client_resets() {
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let reads = vec![read(&[request]), Step::Fail(ErrorKind::ConnectionReset)];
    let stream = WithShutdown::new(script(reads, usize::MAX), |_: &mut Script| Ok(true));
    let error = blocking::accept(stream).unwrap_err();
    assert!(matches!(error, Error::Endpoint(endpoint::Error::Refused(_))), "{error}");
}

#[test]
fn what_was_received_is_not_hidden_by_a_write_that_fails() {
    let broken = |frame: &[u8]| {
        let transport = script(vec![read(&[REQUEST]), read(&[frame])], usize::MAX);
        let mut ws = blocking::accept(transport).unwrap();
        (ws.get_mut().room, ws.get_mut().full) = (0, ErrorKind::BrokenPipe);
        ws.receive()
    };
    let close = broken(b"\x88\x80\0\0\0\0");
    assert!(matches!(close, Ok(None)), "{close:?}");
    let violation = broken(b"\x81\x05Hello");
    assert!(
        matches!(violation, Err(Error::Endpoint(endpoint::Error::Protocol(_)))),
        "{violation:?}"
    );
}

#[test]
fn an_end_without_close_notify_is_an_end_without_close() {
    let reads = vec![read(&[REQUEST, HELLO]), Step::Fail(ErrorKind::UnexpectedEof)];
    let items: Vec<_> = blocking::accept(script(reads, usize::MAX)).unwrap().collect();
    assert!(matches!(items[..], [Ok(_), Err(Error::UnexpectedEof)]), "{items:?}");
}

#[test]
fn a_deadline_is_not_hidden_by_a_write_that_fails() {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.message = Some(Duration::from_millis(1));
    let settings = accept_unseen(Config::server(), timeouts);
    let reads = vec![read(&[REQUEST]), read(&[b"\x81"])];
    let mut ws = blocking::accept_with(script(reads, usize::MAX), &settings, |_| ()).unwrap();
    (ws.get_mut().room, ws.get_mut().full) = (0, ErrorKind::BrokenPipe);
    let expired = loop {
        match ws.receive() {
            Err(error) if error.is_would_block() => {}
            other => break other,
        }
    };
    assert!(matches!(expired, Err(Error::Expired(Expired::MessageTimeout))), "{expired:?}");
}

#[test]
fn the_last_output_has_a_deadline_too() {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.write = Some(Duration::from_millis(1));
    let settings = accept_unseen(Config::server(), timeouts);
    let reads = vec![read(&[REQUEST]), read(&[b"\x88\x80\0\0\0\0"])];
    let mut ws = blocking::accept_with(script(reads, usize::MAX), &settings, |_| ()).unwrap();
    ws.get_mut().room = 0;
    let expired = loop {
        match ws.receive() {
            Err(error) if error.is_would_block() => {}
            other => break other,
        }
    };
    assert!(matches!(expired, Err(Error::Expired(Expired::WriteStalled))), "{expired:?}");
}

#[test]
fn what_the_transport_holds_has_a_deadline_too() {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.write = Some(Duration::from_millis(1));
    let settings = accept_unseen(Config::server(), timeouts);
    let reads = vec![read(&[REQUEST])];
    let mut ws = blocking::accept_with(script(reads, usize::MAX), &settings, |_| ()).unwrap();
    (ws.get_mut().room, ws.get_mut().held) = (0, Some((100, Vec::new())));
    ws.send_text("held").unwrap();
    let expired = loop {
        match ws.receive() {
            Err(error) if error.is_would_block() => {}
            other => break other,
        }
    };
    assert!(matches!(expired, Err(Error::Expired(Expired::WriteStalled))), "{expired:?}");
}

#[test]
fn a_ping_is_written_before_its_pong_is_waited_for() {
    let mut timeouts = Timeouts::DEFAULT;
    timeouts.ping = Some(Duration::from_millis(1));
    let settings = accept_unseen(Config::server(), timeouts);
    let transport = script(vec![read(&[REQUEST])], usize::MAX);
    let mut ws = blocking::accept_with(transport, &settings, |_| ()).unwrap();
    let head = ws.get_ref().written.len();
    while ws.get_ref().written.len() == head {
        assert!(ws.receive().unwrap_err().is_would_block());
    }
    assert!(ws.get_ref().written.ends_with(b"\x89\0"));
    assert_eq!(ws.get_ref().written_at_reads.last(), Some(&(head + 2)));
}

#[test]
fn streamed_messages_are_no_messages() {
    let mut config = Config::server();
    config.delivery = Delivery::Streaming;
    let settings = accept_unseen(config, Timeouts::DEFAULT);
    let transport = script(vec![read(&[REQUEST, HELLO])], usize::MAX);
    let mut ws = blocking::accept_with(transport, &settings, |_| ()).unwrap();
    assert!(matches!(ws.receive(), Err(Error::Streamed)));
}

#[test]
fn the_iterator_ends_with_the_error() {
    let reads = vec![read(&[REQUEST, HELLO]), Step::Read(Vec::new())];
    let items: Vec<_> = blocking::accept(script(reads, usize::MAX)).unwrap().collect();
    assert!(matches!(items[..], [Ok(_), Err(Error::UnexpectedEof)]), "{items:?}");
}
