//! Two ends that send long messages to each other at the same time, each with a thread that sends and
//! one that receives. With one thread each, both would wait for the other to read.
//!
//! ```text
//! cargo run --example both_ways
//! ```

use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};

use sansock::CloseCode;
use sansock::blocking::{self, ReceiveHalf, WebSocket};
use sansock::handshake::client::Request;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;

    let server = thread::spawn(|| talk("server", blocking::accept(server)?));
    let request = Request::new("ws://localhost/")?;
    let client = talk("client", blocking::client(client, &request)?);
    println!("{}", join(server)?);
    println!("{}", client?);
    Ok(())
}

/// Sends a long message while another is received, and says how it went.
fn talk(name: &str, ws: WebSocket<TcpStream>) -> Result<String, blocking::Error> {
    let (receiving, mut sending) = ws.split();
    let received = receive(receiving);
    sending.send(vec![7; 16 << 20])?;
    sending.close(CloseCode::NORMAL, "")?; // what was sent before it arrives
    let received = join(received)?;
    Ok(format!("{name}: {received} bytes came while {} went", 16 << 20))
}

/// Receives until both ends have closed.
fn receive(half: ReceiveHalf<TcpStream>) -> JoinHandle<Result<usize, blocking::Error>> {
    thread::spawn(|| half.map(|message| message.map(|message| message.as_bytes().len())).sum())
}

fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}
