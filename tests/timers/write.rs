//! Output that the transport does not take.

use std::time::Duration;

use bytes::Buf;
use sansock::timer::Expired;

use crate::watched::{timeouts, watched};

#[test]
fn output_of_which_nothing_is_taken_is_a_stalled_write() {
    let mut server = watched(timeouts());
    assert_eq!(server.poll(5), Ok(30));
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(6), Ok(66));
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(65), Ok(66), "more of it is no progress");
    assert_eq!(server.poll(66), Err(Expired::WriteStalled));
    assert_eq!(server.poll(66), Err(Expired::WriteStalled));
}

#[test]
fn a_byte_that_is_taken_is_progress() {
    let mut server = watched(timeouts());
    server.ws.send_binary(&[7; 100]).unwrap();
    for round in 0..100 {
        assert_eq!(server.poll(59 * round), Ok(59 * round + 60));
        server.ws.output().advance(1);
    }
}

#[test]
fn output_that_was_taken_between_two_polls_is_not_confused_with_what_is_left_now() {
    let mut server = watched(timeouts());
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(0), Ok(60));
    server.ws.output().advance(102);
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(60), Ok(120));
}

#[test]
fn what_the_peer_sends_does_not_excuse_that_it_reads_nothing() {
    let mut server = watched(timeouts());
    server.ws.send_binary(&[7; 100]).unwrap();
    for now in 0..60 {
        server.ws.receive(&mut &mut b"\x8A\x80\0\0\0\0".to_vec()[..]).unwrap();
        assert_eq!(server.poll(now), Ok(60));
    }
    assert_eq!(server.poll(60), Err(Expired::WriteStalled));
}

#[test]
fn the_limit_holds_after_a_close_and_after_the_end_of_input() {
    let mut server = watched(timeouts());
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
    let mut patient = timeouts();
    patient.write = Duration::MAX;
    let mut server = watched(patient);
    server.ws.send_binary(&[7; 100]).unwrap();
    assert_eq!(server.poll(0), Ok(crate::watched::NEVER));
    assert_eq!(server.poll(1 << 40), Ok(crate::watched::NEVER));
}
