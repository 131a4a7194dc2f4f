//! Measures the memory of idle connections: see README.md.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;
use std::{env, thread};

use sansock_loopback::figures::{Figures, head, row};
use sansock_loopback::heap::{self, Counting};
use sansock_loopback::peers::Peer;
use sansock_loopback::process::{self, Worker};
use sansock_loopback::{Failure, handshake, sockets, tls};
use tokio_rustls::rustls::{ClientConfig, Stream};

#[global_allocator]
static HEAP: Counting = Counting;

const USAGE: &str = "usage: cargo run --release --bin memory -- [CONNECTIONS [ROUNDS]]";

/// What is measured, in its order: the first is what the others are compared with.
const PEERS: [Peer; 9] = [
    Peer::Bare,
    Peer::SansockReceiveWithoutDeadlines,
    Peer::SansockReceive,
    Peer::SansockWithoutDeadlines,
    Peer::Sansock,
    Peer::TokioWebsockets,
    Peer::Tungstenite,
    Peer::Fastwebsockets,
    Peer::Sockudo,
];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let limit = process::raise_open_files();
    match arguments[..] {
        ["server", peer, mode] => serve(PEERS[peer.parse::<usize>()?], mode == "tls"),
        ["client", connections, port, certificate] => {
            connect(connections.parse()?, port.parse()?, certificate)
        }
        [] => measure(10_000, 3, limit),
        [connections] => measure(connections.parse()?, 3, limit),
        [connections, rounds] => measure(connections.parse()?, rounds.parse()?, limit),
        _ => Err(USAGE.into()),
    }
}

fn measure(connections: u64, rounds: usize, limit: u64) -> Result<(), Failure> {
    // Some files are open besides.
    let possible = limit.saturating_sub(2 * WARM_UP).min(connections);
    println!("{possible} idle connections, {rounds} rounds, bytes a connection:\n");
    for mode in ["tcp", "tls"] {
        println!(
            "{}",
            head(&[mode, "heap", "beyond the first", "resident", "beyond the first"], 1)
        );
        let mut first = None;
        for (i, peer) in PEERS.iter().enumerate() {
            let mut found = (Figures::default(), Figures::default());
            for _ in 0..rounds {
                let (heap, resident) = one_round(i, mode, possible)?;
                found.0.0.push(heap);
                found.1.0.push(resident);
            }
            let (heap, resident) = (found.0.median(), found.1.median());
            let (bare_heap, bare_resident) = *first.get_or_insert((heap, resident));
            let figures = [heap, heap - bare_heap, resident, resident - bare_resident];
            let cells = figures.map(|bytes| format!("{bytes:.0}"));
            println!("{}", row(&[&[peer.name().to_owned()][..], &cells].concat()));
        }
        println!();
    }
    Ok(())
}

/// Returns the bytes of the heap and of the resident set for a connection.
fn one_round(peer: usize, mode: &str, connections: u64) -> Result<(f64, f64), Failure> {
    let mut server = Worker::start(&["server", &peer.to_string(), mode])?;
    let started = server.receive()?;
    let (port, certificate) = started.split_first().ok_or("no port")?;
    let certificate: String = certificate.iter().map(|byte| format!("{byte:02x}")).collect();
    let connections_text = connections.to_string();
    let mut client =
        Worker::start(&["client", &connections_text, &port.to_string(), &certificate])?;
    client.receive()?;
    settle();
    let before = server.ask("")?;
    client.ask("")?;
    settle();
    let after = server.ask("")?;
    let each = |i: usize| (after[i] as f64 - before[i] as f64) / connections as f64;
    Ok((each(0), each(1)))
}

/// Lets a server come to rest.
fn settle() {
    thread::sleep(Duration::from_millis(300));
}

/// Serves clients. Says the port, and then at each line what is on the heap and in memory.
fn serve(peer: Peer, is_tls: bool) -> Result<(), Failure> {
    let (acceptor, certificate) = match is_tls {
        true => tls::acceptor().map(|(acceptor, certificate)| (Some(acceptor), certificate))?,
        false => (None, Vec::new()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = sockets::listen()?;
        let port = listener.local_addr()?.port();
        let numbers = std::iter::once(port.into()).chain(certificate.into_iter().map(u64::from));
        process::say(&numbers.collect::<Vec<_>>())?;
        thread::spawn(|| {
            while process::next_line().is_some() {
                let resident = process::resident().unwrap_or(0);
                let _ = process::say(&[heap::live() as u64, resident]);
            }
        });
        loop {
            let (stream, _) = listener.accept().await?;
            peer.spawn(stream, acceptor.clone());
        }
    })
}

/// Opens some connections, says so, waits for a line, opens the others, says so, and waits.
fn connect(connections: u64, port: u16, certificate: &str) -> Result<(), Failure> {
    let config = match certificate {
        "" => None,
        hex => Some(tls::client(bytes_of(hex)?)?),
    };
    let mut open = Vec::new();
    for count in [WARM_UP, connections] {
        for _ in 0..count {
            open.push(connect_one(port, config.as_ref())?);
        }
        process::say(&[])?;
        process::next_line();
    }
    Ok(())
}

fn bytes_of(hex: &str) -> Result<Vec<u8>, Failure> {
    let bytes = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16));
    Ok(bytes.collect::<Result<_, _>>()?)
}

fn connect_one(port: u16, config: Option<&Arc<ClientConfig>>) -> Result<TcpStream, Failure> {
    let mut stream = sockets::connect(port)?;
    match config {
        None => handshake::connect(&mut stream)?,
        Some(config) => {
            let mut connection = tls::connection(config)?;
            handshake::connect(&mut Stream::new(&mut connection, &mut stream))?;
        }
    }
    // What TLS has here is not needed to be idle.
    Ok(stream)
}

/// How many connections are opened before the first look, so that what all share is there.
const WARM_UP: u64 = 64;
