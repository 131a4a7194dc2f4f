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
//! says why. Another answer of the server than a WebSocket is passed on with its end-to-end headers, and
//! without its body.

#[path = "../client/connect.rs"]
mod connect;
mod proxy;
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
    let (address, server) = match parse(&args) {
        Ok(options) => options,
        Err(stop) => return stop.print(USAGE),
    };
    let Err(error) = listen(address, server.into()).await;
    eprintln!("listen on {address}: {error}");
    ExitCode::FAILURE
}

/// Where to listen, and the server's URL.
fn parse(args: &[String]) -> Result<(&str, &str), Stop> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return Err(Stop::Help);
    }
    match args {
        [option, ..] if option.starts_with('-') => {
            Err(Stop::Wrong(format!("unknown option {option}")))
        }
        [address, server] => Ok((address, server)),
        _ => Err(Stop::Wrong("an address and a server are wanted".into())),
    }
}

/// Gives every client a task of its own, for good.
async fn listen(address: &str, server: Arc<str>) -> io::Result<Infallible> {
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
            if let Err(error) = proxy::serve(Box::new(client), &server).await {
                eprintln!("{from}: {error}");
            }
        });
    }
}

const USAGE: &str = "\
usage: relay ADDRESS SERVER

Listens at ADDRESS, and passes on the frames of each client to and from the server at SERVER, as in:
relay 127.0.0.1:9000 ws://127.0.0.1:9001";

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
