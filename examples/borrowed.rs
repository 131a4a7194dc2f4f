//! Receives and sends long messages without copying them: they are borrowed from where they are.
//!
//! ```text
//! cargo run --example borrowed
//! ```

use std::error::Error;

use sansock::{Config, Connection, Event, ReadBuffer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut server = Connection::new(Config::server());
    let mut client = Connection::new(Config::client());
    let file = "A long text. ".repeat(100_000);

    // The server writes its header and then the file, from where the file is.
    let mut transport = Vec::new();
    server.output_with_text(&file)?.write_to(&mut transport)?;
    println!("{} bytes written, {} bytes queued", transport.len(), server.output_len());

    // The client reads into a buffer in which the message stays until it is whole.
    let mut input = ReadBuffer::new();
    let mut transport = &transport[..];
    while input.read_from(&mut transport)? > 0 {
        while let Some(event) = client.receive_buffered(&mut input)? {
            if let Event::Text(text) = event {
                assert_eq!(text.as_str(), file);
                println!(
                    "{} bytes received, borrowed: {}",
                    text.len(),
                    text.as_borrowed().is_some()
                );
            }
        }
    }
    Ok(())
}
