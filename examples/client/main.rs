//! A command-line client: lines of standard input become messages, and messages are printed.
//!
//! ```text
//! cargo run --example client -- ws://127.0.0.1:9001/
//! ```
//!
//! It ends with status 0 where the closing handshake was complete, and with 1 otherwise.

mod connect;
mod options;
mod trace;
#[path = "../echo_server/transport.rs"]
mod transport;

use std::error::Error;
use std::io::BufRead;
use std::process::ExitCode;

use connect::{Attempt, Connected};
use options::{Options, Stop};
use sansock::bytes::Buf;
use sansock::handshake::client::Response;
use sansock::{CloseCode, Closure, Config, Connection, Event, State, TransportAction};
use tokio::sync::mpsc;
use trace::Trace;

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
    match run(&options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Connects and talks; says whether all went as it should.
async fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let mut connected = match connect::connect(&options.url, &options.settings).await? {
        Attempt::Connected(connected) => connected,
        Attempt::Http(response) => {
            print_http(&response);
            return Ok(false);
        }
    };
    if let Some(subprotocol) = connected.negotiated.subprotocol() {
        eprintln!("subprotocol {subprotocol}");
    }
    let mut session = Session::new(options.verbose);
    session.talk(&mut connected).await?;
    Ok(session.end())
}

/// A connection, and those who watch it.
struct Session {
    ws: Connection,
    traces: Option<(Trace, Trace)>,
}

impl Session {
    fn new(verbose: bool) -> Session {
        let traces = verbose.then(|| (Trace::received(), Trace::sent()));
        Session { ws: Connection::new(Config::client()), traces }
    }

    async fn talk(&mut self, connected: &mut Connected) -> Result<(), Box<dyn Error>> {
        let mut lines = lines_of_stdin();
        let stream = &mut connected.stream;
        self.receive(&mut connected.early)?;
        loop {
            self.show_output();
            transport::write_all(stream, self.ws.output()).await?;
            match self.ws.transport_action() {
                TransportAction::Continue => {}
                TransportAction::Flush => continue,
                TransportAction::ShutdownWrite => return Ok(transport::end(stream).await?),
                TransportAction::AwaitEof => return Ok(transport::await_eof(stream).await?),
                TransportAction::Drop => return Ok(()),
            }
            let is_open = self.ws.state() == State::Open;
            tokio::select! {
                line = lines.recv(), if is_open => match line {
                    Some(line) => self.ws.send_text(&line)?,
                    None => self.ws.close(CloseCode::NORMAL, "")?,
                },
                received = transport::read(stream, self, Session::receive_or_eof, |_| ()) => {
                    received??;
                }
            }
        }
    }

    fn receive_or_eof(&mut self, bytes: &mut [u8]) -> Result<(), Box<dyn Error>> {
        if bytes.is_empty() {
            self.ws.receive_eof();
        }
        self.receive(bytes)
    }

    fn receive(&mut self, mut input: &mut [u8]) -> Result<(), Box<dyn Error>> {
        if let Some((received, _)) = &mut self.traces {
            received.show(input);
        }
        loop {
            match self.ws.receive(&mut input) {
                Ok(Some(Event::Text(text))) => println!("{text}"),
                Ok(Some(Event::Binary(data))) => println!("{}", data.escape_ascii()),
                Ok(Some(Event::Close { reason, .. })) if !reason.is_empty() => {
                    eprintln!("reason: {}", reason.escape_debug());
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(()),
                // The Close frame that tells the server is in the output, still to be written.
                Err(error) => eprintln!("{error}"),
            }
        }
    }

    fn show_output(&mut self) {
        let Some((_, sent)) = &mut self.traces else { return };
        let output = self.ws.output();
        debug_assert_eq!(output.chunk().len(), output.remaining(), "lines are small");
        sent.show(output.chunk());
    }

    /// Prints how the connection ended, and says whether properly.
    fn end(mut self) -> bool {
        let is_clean = self.ws.state() == State::Closed;
        match self.ws.receive_eof() {
            Closure::Code(code) => eprintln!("closed: {code}"),
            Closure::NoStatus => eprintln!("closed: without a code (1005)"),
            Closure::Abnormal => eprintln!("closed: without a closing handshake (1006)"),
        }
        is_clean
    }
}

/// Reads standard input on a thread of its own, which may wait for a line longer than anything here.
fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// What the server said instead, as for a redirect or a password.
fn print_http(response: &Response) {
    eprintln!("not a WebSocket: {} {}", response.status(), response.reason());
    for (name, value) in response.headers().iter() {
        eprintln!("{name}: {}", value.escape_ascii());
    }
}
