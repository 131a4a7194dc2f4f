//! A command-line client: lines of standard input become messages, and messages are printed.
//!
//! ```text
//! cargo run --example client -- ws://127.0.0.1:9001/
//! ```
//!
//! It exits with status 0 where the connection ended as RFC 6455 §7.1.1 has it, by a closing handshake
//! and then the server's end of the transport, and with 1 otherwise. A server is not waited for without
//! end at any step of the way.

mod connect;
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
use sansock::handshake::client::ResponseHead;
use sansock::{Config, Connection};
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

/// Connects and talks; says whether all went as it should.
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
    let ws = Connection::from_negotiated(Config::client(), &negotiated)?;
    let mut session = Session::new(ws, options.timeouts, options.verbose);
    let outcome = session.talk(stream, early).await;
    let is_clean = session.end();
    outcome.map(|()| is_clean)
}

/// What the server said instead, as for a redirect or a password.
fn print_http(response: &ResponseHead) {
    eprintln!("not a WebSocket: {} {}", response.status(), response.reason());
    for (name, value) in response.headers().iter() {
        eprintln!("{name}: {}", value.escape_ascii());
    }
}
