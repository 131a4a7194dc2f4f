//! Sends one message to many clients: it is encoded once, and all connections share its bytes.
//!
//! ```text
//! cargo run --example broadcast
//! ```

use std::error::Error;
use std::sync::Arc;

use sansock::message::PreparedMessage;
use sansock::{Config, Connection};

fn main() -> Result<(), Box<dyn Error>> {
    let config = Arc::new(Config::server());
    let mut clients: Vec<_> = (0..10_000).map(|_| Connection::new(Arc::clone(&config))).collect();

    let news = PreparedMessage::new("x".repeat(10_000));
    for client in &mut clients {
        client.send_prepared(&news)?;
    }

    // The transports: some take everything, and some take nothing yet.
    let mut written = 0;
    for client in clients.iter_mut().step_by(2) {
        let mut transport = Vec::new();
        client.output().write_to(&mut transport)?;
        written += transport.len();
    }
    let waiting: usize = clients.iter().map(Connection::output_len).sum();
    println!(
        "{} clients, {written} bytes written, {waiting} bytes wait in one buffer",
        clients.len()
    );
    Ok(())
}
