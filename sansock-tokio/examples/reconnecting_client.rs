//! A client behind an HTTP proxy, which connects again whenever its connection is lost: with
//! exponential back-off, and with jitter, so that the clients of a server that restarts do not all
//! come back at the same time.
//!
//! ```text
//! cargo run -p sansock-tokio --all-features --example reconnecting_client -- PROXY-HOST:PORT URL
//! ```

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use sansock::CloseStatus;
use sansock_tokio::{CloseCode, Connector, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [proxy, url] = &arguments[..] else { return Err("usage: … PROXY-HOST:PORT URL".into()) };
    let request = Request::new(url)?;
    let mut delay = FIRST_DELAY;
    while let Err(error) = listen(proxy, &request, &mut delay).await {
        eprintln!("{error}");
        sleep(delay.mul_f64(jitter())).await;
        delay = (delay * 2).min(LAST_DELAY);
    }
    Ok(())
}

/// Prints what the server sends, until it says that this is all.
async fn listen(
    proxy: &str,
    request: &Request,
    delay: &mut Duration,
) -> Result<(), Box<dyn Error>> {
    let tunnel = timeout(PROXY_LIMIT, tunnel(proxy, request)).await??;
    let (mut ws, _) = Connector::new().connect_over(request, tunnel).await?;
    while let Some(message) = ws.receive().await? {
        println!("{}", message.as_bytes().escape_ascii());
        *delay = FIRST_DELAY; // the server works, and does not only accept
    }
    match ws.close_status() {
        CloseStatus::Code(CloseCode::NORMAL) => Ok(()),
        other => Err(format!("server has closed: {other:?}").into()),
    }
}

/// Has a proxy connect to the server, RFC 9110 §9.3.6.
async fn tunnel(proxy: &str, request: &Request) -> Result<TcpStream, Box<dyn Error>> {
    let mut stream = TcpStream::connect(proxy).await?;
    let server = format!("{}:{}", request.host(), request.port());
    let head = format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") && response.len() < 8192 {
        response.push(stream.read_u8().await?); // what follows is the server's
    }
    let status = response.split(|byte| *byte == b'\r').next().unwrap_or_default();
    match status.split(|byte| *byte == b' ').nth(1) {
        Some([b'2', ..]) => Ok(stream),
        _ => Err(format!("proxy has refused: {}", status.escape_ascii()).into()),
    }
}

/// Returns a number from 0.5 to 1: the keys of each `RandomState` are random.
fn jitter() -> f64 {
    0.5 + f64::from(RandomState::new().hash_one(0) as u16) / 131_072.0
}

const FIRST_DELAY: Duration = Duration::from_millis(250);
const LAST_DELAY: Duration = Duration::from_secs(30);
const PROXY_LIMIT: Duration = Duration::from_secs(10);
