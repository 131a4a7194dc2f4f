//! The clock: which times are allowed, and what a poll costs.

use std::time::Duration;

use sansock::timer::{Expired, HandshakeTimer, Timeouts, Timers};
use sansock::{Input, Role};

use super::watched::{PING, timeouts, watched};
use crate::support::{connection, drain, head_for};

#[test]
fn timers_take_96_bytes() {
    assert!(size_of::<Timers>() <= 96, "{}", size_of::<Timers>());
    assert!(size_of::<HandshakeTimer>() <= 64);
}

#[test]
fn a_clock_that_goes_back_passes_no_time() {
    let mut server = watched(timeouts());
    assert_eq!(server.poll(1_000), Ok(1_020));
    drain(&mut server.ws);
    assert_eq!(server.poll(1_010), Ok(1_020));
    assert_eq!(server.poll(10), Ok(20), "10 seconds are left, from wherever it goes on");
    assert_eq!(server.poll(0), Ok(10));
    assert_eq!(server.poll(10), Err(Expired::NoPong));
}

#[test]
fn any_time_and_any_limit_will_do() {
    let ends = [0, 1, 999_999, u64::from(u32::MAX), u64::MAX / 1000, u64::MAX];
    let times = ends.iter().flat_map(|secs| [(*secs, 0), (*secs, 999_999_999)]);
    let times: Vec<Duration> = times.map(|(secs, nanos)| Duration::new(secs, nanos)).collect();
    for limit in &times {
        let mut timeouts = Timeouts::DEFAULT;
        for field in [
            &mut timeouts.ping,
            &mut timeouts.pong,
            &mut timeouts.write,
            &mut timeouts.close,
            &mut timeouts.message,
            &mut timeouts.message_slack,
        ] {
            *field = Some(*limit);
        }
        (timeouts.message_rate, timeouts.write_rate) = (u32::MAX, u32::MAX);
        for first in &times {
            for then in &times {
                let mut ws = connection(Role::Server);
                let mut timers = Timers::new(timeouts.clone(), *first);
                let mut handshake = HandshakeTimer::new(*limit, *first);
                ws.receive(&mut Input::new(&mut head_for(Role::Server, 0x82, 9)[..])).unwrap();
                for now in [first, then, then, first] {
                    let _ = timers.poll(&mut ws, *now);
                    let _ = handshake.poll(*now);
                }
            }
        }
    }
}

#[test]
fn a_limit_of_nothing_is_a_millisecond_and_no_busy_loop() {
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.ping, timeouts.pong) = (Some(Duration::ZERO), Some(Duration::from_nanos(1)));
    let mut server = watched(timeouts);
    let mut poll = |millis| server.timers.poll(&mut server.ws, Duration::from_millis(millis));
    assert_eq!(poll(0), Ok(Some(Duration::from_millis(1))));
    assert_eq!(poll(1), Ok(Some(Duration::from_millis(2))));
    assert_eq!(drain(&mut server.ws), PING);
    let mut poll = |millis| server.timers.poll(&mut server.ws, Duration::from_millis(millis));
    assert_eq!(poll(2), Err(Expired::NoPong));
}

#[test]
fn parts_of_milliseconds_are_not_lost() {
    let mut server = watched(timeouts());
    let mut now = Duration::ZERO;
    let deadline = loop {
        let deadline = server.timers.poll(&mut server.ws, now).unwrap();
        if server.ws.has_output() {
            break now;
        }
        assert_eq!(deadline, Some(Duration::from_secs(30)));
        now += Duration::from_micros(333);
    };
    assert!((30_000..30_001).contains(&deadline.as_millis()), "{deadline:?}");
}

#[test]
fn a_handshake_has_a_time_in_all() {
    let mut timer = HandshakeTimer::new(Duration::from_secs(10), Duration::from_secs(100));
    for tenths in 0..100 {
        let now = Duration::from_millis(100_000 + 100 * tenths);
        assert_eq!(timer.poll(now), Ok(Duration::from_secs(110)));
    }
    let mut back = timer.clone();
    assert_eq!(timer.poll(Duration::from_secs(110)), Err(Expired::HandshakeTimeout));
    assert_eq!(timer.poll(Duration::from_secs(110)), Err(Expired::HandshakeTimeout));
    // 100 ms are left, whatever time the clock continues from.
    assert_eq!(back.poll(Duration::from_secs(3)), Ok(Duration::from_millis(3_100)));
    assert_eq!(back.poll(Duration::from_millis(3_100)), Err(Expired::HandshakeTimeout));

    let mut for_ever = HandshakeTimer::new(Duration::MAX, Duration::ZERO);
    assert_eq!(for_ever.poll(Duration::from_secs(u64::MAX)), Ok(Duration::MAX));
}

#[test]
fn what_has_expired_says_so() {
    let said = [
        (Expired::NoPong, "no response to ping"),
        (Expired::WriteStalled, "write timed out"),
        (Expired::CloseTimeout, "close timed out: peer did not end the connection"),
        (Expired::MessageTimeout, "message timed out: peer sent too slowly"),
        (Expired::HandshakeTimeout, "handshake timed out"),
    ];
    for (expired, text) in said {
        assert_eq!(expired.to_string(), text);
        let _: &dyn std::error::Error = &expired;
    }
}

#[test]
fn timers_go_where_connections_go() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Timers>();
    is_send_and_sync::<HandshakeTimer>();
}
