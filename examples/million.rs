//! Holds a million idle connections in one process, and prints the memory that each uses.
//!
//! ```text
//! cargo run --release --example million -- [COUNT]
//! ```
//!
//! All connections share one configuration and one read buffer. Each receives a message and echoes
//! it, and then frees its empty buffers, as a server does if a transport has nothing more to read. They
//! are `Connection`s, as there are no handshakes; an `Endpoint` takes 8 bytes more.

#[path = "echo_server/stop.rs"]
mod stop;

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use sansock::bytes::Buf;
use sansock::{Config, Connection, Event, Input};
use stop::Stop;

/// The payload of every message.
const TEXT: &str = "All 125 bytes of this are ASCII: it is as long as a payload can be whose \
                    length fits into the second byte of a frame's header";

fn main() -> ExitCode {
    let count = match parse(std::env::args().skip(1)) {
        Ok(count) => count,
        Err(stop) => return stop.print(USAGE),
    };
    match hold(count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<usize, Stop> {
    match (args.next().as_deref(), args.next()) {
        (None, _) => Ok(1_000_000),
        (Some("--help" | "-h"), _) => Err(Stop::Help),
        (Some(count), None) => {
            count.parse().map_err(|error| Stop::Wrong(format!("COUNT {count}: {error}")))
        }
        (_, Some(more)) => Err(Stop::Wrong(format!("unexpected argument {more}"))),
    }
}

/// Holds `count` connections at once, and prints the memory that they use.
fn hold(count: usize) -> Result<(), Box<dyn Error>> {
    let frame = frame_from_a_client()?;
    let config = Arc::new(Config::server());
    let mut buffer = vec![0; 64 << 10];
    let mut written = Vec::new();
    let before = resident();

    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        let mut ws = Connection::new(config.clone());
        echo(&mut ws, &frame, &mut buffer, &mut written)?;
        ws.release_buffers();
        connections.push(ws);
    }

    println!("{count} connections of {} bytes each", size_of::<Connection>());
    match (before, resident()) {
        (Some(before), Some(all)) => {
            let each = all.saturating_sub(before) as f64 / count.max(1) as f64;
            println!("resident: {:.1} MB, {each:.1} bytes per connection", all as f64 / 1e6);
        }
        _ => println!("resident: unknown, no /proc/self/status on this system"),
    }

    let mut alive = 0;
    for ws in connections.iter_mut().step_by(1000) {
        echo(ws, &frame, &mut buffer, &mut written)?;
        ws.release_buffers();
        alive += 1;
    }
    println!("alive: all {alive} connections that were tested");
    Ok(())
}

/// Carries one message from a client to the server and back.
fn echo(
    ws: &mut Connection,
    frame: &[u8],
    buffer: &mut [u8],
    written: &mut Vec<u8>,
) -> Result<(), Box<dyn Error>> {
    // The read.
    let input = buffer.get_mut(..frame.len()).ok_or("the buffer is too small")?;
    input.copy_from_slice(frame);
    let mut input = Input::new(input);
    while let Some(event) = ws.receive(&mut input)? {
        if let Event::Text(text) = event {
            ws.send_text(&text)?;
        }
    }
    // The write.
    written.clear();
    let output = ws.output();
    while output.has_remaining() {
        let chunk = output.chunk();
        written.extend_from_slice(chunk);
        let len = chunk.len();
        output.advance(len);
    }
    // RFC 6455 §5.2: a final text frame, its length, not masked.
    let expected = [&[0x81, 125], TEXT.as_bytes()].concat();
    if *written == expected { Ok(()) } else { Err("the echo differs from the message".into()) }
}

/// Returns the message as the bytes that a client's transport carries.
fn frame_from_a_client() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut client = Connection::new(Config::client());
    client.send_text(TEXT)?;
    Ok(client.output().chunk().to_vec())
}

/// Returns the resident memory of this process in bytes, if the system reports it.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

const USAGE: &str = "\
usage: million [COUNT]

Holds COUNT idle connections [1000000], and prints the memory that each uses.";
