//! How pings beyond the budget are answered: RFC 6455 §5.5.2, §5.5.3, §10.4.

use core::time::Duration;

use crate::support::{ROLES, Seen, close_body, config, drain, frame_for, frames, receive};
use bytes::{Buf, BufMut};
use sansock::connection::{ExcessPings, PingPolicy, State};
use sansock::timer::{Timeouts, Timers};
use sansock::{Config, Connection, Role, Violation};

fn with(role: Role, burst: u32, per_second: u32, excess: ExcessPings) -> Connection {
    let mut config = config(role);
    config.pings = PingPolicy::Budget { burst, per_second, excess };
    Connection::new(config)
}

/// Receives pings with these payloads in one read. Returns what is seen.
fn ping(ws: &mut Connection, payloads: &[&str]) -> Vec<Seen> {
    let role = ws.config().role();
    let stream: Vec<u8> =
        payloads.iter().flat_map(|payload| frame_for(role, 0x89, payload.as_bytes())).collect();
    receive(ws, &[&stream])
}

/// Returns the payloads of the pongs that were sent.
fn pongs(ws: &mut Connection) -> Vec<String> {
    let frames = frames(&drain(ws));
    assert!(frames.iter().all(|frame| frame.first == 0x8A));
    frames.into_iter().map(|frame| String::from_utf8(frame.payload).unwrap()).collect()
}

fn seen(payloads: &[&str]) -> Vec<Seen> {
    payloads.iter().map(|payload| Seen::Ping(payload.as_bytes().to_vec())).collect()
}

#[test]
fn pings_beyond_the_budget_are_answered_by_the_latest_pong() {
    for role in ROLES {
        let mut ws = with(role, 2, 0, ExcessPings::Coalesce);
        let pings = ["a", "b", "c", "d", "e"];
        assert_eq!(ping(&mut ws, &pings), seen(&pings));
        assert_eq!(pongs(&mut ws), ["a", "b", "e"]);
        // Once that pong is written, the next one may be queued.
        assert_eq!(ping(&mut ws, &["f", "g"]), seen(&["f", "g"]));
        assert_eq!(pongs(&mut ws), ["f", "g"]);
    }
}

#[test]
fn pings_beyond_the_budget_are_left_to_the_application() {
    for role in ROLES {
        let mut ws = with(role, 1, 0, ExcessPings::Manual);
        assert_eq!(ping(&mut ws, &["a", "b"]), seen(&["a", "b"]));
        ws.pong(b"b, by hand").unwrap();
        assert_eq!(pongs(&mut ws), ["a", "b, by hand"]);
    }
}

#[test]
fn no_ping_is_answered_where_the_application_does() {
    for role in ROLES {
        let mut config = config(role);
        config.pings = PingPolicy::Manual;
        let mut ws = Connection::new(config);
        assert_eq!(ping(&mut ws, &["a", "b"]), seen(&["a", "b"]));
        assert!(!ws.has_output());
    }
}

#[test]
fn pings_beyond_the_budget_end_the_connection() {
    for role in ROLES {
        let mut ws = with(role, 2, 0, ExcessPings::FailConnection);
        let len = 3 * frame_for(role, 0x89, b"a").len() as u64;
        let violation = Violation::TooManyPings { limit: 2 };
        let mut expected = seen(&["a", "b"]);
        expected.push(Seen::Failed(violation, len - 1));
        assert_eq!(ping(&mut ws, &["a", "b", "c", "d"]), expected);
        assert_eq!(ws.state(), State::Failed);
        let sent = frames(&drain(&mut ws));
        let text = "more than 2 pings in a row";
        assert_eq!(sent.last().unwrap().content(), (0x88, &close_body(1008, text)[..]));
        assert_eq!((violation.to_string(), violation.section()), (text.into(), "10.4"));
    }
}

#[test]
fn time_earns_answers() {
    for role in ROLES {
        let mut ws = with(role, 2, 4, ExcessPings::Manual);
        let mut timers = Timers::new(Timeouts::DEFAULT, Duration::ZERO);
        let mut answered_at = |ws: &mut Connection, millis| {
            timers.poll(ws, Duration::from_millis(millis)).unwrap();
            ping(ws, &["x"; 5]);
            pongs(ws).len()
        };
        assert_eq!(answered_at(&mut ws, 0), 2);
        assert_eq!(answered_at(&mut ws, 249), 0);
        assert_eq!(answered_at(&mut ws, 250), 1);
        assert_eq!(answered_at(&mut ws, 750), 2);
        assert_eq!(answered_at(&mut ws, 60_000), 2, "no more than the burst");
    }
}

#[test]
fn all_pings_are_answered_by_default() {
    let mut ws = Connection::new(Config::server());
    for _ in 0..10_000 {
        assert_eq!(ping(&mut ws, &["x"]).len(), 1);
        assert_eq!(pongs(&mut ws), ["x"]);
    }
}

/// The contract of `Buf`: taking `n` bytes leaves `n` fewer, and none are added meanwhile.
#[test]
fn output_does_not_grow_while_it_is_written() {
    for role in ROLES {
        let mut ws = Connection::new(config(role));
        ws.send_binary(&[0; 2000]).unwrap();
        ping(&mut ws, &["first", "second"]);
        let len = ws.output().remaining();
        let mut written = vec![0; len];
        (&mut written[..]).put(ws.output());
        assert!(!ws.has_output());
        let payloads: Vec<_> = frames(&written).into_iter().map(|frame| frame.payload).collect();
        assert_eq!(payloads, [vec![0; 2000], b"first".to_vec(), b"second".to_vec()]);

        ws.send_binary(&[0; 2000]).unwrap();
        ping(&mut ws, &["first", "second"]);
        for left in (0..ws.output().remaining()).rev() {
            assert!(!ws.output().chunk().is_empty());
            ws.output().advance(1);
            assert_eq!(ws.output().remaining(), left);
        }
    }
}

#[test]
fn a_pong_that_waits_goes_before_what_is_sent_when_the_others_are_written() {
    let mut ws = Connection::new(config(Role::Server));
    ws.send_binary(&[0; 2000]).unwrap();
    ping(&mut ws, &["1", "2", "3"]);
    ws.send_text("before").unwrap();
    // All but "fore" and the pong that waits.
    let written = ws.output().remaining() - 4 - 3;
    ws.output().advance(written);
    ws.send_text("after").unwrap();
    assert_eq!(drain(&mut ws), b"fore\x8A\x013\x81\x05after");
}
