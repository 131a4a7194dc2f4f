//! Receives a message of any length in constant memory, chunk by chunk.
//!
//! ```text
//! cargo run --example streaming
//! ```

use std::error::Error;

use sansock::connection::Delivery;
use sansock::{Config, Connection, Event, Input, Limits};

/// The length of the message: more than a server would want to store.
const LEN: usize = 256 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::server();
    config.delivery = Delivery::Streaming;
    // By default, a frame has at most 16 MiB and a message 64 MiB.
    config.limits = Limits::DEFAULT.with_frame(LEN as u64).with_message(LEN as u64);
    let mut server = Connection::new(config);

    // The header of one masked binary frame, RFC 6455 §5.2, and then reads of 64 KiB.
    let mut header = [&[0x82, 0xFF][..], &(LEN as u64).to_be_bytes(), &[0; 4]].concat();
    let mut received = receive(&mut server, &mut header)?;
    let mut read = vec![0; 64 << 10];
    let mut most = 0;
    while received < LEN {
        received += receive(&mut server, &mut read)?;
        most = most.max(server.memory_usage());
    }
    println!("{received} bytes were received, and never more than {most} bytes were stored");
    Ok(())
}

/// Receives the chunks in `read`. Returns the sum of their lengths.
fn receive(server: &mut Connection, read: &mut [u8]) -> Result<usize, Box<dyn Error>> {
    let mut input = Input::new(read);
    let mut len = 0;
    while let Some(event) = server.receive(&mut input)? {
        if let Event::BinaryChunk { data, .. } = event {
            len += data.len(); // `data` is borrowed from `read`
        }
    }
    Ok(len)
}
