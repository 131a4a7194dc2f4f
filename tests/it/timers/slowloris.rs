//! Peers that keep a message in progress with as few bytes as they can, but are otherwise well
//! behaved.

use std::time::Duration;

use bytes::Buf;
use sansock::connection::State;
use sansock::timer::{Expired, Timeouts, Timers};
use sansock::{Config, Connection, Role};

use super::random::Random;
use crate::support::{connection, drain, frame_for, frames, head_for, receive};

/// A peer that answers every ping at once, and sends a message in pieces of a few bytes.
struct Trickle {
    /// Whether the pieces are fragments, with pongs between them, or parts of one frame.
    is_fragmented: bool,
    /// The most bytes it may send in a second.
    rate: u64,
    /// When it will send next, in milliseconds.
    next: u64,
    /// Pongs that it still has to send.
    owed: Vec<u8>,
}

impl Trickle {
    fn begin(&self) -> Vec<u8> {
        if self.is_fragmented {
            frame_for(Role::Server, 0x02, b"")
        } else {
            head_for(Role::Server, 0x82, 1 << 20)
        }
    }

    fn send(&mut self, now: u64, random: &mut Random) -> Vec<u8> {
        let piece = vec![0; random.between(1, 10) as usize];
        let piece = if self.is_fragmented { frame_for(Role::Server, 0x00, &piece) } else { piece };
        let bytes = if self.is_fragmented { [&self.owed[..], &piece].concat() } else { piece };
        self.owed.clear();
        // Never faster than the rate, and usually slower.
        let millis = (1_000 * bytes.len() as u64).div_ceil(self.rate);
        self.next = now + millis + random.between(0, 200);
        bytes
    }
}

/// Returns when the server drops the peer.
fn dropped_at(
    ws: &mut Connection,
    timeouts: &Timeouts,
    mut peer: Trickle,
    random: &mut Random,
) -> u64 {
    let mut timers = Timers::new(timeouts.clone(), Duration::ZERO);
    receive(ws, &[&peer.begin()]);
    let mut now = 0;
    loop {
        let deadline = match timers.poll(ws, Duration::from_millis(now)) {
            Err(why) => {
                assert_eq!(why, Expired::MessageTimeout, "it is alive");
                return now;
            }
            Ok(deadline) => deadline.unwrap().as_millis() as u64,
        };
        for ping in frames(&drain(ws)) {
            assert_eq!(ping.first, 0x89);
            peer.owed.extend(frame_for(Role::Server, 0x8A, b""));
        }
        now = deadline.min(peer.next);
        if now == peer.next {
            receive(ws, &[&peer.send(now, random)]);
        }
    }
}

#[test]
fn a_message_below_the_rate_is_cut_off_however_it_trickles() {
    for seed in 0..1_000 {
        let mut random = Random::new(seed);
        let mut timeouts = Timeouts::DEFAULT;
        timeouts.message_rate = random.between(100, 2_000) as u32;
        timeouts.message_slack = Some(Duration::from_millis(random.between(1_000, 10_000)));
        timeouts.ping = Some(Duration::from_millis(50)); // so that pings and pongs are mixed in
        let peer = Trickle {
            is_fragmented: random.chance(50),
            rate: u64::from(timeouts.message_rate) / 2,
            next: 0,
            owed: Vec::new(),
        };
        let mut ws = connection(Role::Server);
        let slack = timeouts.message_slack.unwrap().as_millis() as u64;
        let at = dropped_at(&mut ws, &timeouts, peer, &mut random);
        // At half of the rate, the slack lasts twice its time.
        assert!((slack..=2 * slack + 500).contains(&at), "seed {seed}: {at} ms of {slack}");
        assert_eq!(ws.state(), State::Failed);
        assert_eq!(frames(&drain(&mut ws))[0].payload[..2], 1008u16.to_be_bytes());
        assert!(!ws.output().has_remaining());
    }
}

#[test]
fn a_message_at_the_rate_is_not() {
    for seed in 0..100 {
        let mut random = Random::new(seed);
        let (mut ws, timeouts) = (connection(Role::Server), Timeouts::DEFAULT);
        let mut timers = Timers::new(timeouts.clone(), Duration::ZERO);
        receive(&mut ws, &[&head_for(Role::Server, 0x82, 1 << 20)]);
        let (mut now, mut sent) = (0, 0);
        while sent < 1 << 20 {
            let piece = random.between(1, 20_000).min((1 << 20) - sent);
            sent += piece;
            now += piece * 1_000 / u64::from(timeouts.message_rate);
            let seen = receive(&mut ws, &[&vec![0; piece as usize]]);
            assert_eq!(seen.len(), usize::from(sent == 1 << 20), "seed {seed}");
            timers.poll(&mut ws, Duration::from_millis(now)).unwrap();
            drain(&mut ws);
        }
        assert!(now > 1_000_000, "a quarter of an hour");
    }
}

/// A peer that begins the longest message, never ends it, and takes as little output as it can.
struct Hoarder {
    /// The payload that is left to send.
    to_send: usize,
    /// When it acts next, in milliseconds.
    next: u64,
}

impl Hoarder {
    fn act(&mut self, ws: &mut Connection, random: &mut Random) {
        if random.chance(70) {
            let len = random.between(0, 8).pow(5).min(self.to_send as u64 - 1) as usize;
            receive(ws, &[&vec![0; len]]);
            self.to_send -= len;
        }
        if random.chance(70) {
            let taken = random.between(0, 4).pow(6).min(ws.output_len() as u64 - 1);
            ws.output().advance(taken as usize);
        }
        self.next += random.between(1, 59_000) >> random.between(0, 8);
    }
}

#[test]
fn what_a_peer_can_have_held_is_bounded_in_bytes_and_time() {
    const LIMIT: usize = 200_000;
    const SENT: usize = 1_000;
    for seed in 0..500 {
        let mut random = Random::new(seed);
        let mut config = Config::server();
        config.limits.message = LIMIT as u64;
        let max_output = random.between(1, 50_000) as usize;
        config.max_output = Some(max_output);
        let most = LIMIT + max_output + SENT;
        let mut ws = Connection::new(config);
        let mut timeouts = Timeouts::DEFAULT;
        timeouts.message = Some(Duration::from_secs(60));
        let mut timers = Timers::new(timeouts.clone(), Duration::ZERO);
        receive(&mut ws, &[&head_for(Role::Server, 0x82, LIMIT as u64)]);

        let mut peer = Hoarder { to_send: LIMIT, next: 0 };
        let (mut now, mut held) = (0, 0u128);
        // The application sends as much as there is room for.
        while let Ok(deadline) = {
            while ws.send_binary(&[7; SENT]).is_ok() {}
            timers.poll(&mut ws, Duration::from_millis(now))
        } {
            let then = peer.next.min(deadline.unwrap().as_millis() as u64);
            held += u128::from(then - now) * (LIMIT - peer.to_send + ws.output_len()) as u128;
            now = then;
            if now == peer.next {
                peer.act(&mut ws, &mut random);
            }
        }
        assert!(now <= timeouts.message.unwrap().as_millis() as u64, "seed {seed}: {now} ms");
        assert!(
            held <= most as u128 * timeouts.message.unwrap().as_millis(),
            "seed {seed}: {held}"
        );
    }
}

#[test]
fn waiting_output_is_held_for_as_long_as_its_least_rate_says() {
    for seed in 0..500 {
        let mut random = Random::new(seed);
        let (mut ws, timeouts) = (connection(Role::Server), Timeouts::DEFAULT);
        let mut timers = Timers::new(timeouts.clone(), Duration::ZERO);
        let len = random.between(1, 1 << 20);
        ws.send_binary(&vec![7; len as usize]).unwrap();
        let slack = timeouts.write.unwrap().as_secs();
        let most = 1000 * (slack + len / u64::from(timeouts.write_rate) + 1);
        let (mut now, mut next) = (0, 0);
        while let Ok(deadline) = timers.poll(&mut ws, Duration::from_millis(now)) {
            assert!(now <= most, "seed {seed}: {now} ms");
            now = next.min(deadline.unwrap().as_millis() as u64);
            if now == next {
                next += random.between(1, 59_000) >> random.between(0, 8);
                // The peer answers every ping, and leaves one byte of the output.
                receive(&mut ws, &[&frame_for(Role::Server, 0x8A, b"")]);
                let taken = random.between(0, 4).pow(6).min(ws.output_len() as u64 - 1);
                ws.output().advance(taken as usize);
            }
        }
    }
}
