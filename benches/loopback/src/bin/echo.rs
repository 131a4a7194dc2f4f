//! Measures echo servers: see README.md.

use std::env;
use std::io::{Read, Write};
use std::time::Duration;

use sansock_loopback::figures::{Figures, head, row};
use sansock_loopback::load::{self, Load, Traffic};
use sansock_loopback::peers::Peer;
use sansock_loopback::process::{self, Worker};
use sansock_loopback::{Failure, handshake, server, sockets};

const USAGE: &str = "\
usage: cargo run --release --bin echo -- [OPTIONS] [FILTER]

FILTER is a part of a row's name, such as '64 connections, 125 B'.

  --check           only whether every peer echoes
  --quick           one short round
  --rounds N        how often each peer runs in each row (default 5)
  --millis N        for how long (default 250)
  --peers A,B       only peers whose name contains one of these";

const PEERS: [Peer; 7] = [
    Peer::Sansock,
    Peer::SansockQueue,
    Peer::SansockEvents,
    Peer::Tungstenite,
    Peer::Fastwebsockets,
    Peer::TokioWebsockets,
    Peer::Sockudo,
];

struct Arguments {
    filter: String,
    peers: Vec<usize>,
    is_check: bool,
    rounds: usize,
    time: Duration,
}

/// What one peer took in one row, a figure for each round.
#[derive(Clone, Default)]
struct Measured {
    messages: Figures,
    median: Figures,
    slow: Figures,
    user: Figures,
    system: Figures,
    cpu: Figures,
    peak: Figures,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    process::raise_open_files();
    if let [role, peer] = &arguments[..]
        && role == "server"
    {
        return server::serve(PEERS[peer.parse::<usize>()?]);
    }
    let arguments = Arguments::parse(arguments.into_iter())?;
    if arguments.is_check {
        return arguments.peers.iter().try_for_each(|&peer| check(peer));
    }
    process::stay_on(process::PROCESSORS.1);
    let mut rows = rows();
    rows.retain(|traffic| name(traffic).contains(&arguments.filter));
    let mut results = vec![vec![Measured::default(); PEERS.len()]; rows.len()];
    for round in 0..arguments.rounds {
        for (traffic, results) in rows.iter().zip(&mut results) {
            eprintln!("round {}, {}", round + 1, name(traffic));
            // Another one is the first in each round.
            for i in 0..arguments.peers.len() {
                let peer = arguments.peers[(i + round) % arguments.peers.len()];
                measure(peer, *traffic, arguments.time, &mut results[peer])?;
            }
        }
    }
    print_summary(&arguments.peers, &rows, &results);
    print_details(&arguments.peers, &rows, &results);
    Ok(())
}

/// Returns all rows.
fn rows() -> Vec<Traffic> {
    let mut rows = Vec::new();
    for connections in [1, 64, 1000] {
        for payload in [16, 125, 16 << 10, 1 << 20] {
            // The messages that are on their way take at most 32 MiB or so.
            let pipelined = match (payload, connections) {
                (0..1024, _) | (_, 1) if payload <= 16 << 10 => 32,
                (0x4000, 64) => 8,
                (0x4000, _) => 2,
                (_, 1) => 4,
                (_, 64) => 2,
                _ => continue,
            };
            for window in [1, pipelined] {
                rows.push(Traffic { connections, payload, window });
            }
        }
    }
    rows
}

fn name(traffic: &Traffic) -> String {
    let payload = match traffic.payload {
        0x4000 => "16 KiB".to_owned(),
        0x10_0000 => "1 MiB".to_owned(),
        len => format!("{len} B"),
    };
    let connections = match traffic.connections {
        1 => "1 connection".to_owned(),
        count => format!("{count} connections"),
    };
    let window = match traffic.window {
        1 => "one at a time".to_owned(),
        window => format!("{window} at a time"),
    };
    format!("{connections}, {payload}, {window}")
}

/// Lets a peer run once.
fn measure(
    peer: usize,
    traffic: Traffic,
    time: Duration,
    results: &mut Measured,
) -> Result<(), Failure> {
    let mut server = Worker::start(&["server", &peer.to_string()])?;
    let port = *server.receive()?.first().ok_or("no port")?;
    let mut load = Load::connect(port as u16, traffic)?;
    load.run(time / 5)?;
    let before = server.ask("")?;
    let mut echoed = load.run(time)?;
    let after = server.ask("")?;
    let count = echoed.latencies.len().max(1);
    let mut latency = |part: usize| {
        let place = (count * part / 100).min(count - 1);
        let found = echoed.latencies.get_mut(..count).map(|all| *all.select_nth_unstable(place).1);
        f64::from(found.unwrap_or(0)) / 1000.0
    };
    let (median, slow) = (latency(50), latency(99));
    let each = |i: usize| (after[i] - before[i]) as f64 / count as f64;
    results.messages.0.push(count as f64 / echoed.elapsed.as_secs_f64());
    results.median.0.push(median);
    results.slow.0.push(slow);
    results.user.0.push(each(0));
    results.system.0.push(each(1));
    results.cpu.0.push(each(0) + each(1));
    results.peak.0.push(after[2] as f64 / 1024.0);
    Ok(())
}

/// Prints the processor's time for a message, a row for all peers.
fn print_summary(peers: &[usize], rows: &[Traffic], results: &[Vec<Measured>]) {
    println!("Processor time of the server for a message, in µs: median, and quartiles.\n");
    let names = peers.iter().map(|&peer| PEERS[peer].name());
    println!("{}", head(&std::iter::once("").chain(names).collect::<Vec<_>>(), 1));
    for (traffic, results) in rows.iter().zip(results) {
        let best = peers.iter().map(|&peer| results[peer].cpu.median()).fold(f64::MAX, f64::min);
        let cells = peers.iter().map(|&peer| {
            let cpu = &results[peer].cpu;
            let mark = if cpu.median() <= best { "**" } else { "" };
            let [median, low, high] = [cpu.median(), cpu.quantile(0.25), cpu.quantile(0.75)];
            format!("{mark}{median:.2}{mark} ({low:.2}–{high:.2})")
        });
        println!("{}", row(&std::iter::once(name(traffic)).chain(cells).collect::<Vec<_>>()));
    }
}

/// Prints all figures, a table for each row.
fn print_details(peers: &[usize], rows: &[Traffic], results: &[Vec<Measured>]) {
    for (traffic, results) in rows.iter().zip(results) {
        println!("\n{}:\n", name(traffic));
        let columns = ["messages/s", "quartiles", "p50 µs", "p99 µs", "user µs", "system µs"];
        println!("{}", head(&[&[""], &columns[..], &["peak MiB"]].concat(), 1));
        for &peer in peers {
            let measured = &results[peer];
            let messages = &measured.messages;
            println!(
                "| {} | {:.0} | {:.0}–{:.0} | {:.1} | {:.1} | {:.2} | {:.2} | {:.1} |",
                PEERS[peer].name(),
                messages.median(),
                messages.quantile(0.25),
                messages.quantile(0.75),
                measured.median.median(),
                measured.slow.median(),
                measured.user.median(),
                measured.system.median(),
                measured.peak.median()
            );
        }
    }
}

/// Fails if a peer does not echo.
fn check(peer: usize) -> Result<(), Failure> {
    let mut server = Worker::start(&["server", &peer.to_string()])?;
    let port = *server.receive()?.first().ok_or("no port")?;
    let mut stream = sockets::connect(port as u16)?;
    handshake::connect(&mut stream)?;
    for first in [0x81, 0x82] {
        for len in [0, 1, 16, 125, 126, 16 << 10, 65_535, 65_536, 1 << 20] {
            let payload: Vec<u8> = (0..len).map(|i| b'a' + (i % 26) as u8).collect();
            let echo = load::frame(first, &payload, None);
            // Two of them, and a part of the second one later.
            let frames = load::frame(first, &payload, Some(load::KEY)).repeat(2);
            let (early, late) = frames.split_at(frames.len() - len / 2);
            stream.write_all(early)?;
            let mut read = vec![0; echo.len()];
            stream.read_exact(&mut read)?;
            let is_first = read == echo;
            stream.write_all(late)?;
            stream.read_exact(&mut read)?;
            if !is_first || read != echo {
                return Err(format!("{} does not echo {len} bytes", PEERS[peer].name()).into());
            }
        }
    }
    println!("{} echoes", PEERS[peer].name());
    Ok(())
}

impl Arguments {
    fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, Failure> {
        let mut arguments = Arguments {
            filter: String::new(),
            peers: (0..PEERS.len()).collect(),
            is_check: false,
            rounds: 5,
            time: Duration::from_millis(250),
        };
        while let Some(argument) = given.next() {
            let mut value = || given.next().ok_or(format!("{argument} wants a value"));
            match argument.as_str() {
                "--check" => arguments.is_check = true,
                "--quick" => (arguments.rounds, arguments.time) = (1, Duration::from_millis(100)),
                "--rounds" => arguments.rounds = value()?.parse()?,
                "--millis" => arguments.time = Duration::from_millis(value()?.parse()?),
                "--peers" => {
                    let named = value()?;
                    let is_named =
                        |i: &usize| named.split(',').any(|part| PEERS[*i].name().contains(part));
                    arguments.peers.retain(is_named);
                }
                _ if argument.starts_with('-') => return Err(USAGE.into()),
                _ => arguments.filter = argument,
            }
        }
        Ok(arguments)
    }
}
