//! Pings to a silent peer, and the end of the connection if it stays silent.

use bytes::Buf;
use sansock::timer::Expired;
use sansock::{Config, Connection, Role};

use super::watched::{NEVER, PING, timeouts, watched};
use crate::support::{frame_for, head_for};

fn pong() -> Vec<u8> {
    frame_for(Role::Server, 0x8A, b"")
}

#[test]
fn a_silent_peer_is_pinged_once_and_given_up() {
    let mut server = watched(timeouts());
    assert_eq!(server.turn(0, b""), (Ok(30), vec![]));
    assert_eq!(server.turn(29, b""), (Ok(30), vec![]));
    assert_eq!(server.turn(30, b""), (Ok(50), PING.to_vec()));
    assert_eq!(server.turn(49, b""), (Ok(50), vec![]));
    assert_eq!(server.turn(50, b""), (Err(Expired::NoPong), vec![]));
    assert_eq!(server.turn(51, b""), (Err(Expired::NoPong), vec![]), "nothing has changed");
}

#[test]
fn a_pong_puts_the_next_ping_off() {
    let mut server = watched(timeouts());
    assert!(server.turn(0, b"").0.is_ok());
    for round in 1..100 {
        let now = 31 * round - 1;
        assert_eq!(server.turn(now, b""), (Ok(now + 20), PING.to_vec()));
        assert_eq!(server.turn(now + 1, &pong()), (Ok(now + 31), vec![]));
    }
}

#[test]
fn any_byte_is_life() {
    let message = frame_for(Role::Server, 0x82, &[7; 4]);
    let whole = [message.clone(), pong(), frame_for(Role::Server, 0x89, b""), message];
    for bytes in whole.iter().flat_map(|frame| [&frame[..], &frame[..1], &frame[..3]]) {
        let mut server = watched(timeouts());
        assert_eq!(server.turn(30, b"").0, Ok(50));
        assert_eq!(server.turn(49, bytes).0, Ok(79), "before the deadline");
        let mut server = watched(timeouts());
        assert_eq!(server.turn(30, b"").0, Ok(50));
        assert_eq!(server.turn(60, bytes).0, Ok(90), "late, but read before the poll");
    }
}

#[test]
fn a_late_poll_pings_before_it_gives_up() {
    let mut server = watched(timeouts());
    assert_eq!(server.turn(1_000_000, b""), (Ok(1_000_020), PING.to_vec()));
    assert_eq!(server.turn(2_000_000, b"").0, Err(Expired::NoPong));
}

#[test]
fn a_ping_is_queued_behind_output_that_is_left() {
    let mut server = watched(timeouts());
    server.ws.send_text("x").unwrap();
    assert_eq!(server.poll(20), Ok(30));
    assert_eq!(server.poll(30), Ok(80), "the transport has stalled since 20");
    assert_eq!(server.ws.output().chunk(), b"\x81\x01x\x89\x00");
    assert_eq!(server.poll(79), Ok(80), "one ping at a time");
    assert_eq!(server.ws.output_len(), 5);
    assert_eq!(server.poll(80), Err(Expired::WriteStalled));
}

#[test]
fn a_pong_is_waited_for_from_when_the_transport_has_taken_the_ping() {
    let mut server = watched(timeouts());
    server.ws.send_text("x").unwrap();
    assert_eq!(server.poll(20), Ok(30));
    assert_eq!(server.poll(30), Ok(80));
    server.ws.output().advance(3);
    assert_eq!(server.poll(50), Ok(80), "only the text was taken");
    server.ws.output().advance(1);
    assert_eq!(server.poll(60), Ok(80), "the ping was taken some time since the last poll");
    assert_eq!(server.poll(79), Ok(80));
    assert_eq!(server.poll(80), Err(Expired::NoPong));
}

#[test]
fn output_that_is_left_gives_no_time_for_a_pong() {
    let mut server = watched(timeouts());
    assert_eq!(server.turn(30, b"").0, Ok(50));
    server.ws.send_text("x").unwrap();
    for now in 35..50 {
        assert_eq!(server.poll(now), Ok(50));
    }
    assert_eq!(server.poll(50), Err(Expired::NoPong));
}

#[test]
fn a_ping_that_does_not_fit_is_queued_when_some_output_was_taken() {
    let mut config = Config::server();
    config.max_output = Some(100);
    let mut server = watched(timeouts());
    server.ws = Connection::new(config);
    server.ws.send_text(&"x".repeat(100)).unwrap();
    assert_eq!(server.poll(0), Ok(30));
    assert_eq!(server.poll(30), Ok(60), "no ping");
    server.ws.output().advance(10);
    assert_eq!(server.poll(31), Ok(60));
    assert_eq!(server.ws.output().chunk()[92..], *PING);
}

#[test]
fn time_in_which_the_caller_paused_does_not_count_against_a_pong() {
    let mut server = watched(timeouts());
    assert_eq!(server.turn(30, b"").0, Ok(50));
    for now in [50, 70, 1000] {
        server.timers.reading_paused();
        assert_eq!(server.poll(now), Ok(now + 20));
    }
    assert_eq!(server.poll(1020), Err(Expired::NoPong));
}

#[test]
fn a_ping_that_the_transport_does_not_take_is_a_stalled_write() {
    let mut server = watched(timeouts());
    assert_eq!(server.poll(30), Ok(50), "the ping is in the output");
    assert_eq!(server.poll(50), Ok(90), "and nothing was taken");
    assert_eq!(server.poll(90), Err(Expired::WriteStalled));
}

#[test]
fn no_ping_is_sent_after_a_close() {
    let mut server = watched(timeouts());
    server.ws.close(sansock::CloseCode::NORMAL, "").unwrap();
    assert_eq!(server.turn(0, b""), (Ok(10), vec![0x88, 2, 0x03, 0xE8]));
    assert_eq!(server.turn(9, b""), (Ok(10), vec![]));
}

#[test]
fn a_ping_that_the_configuration_refuses_is_not_tried_in_a_busy_loop() {
    let mut config = Config::server();
    config.max_output = Some(0);
    let mut server = watched(timeouts());
    server.ws = Connection::new(config);
    assert_eq!(server.turn(30, b""), (Ok(NEVER), vec![]));
}

#[test]
fn keep_alive_can_be_turned_off() {
    let mut off = timeouts();
    off.ping = None;
    let mut server = watched(off);
    assert_eq!(server.turn(0, b""), (Ok(NEVER), vec![]));
    assert_eq!(server.turn(1 << 40, b""), (Ok(NEVER), vec![]));
    // A message in progress still has a time limit.
    assert_eq!(server.turn(1 << 40, &head_for(Role::Server, 0x82, 9)).0, Ok((1 << 40) + 40));
}

#[test]
fn a_ping_without_a_deadline_keeps_the_path_open() {
    let mut patient = timeouts();
    patient.pong = None;
    let mut server = watched(patient);
    assert_eq!(server.turn(30, b""), (Ok(NEVER), PING.to_vec()));
    assert_eq!(server.turn(1000, &pong()), (Ok(1030), vec![]));
    assert_eq!(server.turn(1030, b""), (Ok(NEVER), PING.to_vec()));
}
