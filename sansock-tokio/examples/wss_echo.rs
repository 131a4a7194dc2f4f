//! An echo server at two addresses, for ws and for wss, with limits and subprotocols.
//!
//! ```text
//! cargo run --release -p sansock-tokio --example wss_echo -- [WS-ADDRESS [WSS-ADDRESS [CERT-FILE]]]
//! ```
//!
//! With `--features deflate`, it compresses messages if the client does too.
//!
//! Its certificate is made at the start. It is written to a file for the clients to trust.

mod self_signed;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use sansock::Config;
use sansock_tokio::{Settings, accept_with};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |n: usize| arguments.get(n).map(String::as_str);
    let plain = TcpListener::bind(argument(0).unwrap_or("127.0.0.1:9001")).await?;
    let secure = TcpListener::bind(argument(1).unwrap_or("127.0.0.1:9002")).await?;
    let acceptor = self_signed::acceptor(&["http/1.1"], argument(2))?;
    let mut config = Config::server();
    (config.limits.message, config.limits.frame) = (20_000_000, 20_000_000);
    config.limits.fragments = 1 << 20;
    #[cfg(feature = "deflate")]
    {
        config.deflate = Some(sansock::deflate::Deflate::default());
    }
    let settings = Arc::new(Settings::new(config));
    println!("listening on ws://{}/", plain.local_addr()?);
    println!("listening on wss://{}/", secure.local_addr()?);
    loop {
        let (accepted, acceptor) = tokio::select! {
            accepted = plain.accept() => (accepted, None),
            accepted = secure.accept() => (accepted, Some(acceptor.clone())),
        };
        let Ok((stream, peer)) = accepted else {
            // No file descriptor is free: wait for one.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let settings = Arc::clone(&settings);
        tokio::spawn(async move {
            let outcome = match acceptor {
                None => echo(stream, &settings).await,
                Some(acceptor) => match timeout(TLS_LIMIT, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => echo(stream, &settings).await,
                    Ok(Err(error)) => Err(error.into()),
                    Err(late) => Err(late.into()),
                },
            };
            outcome.unwrap_or_else(|error| eprintln!("{peer}: {error}"));
        });
    }
}

/// Echoes the messages of one client.
async fn echo(stream: impl AsyncRead + AsyncWrite + Unpin, settings: &Settings) -> Outcome {
    let mut ws = accept_with(stream, settings, async |endpoint| {
        // If the request is refused, the response says why.
        let _ = endpoint.accept_with(|upgrade| Ok(upgrade.select_subprotocol(&["chat", "echo"])));
    })
    .await?;
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}

const TLS_LIMIT: Duration = Duration::from_secs(10);
