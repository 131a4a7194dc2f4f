//! A command-line client: sends lines of standard input as messages, and prints the messages it
//! receives.
//!
//! ```text
//! cargo run --example client -- ws://127.0.0.1:9001/
//! ```
//!
//! It follows up to five redirects. Headers with credentials are not sent to another host. If the
//! answer is not a WebSocket, such as a 401 with `WWW-Authenticate`, it prints the answer's headers.
//!
//! It exits with status 0 if the connection was closed as RFC 6455 §7.1.1 asks: a closing
//! handshake, and then the server closes the transport. Otherwise it exits with status 1. Every
//! wait for the server has a time limit.
//!
//! It performs the handshake and then drives a `Connection`, and not an `Endpoint`, because the relay
//! shares its `connect`, and needs the stream without a connection.

mod connect;
#[path = "../echo_server/deflate.rs"]
mod deflate;
mod options;
mod session;
#[path = "../echo_server/stop.rs"]
mod stop;
mod trace;
#[path = "../echo_server/transport.rs"]
#[allow(dead_code, reason = "a session waits for the end as it does for frames")]
mod transport;

use std::process::ExitCode;

use connect::{Attempt, Connected, Failure};
use options::Options;
use sansock::Connection;
use sansock::handshake::client::ResponseHead;
use session::Session;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(stop) => return stop.print(options::USAGE),
    };
    match run(options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Connects and exchanges messages. Returns whether the connection was closed cleanly.
async fn run(options: Options) -> Result<bool, Failure> {
    let Connected { stream, early, negotiated } =
        match connect::connect(&options.url, &options.settings).await? {
            Attempt::Connected(connected) => connected,
            Attempt::Http(response) => {
                print_http(&response);
                return Ok(false);
            }
        };
    if let Some(subprotocol) = negotiated.subprotocol() {
        eprintln!("subprotocol {subprotocol}");
    }
    if let Some(extensions) = negotiated.extensions() {
        eprintln!("extensions {extensions}");
    }
    let ws = Connection::from_negotiated(options.config, &negotiated)?;
    let mut session = Session::new(ws, options.timeouts, options.verbose);
    let outcome = session.talk(stream, early).await;
    let is_clean = session.end();
    outcome.map(|()| is_clean)
}

/// Prints the server's HTTP response, for example a request for a password.
fn print_http(response: &ResponseHead) {
    eprintln!("not a WebSocket: {} {}", response.status(), response.reason());
    for (name, value) in response.headers().iter() {
        eprintln!("{name}: {}", value.escape_ascii());
    }
}
