//! The client under test for the Autobahn testsuite. Asks for the number of cases and echoes in
//! each.
//!
//! ```text
//! cargo run --release --example autobahn_client -- ws://127.0.0.1:9001 --agent sansock
//! ```

#[path = "client/connect.rs"]
#[allow(dead_code, reason = "the suite negotiates nothing")]
mod connect;
#[path = "echo_server/deflate.rs"]
mod deflate;
#[path = "echo_server/echo.rs"]
mod echo;
#[path = "echo_server/stop.rs"]
mod stop;
#[path = "echo_server/transport.rs"]
mod transport;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use connect::{Attempt, Connected, Settings};
use deflate::DeflateOptions;
use sansock::endpoint::Endpoint;
use sansock::timer::{Timeouts, Timers};
use sansock::{Config, Connection, Event, Input, Negotiated};
use stop::Stop;

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (url, agent, settings, config) = match parse(&args) {
        Ok(options) => options,
        Err(stop) => return stop.print(USAGE),
    };
    match run(url.trim_end_matches('/'), agent, &settings, config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the URL, the name of the agent, how to connect, and the configuration.
fn parse(args: &[String]) -> Result<(&str, &str, Settings, Config), Stop> {
    let (mut deflate, mut settings) = (DeflateOptions::default(), Settings::default());
    let none = || Err(Stop::Wrong("only --deflate is an option here".into()));
    let mut others = Vec::new();
    for arg in args {
        if arg != "--deflate" || !deflate.take(arg, none)? {
            others.push(arg.as_str());
        }
    }
    let (url, agent) = match others[..] {
        ["--help" | "-h"] => return Err(Stop::Help),
        [url, "--agent", agent] => (url, agent),
        [url, "--agent", agent, "--ca", ca] if url.starts_with("wss:") => {
            settings.ca = Some(ca.into());
            (url, agent)
        }
        [_, "--agent", _, "--ca", _] => return Err(Stop::Wrong("--ca needs a wss:// URL".into())),
        _ => return Err(Stop::Wrong(format!("wrong arguments: {}", args.join(" ")))),
    };
    let config = deflate.configure(Config::client());
    #[cfg(feature = "deflate")]
    {
        settings.deflate = config.deflate.clone();
    }
    Ok((url, agent, settings, config))
}

async fn run(
    url: &str,
    agent: &str,
    settings: &Settings,
    mut config: Config,
) -> Result<(), Box<dyn Error>> {
    // The suite sends a message of 4 MiB in fragments of 64 bytes.
    config.limits.fragments = 1 << 20;
    let config = Arc::new(config);

    let count: usize =
        first_text(&format!("{url}/getCaseCount"), settings, &config).await?.parse()?;
    for case in 1..=count {
        let case = format!("{url}/runCase?case={case}&agent={agent}");
        let Connected { mut stream, early, negotiated } = connected(&case, settings).await?;
        let ws = endpoint(&config, &negotiated)?;
        // The suite judges how a case ends.
        let _ = echo::run(&mut stream, ws, early, |_| ()).await;
    }
    let reports = format!("{url}/updateReports?agent={agent}");
    let Connected { mut stream, early, negotiated } = connected(&reports, settings).await?;
    let ws = endpoint(&config, &negotiated)?;
    // The suite closes once the reports are written, and then resets the connection.
    let _ = echo::run(&mut stream, ws, early, |_| ()).await;
    println!("{count} cases");
    Ok(())
}

/// Returns an endpoint whose handshake is done, with the default deadlines.
fn endpoint(config: &Arc<Config>, negotiated: &Negotiated) -> Result<Endpoint, Box<dyn Error>> {
    let ws = Connection::from_negotiated(Arc::clone(config), negotiated)?;
    let timers = Timers::new(Timeouts::DEFAULT, Duration::ZERO);
    Ok(Endpoint::from_connection(ws, Some(timers)))
}

async fn connected(url: &str, settings: &Settings) -> Result<Connected, Box<dyn Error>> {
    match connect::connect(url, settings).await? {
        Attempt::Connected(connected) => Ok(connected),
        Attempt::Http(response) => Err(format!("{url}: {}", response.status()).into()),
    }
}

/// Returns the first text message. The server sends it unasked.
async fn first_text(
    url: &str,
    settings: &Settings,
    config: &Arc<Config>,
) -> Result<String, Box<dyn Error>> {
    let Connected { mut stream, early, negotiated } = connected(url, settings).await?;
    let mut ws = Connection::from_negotiated(Arc::clone(config), &negotiated)?;
    let mut text = take_text(&mut ws, &mut early.clone())?;
    while text.is_none() {
        text = transport::read(&mut stream, &mut ws, take_text_or_eof, |_| ()).await??;
    }
    Ok(text.unwrap_or_default())
}

fn take_text_or_eof(
    ws: &mut Connection,
    input: &mut [u8],
) -> Result<Option<String>, Box<dyn Error>> {
    if input.is_empty() {
        return Err("the server closed the connection without a message".into());
    }
    take_text(ws, input)
}

fn take_text(ws: &mut Connection, input: &mut [u8]) -> Result<Option<String>, Box<dyn Error>> {
    let mut input = Input::new(input);
    while let Some(event) = ws.receive(&mut input)? {
        if let Event::Text(text) = event {
            return Ok(Some(text.to_string()));
        }
    }
    Ok(None)
}

const USAGE: &str = "usage: autobahn_client URL --agent NAME [--ca FILE] [--deflate]";
