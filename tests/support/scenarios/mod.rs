//! What a peer does at the other end of a transport, and what comes of it: one table of scenarios
//! for every transport.
//!
//! ```text
//!   our end            transport             the peer
//!   Ours  ────────────────────────────────── Wire
//!   a WebSocket        sockets, TLS, …       bytes that a scenario writes and reads by itself
//! ```
//!
//! The two ends run on two threads, and nothing sleeps. A transport that cannot do what a scenario is
//! about says so in its [`Transport`], and does not run it.
#![allow(dead_code, reason = "each program uses what it needs")]
#![allow(missing_docs, unreachable_pub, reason = "no API")]
#![allow(missing_debug_implementations, reason = "no API")]

pub mod ours;
pub mod peer;
mod table;

use std::io::{self, Read, Write};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use sansock::endpoint::{RequestPolicy, Settings};
use sansock::timer::Timeouts;
use sansock::{Message, Role};

use crate::support::{ROLES, config};
use crate::time_limit::within_a_minute;
use peer::Peer;

/// Our end of a transport. Each call waits.
pub trait Ours {
    /// Receives a message, or `None` after a closing handshake.
    fn receive(&mut self) -> Result<Option<Message>, End>;
    fn send(&mut self, message: Message) -> Result<(), End>;
    fn close(&mut self, code: u16) -> Result<(), End>;
    /// The code of the peer's Close.
    fn close_code(&self) -> Option<u16>;
}

/// How a connection ends without a closing handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The transport has ended, in whatever way it says so.
    Cut,
    /// The peer has broken a rule, and was told this code.
    Failed(u16),
    /// A deadline has passed.
    Expired,
}

/// The peer's end.
pub trait Wire: Read + Write {
    /// Ends the peer's direction.
    fn shut_down(&mut self) -> io::Result<()>;
}

/// A way for bytes to get from one end to the other.
#[derive(Clone, Copy)]
pub struct Transport {
    pub name: &'static str,
    pub link: fn(Role) -> Link,
    /// Whether it moves so few bytes at once that megabytes take too long.
    pub is_slow: bool,
    /// Whether deadlines are looked at while it waits.
    pub has_deadlines: bool,
    /// Whether the peer may send as many tiny pieces as it likes.
    pub allows_tiny_pieces: bool,
}

/// The two ends of a transport, before the opening handshake.
pub struct Link {
    /// Opens our end.
    pub ours: OpenOurs,
    /// Opens the peer's, by [`open_peer`] if the opening handshake is HTTP/1.1.
    pub peer: OpenPeer,
}

pub type OpenOurs = Box<dyn FnOnce(&Settings) -> Box<dyn Ours>>;
pub type OpenPeer = Box<dyn FnOnce() -> Box<dyn Wire> + Send>;

/// A scenario. What its functions find wrong is a panic.
#[derive(Clone, Copy)]
pub struct Scenario {
    name: &'static str,
    ours: fn(&mut dyn Ours, &Scope),
    peer: fn(&mut Peer<'_>, &Scope),
    needs: Needs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Deadlines,
    TinyPieces,
}

/// What a scenario may want to know of where it runs.
#[derive(Clone, Copy)]
pub struct Scope {
    /// The role of our end.
    role: Role,
    is_slow: bool,
}

/// Runs every scenario over a transport, in both roles.
pub fn run(transport: Transport) {
    for scenario in table::ALL {
        let can = match scenario.needs {
            Needs::Nothing => true,
            Needs::Deadlines => transport.has_deadlines,
            Needs::TinyPieces => transport.allows_tiny_pieces,
        };
        if !can {
            println!("{}: not over {}", scenario.name, transport.name);
            continue;
        }
        for role in ROLES {
            println!("{} over {}, as {role:?}", scenario.name, transport.name);
            within_a_minute(move || run_one(transport, scenario, role));
        }
    }
}

fn run_one(transport: Transport, scenario: &Scenario, role: Role) {
    let scope = Scope { role, is_slow: transport.is_slow };
    let Link { ours, peer } = (transport.link)(role);
    thread::scope(|threads| {
        let (_here, ours_is_gone) = mpsc::channel();
        threads.spawn(|| {
            let mut wire = peer();
            (scenario.peer)(&mut Peer::new(&mut *wire, role, ours_is_gone), &scope);
        });
        // It is dropped before the other thread is waited for, also if a scenario fails.
        let mut ours = ours(&settings(role, scenario.needs));
        (scenario.ours)(&mut *ours, &scope);
    });
}

/// Has deadlines only if the scenario waits for one, as this machine may be slow.
fn settings(role: Role, needs: Needs) -> Settings {
    let mut settings = Settings::new(config(role));
    settings.requests = RequestPolicy::AcceptUnseen;
    settings.timeouts = (needs == Needs::Deadlines).then(|| {
        let mut timeouts = Timeouts::DEFAULT;
        (timeouts.write, timeouts.close) = (Some(SHORT), Some(SHORT));
        timeouts.write_rate = 0;
        Arc::new(timeouts)
    });
    settings
}

const SHORT: Duration = Duration::from_secs(1);
