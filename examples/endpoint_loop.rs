//! An echo server on `Endpoint`, with a loop of its own: what a program does that brings its own I/O.
//!
//! ```text
//! cargo run --example endpoint_loop [ADDRESS]
//! ```

use sansock::endpoint::{Endpoint, Event, RequestPolicy, Settings};
use sansock::timer::Clock;
use sansock::{Config, Event as Ws, ReadBuffer, TransportAction};
use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;
use std::{env, thread};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> io::Result<()> {
    let mut settings = Settings::new(Config::server());
    settings.requests = RequestPolicy::AcceptUnseen;
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on ws://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        let (mut stream, settings) = (stream?, settings.clone());
        thread::spawn(move || {
            if let Err(error) = serve(&mut stream, &settings) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

fn serve(stream: &mut TcpStream, settings: &Settings) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?; // how often deadlines are checked
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    let clock = Clock::start();
    let mut ws = Endpoint::server(settings, clock.now())?;
    let mut input = ReadBuffer::new();
    loop {
        if let Err(error) = echo(&mut ws, &mut input, stream) {
            eprintln!("{error}"); // what the client has to know is in the output
        }
        ws.output().write_to(stream)?;
        match ws.transport_action() {
            TransportAction::ShutdownWrite => {
                stream.shutdown(Shutdown::Write)?;
                ws.sent_eof();
            }
            TransportAction::Disconnect => return Ok(()),
            _ => {}
        }
        match stream.read(input.spare_mut()) {
            Ok(0) => drop(ws.receive_eof()?),
            Ok(len) => input.mark_filled(len),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {}
            Err(error) => return Err(error.into()),
        }
        // Pings a silent client, and drops it if it stays silent.
        if let Err(expired) = ws.poll(clock.now()) {
            ws.output().write_to(stream)?;
            return Err(expired.into());
        }
    }
}

/// Answers every message that has arrived.
fn echo(ws: &mut Endpoint, input: &mut ReadBuffer, stream: &mut TcpStream) -> Result<()> {
    loop {
        if ws.is_full() {
            ws.output().write_to(stream)?; // a client that does not read is not read either
        }
        match ws.receive_buffered(input)? {
            None => return Ok(()),
            Some(Event::Connection(Ws::Text(text))) => ws.send_text(&text)?, // borrowed from `input`
            Some(Event::Connection(Ws::Binary(data))) => ws.send_binary(&data)?,
            Some(_) => {} // pings and closes have been answered
        }
    }
}
