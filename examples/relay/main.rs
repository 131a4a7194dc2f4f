//! A proxy: accepts clients, and passes on every frame between each client and one server.
//!
//! ```text
//! cargo run --release --example relay -- 127.0.0.1:9000 ws://127.0.0.1:9001
//! ```
//!
//! `proxy` performs the handshakes with the client and with the server. The server's answer decides
//! what the client is answered. After that, `tunnel` passes on frames: in each direction, a
//! `frame::Relay` rewrites the headers and masks again. A message of any length needs no more
//! memory than one read. Nothing is read until the other end has taken what was read before, so a
//! slow receiver slows down its sender.
//!
//! If the server cannot be reached, the client is answered 502. If the server is too slow, the
//! client is answered 504. The log has the reason. If the server answers with another HTTP
//! response, that is passed on with its end-to-end headers and without its body. An idle tunnel is
//! closed after a time limit.
//!
//! An `Endpoint` is of no help here: after its handshakes, a relay has no connection, only frames.

#[path = "../client/connect.rs"]
mod connect;
mod proxy;

mod request;
#[path = "../echo_server/stop.rs"]
mod stop;
#[path = "../echo_server/transport.rs"]
mod transport;
mod tunnel;

use std::convert::Infallible;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use stop::Stop;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (address, server, idle_limit) = match parse(&args) {
        Ok(options) => options,
        Err(stop) => return stop.print(USAGE),
    };
    let Err(error) = listen(address, server.into(), idle_limit).await;
    eprintln!("listen on {address}: {error}");
    ExitCode::FAILURE
}

/// Returns the address to listen at, the server's URL, and how long a tunnel may be idle.
fn parse(args: &[String]) -> Result<(&str, &str, Duration), Stop> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return Err(Stop::Help);
    }
    let (idle_limit, args) = match args {
        [option, limit, args @ ..] if option == "--idle" => {
            let wrong = |error| Stop::Wrong(format!("--idle {limit}: {error}"));
            (Duration::from_secs(limit.parse().map_err(wrong)?), args)
        }
        _ => (IDLE_LIMIT, args),
    };
    match args {
        [option, ..] if option.starts_with('-') => {
            Err(Stop::Wrong(format!("unknown option {option}")))
        }
        [address, server] => Ok((address, server, idle_limit)),
        _ => Err(Stop::Wrong("expected an address and a server".into())),
    }
}

/// Serves each client in its own task. Returns only if it fails.
async fn listen(address: &str, server: Arc<str>, idle_limit: Duration) -> io::Result<Infallible> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        let (client, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // This happens if the process has no file descriptors left: wait until some are
                // free.
                eprintln!("accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let _ = client.set_nodelay(true);
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            if let Err(error) = proxy::serve(Box::new(client), &server, idle_limit).await {
                eprintln!("{from}: {error}");
            }
        });
    }
}

const USAGE: &str = "\
usage: relay [OPTIONS] ADDRESS SERVER

Listens at ADDRESS, and passes on all frames between each client and the server at SERVER. Example:
relay 127.0.0.1:9000 ws://127.0.0.1:9001

  --idle SECONDS        how long both ends may be silent [120]
  --help                this text";

const IDLE_LIMIT: Duration = Duration::from_secs(120);

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
