//! A proxy: takes clients, and passes on every frame to a server behind it and back.
//!
//! ```text
//! cargo run --release --example relay -- 127.0.0.1:9000 ws://127.0.0.1:9001
//! ```
//!
//! `proxy` shakes hands with a client and with the server, whose answer decides what the client is
//! told. From then on it is a `tunnel`, in which a `frame::Relay` for each direction rewrites headers
//! and masks anew. A message of any length goes through the memory of one read, and nothing is read
//! while its receiver has not taken what was read before: who sends feels how fast the other end is.

#[path = "../client/connect.rs"]
mod connect;
mod proxy;
#[path = "../echo_server/transport.rs"]
mod transport;
mod tunnel;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(server), None) = (args.next(), args.next(), args.next()) else {
        eprintln!("usage: relay ADDRESS SERVER\n\nas in: relay 127.0.0.1:9000 ws://127.0.0.1:9001");
        return ExitCode::from(2);
    };
    match listen(&address, server.into()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{address}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Gives every client a task of its own, for good.
async fn listen(address: &str, server: Arc<str>) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        let client = match listener.accept().await {
            Ok((client, _)) => client,
            Err(error) => {
                // As when the process has no file descriptors left: wait until some are given back.
                eprintln!("accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let _ = client.set_nodelay(true);
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            if let Err(error) = proxy::serve(Box::new(client), &server).await {
                eprintln!("{error}");
            }
        });
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
