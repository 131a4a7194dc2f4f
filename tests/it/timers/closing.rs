//! From a Close, or a failure, to the end of the transport.

use std::time::Duration;

use bytes::Buf;
use sansock::connection::State;
use sansock::timer::Expired;
use sansock::{CloseCode, Role, TransportAction};

use super::watched::{NEVER, timeouts, watched};
use crate::support::{drain, frame_for, receive};

#[test]
fn a_close_that_is_not_answered_is_waited_for_ten_seconds() {
    let mut server = watched(timeouts());
    server.ws.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(server.turn(3, b"").0, Ok(13));
    let pongs = frame_for(Role::Server, 0x8A, b"");
    assert_eq!(server.turn(12, &pongs).0, Ok(13), "whatever else comes");
    assert_eq!(server.turn(13, &pongs).0, Err(Expired::CloseTimeout));
    assert_eq!(server.turn(14, b"").0, Err(Expired::CloseTimeout));
}

#[test]
fn the_deadline_runs_on_from_our_close_over_the_answer_to_the_end() {
    let mut server = watched(timeouts());
    server.ws.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(server.turn(0, b"").0, Ok(10));
    assert_eq!(server.turn(5, &frame_for(Role::Server, 0x88, b"\x03\xE8")).0, Ok(10));
    assert_eq!(server.ws.transport_action(), TransportAction::ShutdownWrite);
    assert_eq!(server.poll(10), Err(Expired::CloseTimeout));
    server.ws.receive_eof();
    assert_eq!(server.poll(10), Ok(NEVER), "an end just in time");
}

#[test]
fn a_close_by_the_peer_and_a_failure_are_timed_too() {
    for last in [frame_for(Role::Server, 0x88, b""), b"\xFF".to_vec()] {
        let mut server = watched(timeouts());
        assert_eq!(server.turn(7, &last).0, Ok(17));
        assert_eq!(server.turn(16, b"more").0, Ok(17));
        assert_eq!(server.poll(17), Err(Expired::CloseTimeout));
    }
}

#[test]
fn the_deadline_counts_from_when_the_close_is_written() {
    let mut any_byte = timeouts();
    any_byte.write_rate = 0;
    let mut server = watched(any_byte);
    server.ws.send_binary(&[7; 1000]).unwrap();
    server.ws.close(CloseCode::NORMAL, "").unwrap();
    // A slow peer takes a byte every 20 seconds. That counts as progress here.
    for round in 1..50 {
        server.ws.output().advance(1);
        assert_eq!(server.poll(20 * round), Ok(20 * round + 60));
    }
    drain(&mut server.ws);
    assert_eq!(server.poll(1000), Ok(1010));
    assert_eq!(server.poll(1010), Err(Expired::CloseTimeout));
}

#[test]
fn after_the_end_there_is_nothing_to_wait_for() {
    let mut server = watched(timeouts());
    assert_eq!(server.poll(0), Ok(30));
    server.ws.receive_eof();
    assert_eq!(server.poll(1), Ok(NEVER));
    assert_eq!(server.poll(1 << 40), Ok(NEVER));

    let mut server = watched(timeouts());
    server.ws.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(server.turn(0, &frame_for(Role::Server, 0x88, b"")).0, Ok(10));
    server.ws.receive_eof();
    assert_eq!(server.poll(5), Ok(NEVER));
}

#[test]
fn a_message_that_is_open_when_we_close_keeps_its_deadline() {
    let mut server = watched(timeouts());
    assert_eq!(server.turn(0, &frame_for(Role::Server, 0x02, b"x")).0, Ok(30));
    server.ws.close(CloseCode::GOING_AWAY, "").unwrap();
    assert_eq!(server.turn(29, b"").0, Ok(39));
    receive(&mut server.ws, &[&frame_for(Role::Server, 0x00, b"x")]);
    assert_eq!(server.poll(38), Ok(39));
    assert_eq!(
        (server.poll(39), server.ws.state()),
        (Err(Expired::CloseTimeout), State::CloseSent)
    );

    let mut patient = timeouts();
    patient.close = Some(Duration::from_secs(100));
    let mut server = watched(patient);
    assert_eq!(server.turn(0, &frame_for(Role::Server, 0x02, b"x")).0, Ok(30));
    server.ws.close(CloseCode::GOING_AWAY, "").unwrap();
    assert_eq!(server.turn(29, b"").0, Ok(40));
    assert_eq!(server.turn(40, b"").0, Err(Expired::MessageTimeout));
    // Later bytes are discarded until the end of the transport. There is no second Close.
    assert_eq!((server.ws.state(), server.ws.has_output()), (State::Failed, false));
    assert_eq!(server.poll(41), Ok(129));
}
