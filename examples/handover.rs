//! Moves a connection to another transport in the middle of a message: nothing is lost.
//!
//! ```text
//! cargo run --example handover
//! ```

use std::error::Error;

use sansock::bytes::Buf;
use sansock::{Config, Connection, Event, Input};

fn main() -> Result<(), Box<dyn Error>> {
    let mut client = Connection::new(Config::client());
    client.send_text("a message that the first transport brings only in part")?;
    let mut sent = Vec::new();
    client.output().write_to(&mut sent)?;
    let (front, back) = sent.split_at_mut(20);

    let mut server = Connection::new(Config::server());
    server.send_text("an answer that was not written yet")?;
    assert!(server.receive(&mut Input::new(front))?.is_none());

    // Another transport, and other limits.
    let mut parts = server.into_parts();
    println!("{} bytes are still to be written", parts.output.remaining());
    let mut config = Config::server();
    config.limits = config.limits.with_message(1 << 20);
    parts.config = config.into();
    let mut server = Connection::from_parts(parts)?;

    if let Some(Event::Text(text)) = server.receive(&mut Input::new(back))? {
        println!("{}", text.as_str());
    }
    Ok(())
}
