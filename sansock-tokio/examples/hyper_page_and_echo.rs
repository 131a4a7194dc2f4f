//! A server on hyper: a page and a WebSocket that echoes, at one address, over HTTP/1.1 and over
//! HTTP/2 with prior knowledge.
//!
//! ```text
//! cargo run --release -p sansock-tokio --features hyper --example hyper_page_and_echo -- [ADDRESS]
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use sansock::Config;
use sansock_tokio::Settings;
use sansock_tokio::hyper::{Handshake, Opening};
use tokio::net::TcpListener;
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:9001".into());
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}/", listener.local_addr()?);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http2().enable_connect_protocol();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // No file descriptor is free: wait for one.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let server = server.clone();
        tokio::spawn(async move {
            let serving =
                server.serve_connection_with_upgrades(TokioIo::new(stream), service_fn(answer));
            serving.await.unwrap_or_else(|error| eprintln!("{peer}: {error}"));
        });
    }
}

/// Answers a request.
async fn answer(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let response = match request.uri().path() {
        "/" => Response::new(PAGE.into()),
        "/echo" => match Handshake::new(&mut request) {
            Ok(handshake) => open(handshake),
            Err(refusal) => refusal.response(),
        },
        _ => with_status(StatusCode::NOT_FOUND),
    };
    Ok(response)
}

/// Accepts a WebSocket, and starts its task.
fn open(handshake: Handshake) -> Response<String> {
    let settings = Settings::new(Config::server());
    let accepted = handshake
        .accept_with(&settings, |upgrade| Ok(upgrade.select_subprotocol(&["echo", "chat"])));
    match accepted {
        Ok((response, opening)) => {
            tokio::spawn(async {
                echo(opening).await.unwrap_or_else(|error| eprintln!("{error}"));
            });
            response
        }
        Err(error) => {
            eprintln!("{error}");
            with_status(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

async fn echo(opening: Opening) -> Result<(), sansock_tokio::Error> {
    let mut ws = opening.await?;
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}

fn with_status(status: StatusCode) -> Response<String> {
    let mut response = Response::new(status.to_string());
    *response.status_mut() = status;
    response
}

const PAGE: &str = r#"<!doctype html>
<title>Echo</title>
<form><input autofocus> <button>Send</button></form>
<pre></pre>
<script>
    const ws = new WebSocket(location.href.replace(/^http/, "ws").replace(/\/[^\/]*$/, "/echo"), "echo");
    ws.onmessage = message => document.querySelector("pre").append(message.data, "\n");
    document.querySelector("form").onsubmit = event => {
        event.preventDefault();
        ws.send(document.querySelector("input").value);
    };
</script>
"#;
