//! An echo server on the blocking WebSocket: a thread for each client.
//!
//! ```text
//! cargo run --example blocking_echo [ADDRESS]
//! ```

use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use std::{env, io, thread};

use sansock::blocking::{self, Error};

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on ws://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            if let Err(error) = serve(stream) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

fn serve(stream: TcpStream) -> Result<(), Error> {
    // A client that is silent for so long is pinged, and dropped if it stays silent.
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    let mut ws = blocking::accept(stream)?;
    while let Some(message) = ws.receive()? {
        ws.send(message)?;
    }
    Ok(())
}
