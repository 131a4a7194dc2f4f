//! Messages that arrive too slowly.

use std::time::Duration;

use bytes::Buf;
use sansock::connection::State;
use sansock::timer::{Expired, Timeouts};
use sansock::{Input, Role, TransportAction};

use super::watched::{Watched, timeouts, watched};
use crate::support::{Frame, close_body, drain, frame_for, frames, head_for};

/// Returns a server that has polled once. It has no pings, so that only messages set deadlines.
fn server(change: impl FnOnce(&mut Timeouts)) -> Watched {
    let mut timeouts = timeouts();
    timeouts.ping = None;
    change(&mut timeouts);
    let mut server = watched(timeouts);
    server.poll(0).unwrap();
    server
}

/// Returns the first bytes of frames that can be cut.
fn beginnings() -> Vec<Vec<u8>> {
    let text = frame_for(Role::Server, 0x81, b"some text");
    let ping = frame_for(Role::Server, 0x89, b"payload");
    let fragment = frame_for(Role::Server, 0x02, b"whole");
    let in_between = [&fragment[..], &ping[..9]].concat();
    vec![
        text[..1].to_vec(),
        text[..5].to_vec(),
        text[..6].to_vec(),
        text[..14].to_vec(),
        ping[..1].to_vec(),
        ping[..9].to_vec(),
        [&text[..], &ping[..9]].concat(),
        fragment[..8].to_vec(),
        [&fragment[..], &ping[..]].concat(),
        fragment,
        in_between,
    ]
}

#[test]
fn whatever_is_cut_is_given_up_when_nothing_more_comes() {
    for beginning in beginnings() {
        let mut server = server(|_| ());
        assert_eq!(server.turn(100, &beginning).0, Ok(140), "{beginning:02x?}");
        assert_eq!(server.turn(139, b"").0, Ok(140));
        assert_eq!(server.turn(140, b"").0, Err(Expired::MessageTimeout));
    }
}

#[test]
fn the_peer_is_told_by_a_close_with_1008_and_the_rest_is_swallowed() {
    let mut server = server(|_| ());
    let message = frame_for(Role::Server, 0x82, &[7; 100]);
    assert_eq!(server.turn(0, &message[..50]).0, Ok(40));
    assert_eq!(server.poll(40), Err(Expired::MessageTimeout));
    assert_eq!(server.ws.state(), State::Failed);
    assert_eq!(server.ws.transport_action(), TransportAction::Flush);
    let close = Frame {
        first: 0x88,
        key: None,
        payload: close_body(1008, "message timed out: peer sent too slowly"),
    };
    assert_eq!(frames(&drain(&mut server.ws)), [close]);
    assert_eq!(server.ws.transport_action(), TransportAction::ShutdownWrite);
    // The timeout is reported once. After that, the end has a time limit as always.
    assert_eq!(server.turn(40, &message[50..]), (Ok(50), vec![]));
    assert_eq!(server.turn(50, b"").0, Err(Expired::CloseTimeout));
}

#[test]
fn a_message_at_the_rate_may_take_any_time() {
    let mut server = server(|_| ());
    let second = [0; 1000];
    assert_eq!(server.turn(1, &head_for(Role::Server, 0x82, 10_000_000)).0, Ok(41));
    for now in 2..9_000 {
        assert_eq!(server.turn(now, &second).0, Ok(now + 40));
    }
}

#[test]
fn a_message_below_the_rate_is_given_up_when_the_slack_is_used() {
    // At half of the rate, the slack of 40 seconds lasts for 80. At a byte a second, it lasts for
    // 41.
    for (bytes, expected) in [(500, 80), (900, 400), (1, 41), (0, 40)] {
        let mut server = server(|_| ());
        assert!(server.turn(0, &head_for(Role::Server, 0x82, 10_000_000)).0.is_ok());
        let dropped_at = (1..).find(|now| server.turn(*now, &vec![0; bytes]).0.is_err()).unwrap();
        assert_eq!(dropped_at, expected, "{bytes} bytes a second");
    }
}

#[test]
fn a_burst_earns_no_credit() {
    let mut server = server(|_| ());
    assert!(server.turn(0, &head_for(Role::Server, 0x82, 10_000_000)).0.is_ok());
    assert_eq!(server.turn(1, &[0; 1_000_000]).0, Ok(41));
    assert_eq!(server.turn(41, b"").0, Err(Expired::MessageTimeout));
}

#[test]
fn a_rate_is_counted_exactly_however_often_is_polled() {
    let mut server = server(|timeouts| timeouts.message_rate = 3);
    server.ws.receive(&mut Input::new(&mut head_for(Role::Server, 0x82, 10_000_000)[..])).unwrap();
    let mut poll = |millis| server.timers.poll(&mut server.ws, Duration::from_millis(millis));
    let dropped_at = (0..).find(|millis| poll(*millis).is_err()).unwrap();
    assert_eq!(dropped_at, 40_000);
}

#[test]
fn each_message_has_its_own_time() {
    let mut server = server(|timeouts| timeouts.message = Some(Duration::from_secs(60)));
    let message = frame_for(Role::Server, 0x82, &[7; 100]);
    // At each poll a message is incomplete, but never the same one.
    let (front, back) = message.split_at(50);
    assert_eq!(server.turn(30, front).0, Ok(70));
    for now in (60..3000).step_by(30) {
        assert_eq!(server.turn(now, &[back, front].concat()).0, Ok(now + 40));
    }
}

#[test]
fn a_message_has_a_time_in_all_where_there_is_a_limit() {
    let mut server = server(|timeouts| timeouts.message = Some(Duration::from_secs(60)));
    assert!(server.turn(10, &head_for(Role::Server, 0x82, 10_000_000)).0.is_ok());
    for now in 11..30 {
        assert_eq!(server.turn(now, &[0; 2000]).0, Ok(now + 40));
    }
    for now in 30..70 {
        assert_eq!(server.turn(now, &[0; 2000]).0, Ok(70));
    }
    assert_eq!(server.turn(70, &[0; 2000]).0, Err(Expired::MessageTimeout));
}

#[test]
fn messages_can_be_left_without_limits() {
    for change in [(|timeouts| timeouts.message_slack = None) as fn(&mut Timeouts), |timeouts| {
        timeouts.message_rate = 0
    }] {
        let mut server = server(change);
        assert_eq!(server.turn(0, &head_for(Role::Server, 0x82, 100)).0, Ok(u64::MAX));
        assert_eq!(server.turn(1 << 40, b"x").0, Ok(u64::MAX));
    }
}

#[test]
fn time_in_which_the_caller_did_not_read_does_not_count() {
    let mut server = server(|_| ());
    assert!(server.turn(0, &head_for(Role::Server, 0x82, 1_000_000)).0.is_ok());
    assert_eq!(server.poll(10), Ok(40));
    server.timers.reading_paused();
    assert_eq!(server.poll(50), Ok(80));
    assert_eq!(server.poll(60), Ok(80));
    assert_eq!(server.poll(80), Err(Expired::MessageTimeout));
}

#[test]
fn output_that_is_left_gives_a_message_no_time() {
    for limit in
        [(|_| ()) as fn(&mut Timeouts), |timeouts| timeouts.message = Some(Duration::from_secs(40))]
    {
        let mut server = server(limit);
        assert_eq!(server.turn(0, &head_for(Role::Server, 0x82, 1_000_000)).0, Ok(40));
        server.ws.send_binary(&[7; 100_000]).unwrap();
        for now in 1..40 {
            server.ws.output().advance(1_000); // as fast as the rate demands
            assert_eq!(server.poll(now), Ok(40));
        }
        server.ws.output().advance(1_000);
        assert_eq!(server.poll(40), Err(Expired::MessageTimeout));
    }
}

#[test]
fn control_frames_inside_a_message_do_not_count_as_its_bytes() {
    let mut server = server(|_| ());
    assert_eq!(server.turn(0, &frame_for(Role::Server, 0x02, b"")).0, Ok(40));
    // 1048 bytes a second.
    let pongs = frame_for(Role::Server, 0x8A, &[7; 125]).repeat(8);
    for now in 1..40 {
        assert_eq!(server.turn(now, &pongs).0, Ok(40));
    }
    assert_eq!(server.turn(40, &pongs).0, Err(Expired::MessageTimeout));
}

#[test]
fn headers_do_not_count_as_bytes_of_a_message() {
    let mut server = server(|_| ());
    assert_eq!(server.turn(0, &frame_for(Role::Server, 0x02, b"")).0, Ok(40));
    let empty_fragments = frame_for(Role::Server, 0x00, b"").repeat(200);
    assert_eq!((1..).find(|now| server.turn(*now, &empty_fragments).0.is_err()), Some(40));
}

#[test]
fn time_in_which_a_trickle_was_read_counts_even_while_output_is_left() {
    let mut server = server(|timeouts| timeouts.write = None);
    assert!(server.turn(0, &head_for(Role::Server, 0x82, 1_000_000)).0.is_ok());
    server.ws.send_text("x").unwrap();
    let mut trickle = |now| {
        server.ws.receive(&mut Input::new(&mut [0][..])).unwrap();
        server.poll(now)
    };
    assert_eq!((1..).find(|now| trickle(*now).is_err()), Some(41));
}

#[test]
fn a_pause_does_not_count_even_if_it_ends_with_a_read() {
    let mut server = server(|_| ());
    assert_eq!(server.turn(0, &head_for(Role::Server, 0x82, 1_000_000)).0, Ok(40));
    for now in [39, 78, 117] {
        server.timers.reading_paused();
        assert_eq!(server.turn(now, b"x").0, Ok(now + 40));
    }
    assert_eq!(server.turn(157, b"").0, Err(Expired::MessageTimeout));
}
