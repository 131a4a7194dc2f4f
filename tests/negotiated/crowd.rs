//! Two thousand clients at once: with TLS and in the clear, fast and slow, silent, and unfinished.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use sansock::{CloseCode, Event};

use crate::client::{Client, Progress};
use crate::dribble::Dribble;
use crate::drive::wait;
use crate::mode::Mode;
use crate::peer::TlsPolicy;
use crate::running::{Memory, Running, Tls};
use crate::session::{Session, Turn};
use crate::ssl_request::REQUEST;
use crate::time_limit::within_a_minute;

/// How many clients there are, if the system lets one process have both ends of so many sockets.
const CLIENTS: usize = 2000;
/// One in so many clients never finishes its handshakes.
const UNFINISHED: usize = 10;
/// One in so many of the others moves a byte at a time.
const SLOW: usize = 9;
/// One in so many of the others never sends anything once it is open.
const SILENT: usize = 3;
/// How many clients connect at the same time: fewer than a listener keeps.
const WAVE: usize = 100;

/// The most bytes that the server's thread may have allocated for an idle client.
const PLAIN_BYTES: isize = 512;
/// Of these, rustls keeps 4 KiB for the next record.
const TLS_BYTES: isize = 9 << 10;
/// The same for one that has not finished its handshakes.
const UNFINISHED_BYTES: isize = 6 << 10;
/// The same at any time, in all.
const PEAK: isize = 10 << 20;

#[test]
fn a_crowd_of_clients_takes_little_memory_while_it_is_idle() {
    within_a_minute(|| {
        let clients = affordable(CLIENTS);
        let half = clients / 2;
        let finished = half - half / UNFINISHED;
        let tls = Tls::new();
        // It reports nothing, because a report would be allocated on its thread and freed on this one.
        let mut server = Running::start_with(TlsPolicy::Offered(Arc::clone(&tls.config)), false);
        let mut crowd = Crowd::new();
        let empty = server.memory();

        crowd.join(&tls, Mode::Disable, &server, finished);
        let plain = server.memory_with(finished);
        crowd.join(&tls, Mode::VerifyFull, &server, finished);
        let with_tls = server.memory_with(2 * finished);
        let unfinished = connect_unfinished(&server, clients - 2 * finished);
        let all = server.memory_with(clients);

        // With everyone there, those that talk talk again, and are as idle as before.
        crowd.echo("Is anyone still there?");
        let idle = server.memory_with(clients);
        let slack = idle.bytes - all.bytes;

        // The end of the handshake timeout, and that of the time in which those that speak HTTP may
        // take the response.
        server.set_clock(Duration::from_secs(10));
        server.memory_with(2 * finished + (clients - 2 * finished + 2) / 5);
        server.set_clock(Duration::from_secs(20));
        server.memory_with(2 * finished);
        drop(unfinished);
        crowd.echo("Are we alone now?");
        crowd.close();
        let left = server.memory_with(0).bytes - empty.bytes;
        let peak = server.stop();

        let each = |from: Memory, to: Memory| {
            (to.bytes - from.bytes) / isize::try_from(to.clients - from.clients).unwrap()
        };
        let (plain, tls, rest) = (each(empty, plain), each(plain, with_tls), each(with_tls, all));
        println!("{clients} clients; bytes on the heap of the server's thread:");
        println!("  an idle client in the clear {plain}, with TLS {tls}; an unfinished one {rest}");
        println!(
            "  peak {peak}, more after another message of each {slack}, left at the end {left}"
        );
        assert!(plain <= PLAIN_BYTES, "{plain} bytes for an idle client in the clear");
        assert!(tls <= TLS_BYTES, "{tls} bytes for an idle client with TLS");
        assert!(rest <= UNFINISHED_BYTES, "{rest} bytes for an unfinished client");
        assert!(peak <= PEAK, "{peak} bytes at the peak");
        // Room for the numbers of the clients and their timers is kept.
        let kept = isize::try_from(clients).unwrap() * 64;
        assert!(slack <= kept && left <= kept, "{slack} and {left} bytes more than at first");
    });
}

/// Clients that are driven together.
struct Crowd {
    poll: Poll,
    members: Vec<Member>,
}

struct Member {
    connection: Connection,
    is_silent: bool,
    is_slow: bool,
    registered: u32,
    echoes: usize,
}

enum Connection {
    Opening(Client<Dribble>),
    Open(Session<Dribble>),
    Closed,
}

impl Crowd {
    fn new() -> Crowd {
        Crowd { poll: Poll::new().unwrap(), members: Vec::new() }
    }

    /// Connects so many clients more. All of them are open then, and those that are not silent have
    /// exchanged a message.
    fn join(&mut self, tls: &Tls, mode: Mode, server: &Running, count: usize) {
        let target = Arc::new(tls.target(mode));
        let address = server.address;
        let first = self.members.len();
        for number in 0..count {
            let (is_slow, is_silent) = (number % SLOW == 0, number % SILENT == 1);
            let dial = move || Ok(Dribble::new(TcpStream::connect(address)?, is_slow));
            let connection = Connection::Opening(Client::new(Arc::clone(&target), dial));
            let member = Member { connection, is_silent, is_slow, registered: 0, echoes: 0 };
            self.members.push(member);
        }
        for start in (first..first + count).step_by(WAVE) {
            let wave = start..(start + WAVE).min(first + count);
            self.drive(wave, |member| matches!(member.connection, Connection::Open(_)));
        }
        self.echo_from(first, "Hello");
    }

    /// Lets every member that is not silent send a text, and get it back.
    fn echo(&mut self, text: &str) {
        self.echo_from(0, text);
    }

    fn echo_from(&mut self, first: usize, text: &str) {
        for member in self.members[first..].iter_mut().filter(|member| !member.is_silent) {
            member.echoes = 0;
            let Connection::Open(session) = &mut member.connection else { panic!() };
            session.open.endpoint.send_text(text).unwrap();
        }
        let all = first..self.members.len();
        self.drive(all, |member| member.is_silent || member.echoes > 0);
    }

    /// Closes all connections.
    fn close(&mut self) {
        for member in &mut self.members {
            let Connection::Open(session) = &mut member.connection else { panic!() };
            session.open.endpoint.close(CloseCode::NORMAL, "").unwrap();
        }
        let all = 0..self.members.len();
        self.drive(all, |member| matches!(member.connection, Connection::Closed));
    }

    /// Steps the members with these numbers until all of them are done.
    fn drive(&mut self, numbers: std::ops::Range<usize>, is_done: impl Fn(&Member) -> bool) {
        let mut events = Events::with_capacity(1024);
        let mut due: Vec<usize> = numbers.clone().collect();
        loop {
            for number in due.drain(..) {
                self.members[number].step(&self.poll, Token(number));
            }
            let waiting = numbers.clone().filter(|number| !is_done(&self.members[*number]));
            // The transport of a slow one is ready although the system does not say so again.
            let slow = waiting.clone().filter(|number| self.members[*number].is_slow);
            due.extend(slow);
            if waiting.count() == 0 {
                return;
            }
            let at_most = (!due.is_empty()).then_some(Duration::ZERO);
            wait(&mut self.poll, &mut events, at_most).unwrap();
            due.extend(events.iter().map(|event| event.token().0));
        }
    }
}

impl Member {
    /// Does what is possible without waiting.
    fn step(&mut self, poll: &Poll, token: Token) {
        match &mut self.connection {
            Connection::Opening(client) => {
                let progress = client.poll(Duration::ZERO).unwrap();
                if self.registered != client.attempts() {
                    self.registered = client.attempts();
                    let tcp = &mut client.transport().unwrap().tcp;
                    let both = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(tcp, token, both).unwrap();
                }
                if progress == Progress::Ready {
                    let opening = std::mem::replace(&mut self.connection, Connection::Closed);
                    let Connection::Opening(client) = opening else { return };
                    self.connection = Connection::Open(client.into_session().unwrap());
                }
            }
            Connection::Open(session) => {
                let echoes = &mut self.echoes;
                let turn = session.turn(Duration::ZERO, |_, event| {
                    *echoes += usize::from(matches!(event, Event::Text(_)));
                });
                if turn.unwrap() == Turn::End {
                    self.connection = Connection::Closed;
                }
            }
            Connection::Closed => {}
        }
    }
}

/// Connects clients that stop at one place or another, and never send anything more.
fn connect_unfinished(server: &Running, count: usize) -> Vec<std::net::TcpStream> {
    let connect = |number: usize| {
        let mut client = std::net::TcpStream::connect(server.address).unwrap();
        client.set_nodelay(true).unwrap();
        match number % 5 {
            0 => {}
            1 => client.write_all(&REQUEST[..5]).unwrap(),
            2 => client.write_all(b"GET / HTTP/1.1\r\nHost: a.example\r\nUpgrade: webso").unwrap(),
            more => {
                client.write_all(&REQUEST).unwrap();
                client.read_exact(&mut [0]).unwrap();
                // The header of a record of TLS, and a part of it.
                client.write_all(&b"\x16\x03\x01\x02\x00\x01\x00\x01"[..2 * more]).unwrap();
            }
        }
        client
    };
    (0..count).map(connect).collect()
}

/// Returns how many of `wanted` clients this process may have, both of whose ends it has.
fn affordable(wanted: usize) -> usize {
    let others = 100;
    let needed = 2 * wanted + others;
    if let Some((_, most)) = open_files().filter(|(limit, _)| *limit < needed) {
        // A program of util-linux, because the standard library has no `setrlimit`.
        let pid = std::process::id().to_string();
        let limit = format!("--nofile={}:", needed.min(most));
        let _ = Command::new("prlimit").args(["--pid", &pid, &limit]).status();
    }
    let affordable = open_files().map_or(100, |(limit, _)| limit.saturating_sub(others) / 2);
    if affordable < wanted {
        println!("{affordable} clients instead of {wanted}: the limit of open files is too low");
    }
    affordable.min(wanted)
}

/// Returns how many files this process may have open, and how many it may ask for, if the system says
/// so.
fn open_files() -> Option<(usize, usize)> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut limits = line.split_whitespace().map(|limit| limit.parse().unwrap_or(usize::MAX));
    Some((limits.next()?, limits.next()?))
}
