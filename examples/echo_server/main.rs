//! An echo server: every message comes back as it went.
//!
//! ```text
//! cargo run --release --example echo_server -- --listen 127.0.0.1:9001
//! ```
//!
//! A browser that opens `http://127.0.0.1:9001/` gets a page to try it with. The crate does no I/O,
//! so this is where it is done: `server` has a client's whole way, for which `handshake` and `echo`
//! drive sans-I/O state machines over any transport; `transport` has the ways to touch one.

mod echo;
mod handshake;
mod options;
mod server;
mod transport;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use options::{Options, Stop};
use server::Server;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(Stop::Help) => {
            println!("{}", options::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(Stop::Wrong(what)) => {
            eprintln!("{what}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match listen(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn listen(options: Options) -> std::io::Result<()> {
    let listener = TcpListener::bind(&options.listen).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    let server = Arc::new(Server::new(options));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // An echo is small and wanted at once.
                let _ = stream.set_nodelay(true);
                let server = Arc::clone(&server);
                tokio::spawn(async move { server.serve(stream).await });
            }
            Err(error) => {
                // As when the process has no file descriptors left: wait until some are given back.
                eprintln!("accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
