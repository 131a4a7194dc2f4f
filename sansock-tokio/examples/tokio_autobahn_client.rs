//! The client under test for the Autobahn testsuite, and for any server that leads like it: asks for
//! the number of cases, and echoes in each.
//!
//! ```text
//! tokio_autobahn_client URL --agent NAME [--ca FILE]
//! ```
//!
//! With `--features deflate`, it offers compression.

mod trust;

use std::error::Error;

use sansock::Config;
use sansock_tokio::{ClientStream, Connector, Message, Request, Settings, WebSocket};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (url, agent, ca) = match arguments[..] {
        [url, "--agent", agent] => (url.trim_end_matches('/'), agent, None),
        [url, "--agent", agent, "--ca", ca] => (url.trim_end_matches('/'), agent, Some(ca)),
        _ => return Err("usage: tokio_autobahn_client URL --agent NAME [--ca FILE]".into()),
    };
    let mut config = Config::client();
    // The suite sends a message of 4 MiB in fragments of 64 bytes.
    config.limits.fragments = 1 << 20;
    #[cfg(feature = "deflate")]
    {
        config.deflate = Some(sansock::deflate::Deflate::default());
    }
    let connector = trust::connector(ca)?.settings(Settings::new(config));

    let mut ws = open(&connector, &format!("{url}/getCaseCount")).await?;
    let Some(Message::Text(count)) = ws.receive().await? else { return Err("no count".into()) };
    let count: usize = count.parse()?;
    for case in 1..=count {
        let ws = open(&connector, &format!("{url}/runCase?case={case}&agent={agent}")).await?;
        let _ = echo(ws).await; // the suite judges how a case ends
    }
    let ws = open(&connector, &format!("{url}/updateReports?agent={agent}")).await?;
    let _ = echo(ws).await;
    println!("{count} cases");
    Ok(())
}

async fn open(connector: &Connector, url: &str) -> Result<WebSocket<ClientStream>, Box<dyn Error>> {
    Ok(connector.connect(&Request::new(url)?).await?.0)
}

async fn echo(mut ws: WebSocket<ClientStream>) -> Result<(), sansock_tokio::Error> {
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}
