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
//!
//! Where there is no server, the client is answered 502, or 504 where the server is too slow, and the log
//! says why. A tunnel in which nothing moves is left after a while. Another answer of the server than a WebSocket is passed on with its end-to-end headers, and
//! without its body.

#[path = "../client/connect.rs"]
mod connect;
mod proxy;
#[path = "../echo_server/request.rs"]
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

/// Where to listen, the server's URL, and how long a tunnel may be idle.
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
        _ => Err(Stop::Wrong("an address and a server are wanted".into())),
    }
}

/// Gives every client a task of its own, for good.
async fn listen(address: &str, server: Arc<str>, idle_limit: Duration) -> io::Result<Infallible> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        let (client, from) = match listener.accept().await {
            Ok(accepted) => accepted,
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
            if let Err(error) = proxy::serve(Box::new(client), &server, idle_limit).await {
                eprintln!("{from}: {error}");
            }
        });
    }
}

const USAGE: &str = "\
usage: relay [OPTIONS] ADDRESS SERVER

Listens at ADDRESS, and passes on the frames of each client to and from the server at SERVER, as in:
relay 127.0.0.1:9000 ws://127.0.0.1:9001

  --idle SECONDS        how long neither end may send anything [120]
  --help                this text";

const IDLE_LIMIT: Duration = Duration::from_secs(120);

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
