//! Output that the transport does not take.

use bytes::Buf;
use sansock::Input;
use sansock::timer::{Expired, Timeouts};

use super::watched::{NEVER, Watched, timeouts, watched};

/// Returns a server without pings, so that only writes set deadlines.
fn server(change: impl FnOnce(&mut Timeouts)) -> Watched {
    let mut timeouts = timeouts();
    timeouts.ping = None;
    change(&mut timeouts);
    watched(timeouts)
}

#[test]
fn output_of_which_nothing_is_taken_is_a_stalled_write() {
    let mut server = server(|_| ());
    assert_eq!(server.poll(5), Ok(NEVER));
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(6), Ok(66));
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(65), Ok(66), "more of it is no progress");
    assert_eq!(server.poll(66), Err(Expired::WriteStalled));
    assert_eq!(server.poll(66), Err(Expired::WriteStalled));
}

#[test]
fn output_that_the_transport_holds_is_a_stalled_write() {
    let mut server = server(|_| ());
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(0), Ok(60));
    server.ws.output().advance(102);
    for now in [1, 30, 60] {
        server.timers.flush_waits();
        assert_eq!(server.poll(now), Ok(61), "at {now}");
    }
    server.timers.flush_waits();
    assert_eq!(server.poll(61), Err(Expired::WriteStalled));
    assert_eq!(server.poll(61), Ok(NEVER), "it is flushed");
}

#[test]
fn a_transport_that_holds_other_output_than_before_has_taken_some() {
    let mut server = server(|_| ());
    for round in 0..100 {
        server.ws.send_binary(&[7; 100]).unwrap();
        server.ws.output().advance(102);
        server.timers.flush_waits();
        assert_eq!(server.poll(59 * round), Ok(59 * round + 60));
    }
}

#[test]
fn a_byte_that_is_taken_is_progress_where_there_is_no_rate() {
    let mut server = server(|timeouts| timeouts.write_rate = 0);
    server.ws.send_binary(&[7; 100]).unwrap();
    for round in 0..100 {
        assert_eq!(server.poll(59 * round), Ok(59 * round + 60));
        server.ws.output().advance(1);
    }
}

#[test]
fn a_byte_now_and_then_is_a_stalled_write() {
    let mut server = server(|_| ());
    server.ws.send_binary(&[7; 100_000]).unwrap();
    assert_eq!(server.poll(0), Ok(60));
    for now in 1..60 {
        server.ws.output().advance(1);
        assert_eq!(server.poll(now), Ok(60));
    }
    server.ws.output().advance(1);
    assert_eq!(server.poll(60), Ok(60), "some milliseconds were earned");
    server.ws.output().advance(1);
    assert_eq!(server.poll(61), Err(Expired::WriteStalled));
}

#[test]
fn output_that_is_taken_at_the_rate_may_take_any_time() {
    let mut server = server(|timeouts| timeouts.write_rate = 1000);
    server.ws.send_binary(&[7; 1_000_000]).unwrap();
    assert_eq!(server.poll(0), Ok(60));
    for now in 1..1_000 {
        server.ws.output().advance(1000);
        assert_eq!(server.poll(now), Ok(now + 60));
    }
}

#[test]
fn output_that_is_taken_below_the_rate_is_a_stalled_write_when_the_slack_is_used() {
    // At half of the rate, the slack of 60 seconds lasts for 120.
    for (bytes, expected) in [(500, 120), (900, 600), (1, 61)] {
        let mut server = server(|timeouts| timeouts.write_rate = 1000);
        server.ws.send_binary(&[7; 1_000_000]).unwrap();
        assert_eq!(server.poll(0), Ok(60));
        let mut turn = |now| {
            server.ws.output().advance(bytes);
            server.poll(now)
        };
        assert_eq!((1..).find(|now| turn(*now).is_err()), Some(expected), "{bytes} a second");
    }
}

#[test]
fn little_output_that_is_always_taken_by_the_next_poll_is_in_time() {
    let mut server = server(|_| ());
    for round in 0..100 {
        server.ws.send_binary(&[7; 100]).unwrap();
        assert_eq!(server.poll(59 * round), Ok(59 * round + 60));
        server.ws.output().advance(102);
    }
}

#[test]
fn output_that_was_taken_between_two_polls_is_not_confused_with_what_is_left_now() {
    let mut server = server(|_| ());
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(0), Ok(60));
    server.ws.output().advance(102);
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(60), Ok(120));
}

#[test]
fn what_the_peer_sends_does_not_excuse_that_it_reads_nothing() {
    let mut server = server(|_| ());
    server.ws.send_binary(&[7; 100]).unwrap();
    for now in 0..60 {
        server.ws.receive(&mut Input::new(&mut b"\x8A\x80\0\0\0\0".to_vec()[..])).unwrap();
        assert_eq!(server.poll(now), Ok(60));
    }
    assert_eq!(server.poll(60), Err(Expired::WriteStalled));
}

#[test]
fn the_limit_holds_after_a_close_and_after_the_end_of_input() {
    let mut server = server(|_| ());
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(0), Ok(60));
    server.ws.close(sansock::CloseCode::NORMAL, "").unwrap();
    assert_eq!(server.poll(50), Ok(60));
    server.ws.receive_eof();
    assert_eq!(server.poll(59), Ok(60));
    assert_eq!(server.poll(60), Err(Expired::WriteStalled));
}

#[test]
fn without_a_limit_a_peer_that_reads_nothing_is_waited_for() {
    let mut server = server(|timeouts| timeouts.write = None);
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(0), Ok(NEVER));
    assert_eq!(server.poll(1 << 40), Ok(NEVER));
}
