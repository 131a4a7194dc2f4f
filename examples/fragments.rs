//! Sends a message whose end is not known when it begins, with a ping in between.
//!
//! ```text
//! cargo run --example fragments
//! ```

use std::error::Error;

use sansock::{Config, Connection, Event, Input};

fn main() -> Result<(), Box<dyn Error>> {
    let mut client = Connection::new(Config::client());
    let mut server = Connection::new(Config::server());

    client.start_text()?.fragment(b"The result is ")?;
    client.ping(b"still here")?; // control frames may come between fragments
    // In the meantime something is computed.
    let answer = (1..=42).max().map_or_else(String::new, |number: u32| number.to_string());
    let message = client.open_message().ok_or("the message was abandoned")?;
    message.finish(answer.as_bytes())?;

    let mut read = Vec::new();
    client.output().write_to(&mut read)?;
    let mut input = Input::new(&mut read);
    while let Some(event) = server.receive(&mut input)? {
        match event {
            Event::Text(text) => println!("{}", text.as_str()),
            Event::Ping(payload) => println!("ping: {}", payload.escape_ascii()),
            other => println!("{other:?}"),
        }
    }
    Ok(())
}
