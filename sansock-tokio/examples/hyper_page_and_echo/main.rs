//! A server on hyper: a page and a WebSocket that echoes, at one address, over HTTP/1.1 and HTTP/2.
//!
//! ```text
//! cargo run --release -p sansock-tokio --features hyper --example hyper_page_and_echo -- \
//!     [ADDRESS [TLS-ADDRESS [CERT-FILE]]]
//! ```
//!
//! At ADDRESS it serves HTTP without TLS, and HTTP/2 to clients that begin with it. At TLS-ADDRESS
//! the client chooses the version by ALPN. The certificate is made at the start, and written to a
//! file for the clients to trust. For each WebSocket it prints the version.

#[path = "../self_signed/mod.rs"]
mod self_signed;

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use sansock::Config;
use sansock_tokio::Settings;
use sansock_tokio::hyper::{Handshake, Opening};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |n: usize| arguments.get(n).map(String::as_str);
    let plain = TcpListener::bind(argument(0).unwrap_or("127.0.0.1:9001")).await?;
    println!("listening on http://{}/", plain.local_addr()?);
    if let Some(address) = argument(1) {
        let secure = TcpListener::bind(address).await?;
        let acceptor = self_signed::acceptor(&["h2", "http/1.1"], argument(2))?;
        println!("listening on https://{}/", secure.local_addr()?);
        tokio::spawn(listen(secure, Some(acceptor)));
    }
    listen(plain, None).await;
    Ok(())
}

/// Serves all clients, with TLS if there is an acceptor.
async fn listen(listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // No file descriptor is free: wait for one.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let outcome = match acceptor {
                None => serve(stream).await,
                Some(acceptor) => match timeout(TLS_LIMIT, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => serve(stream).await,
                    Ok(Err(error)) => Err(error.into()),
                    Err(late) => Err(late.into()),
                },
            };
            outcome.unwrap_or_else(|error| eprintln!("{peer}: {error}"));
        });
    }
}

/// Serves a client by the version of HTTP that its first bytes show.
async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Outcome {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http2().enable_connect_protocol();
    server.serve_connection_with_upgrades(TokioIo::new(stream), service_fn(answer)).await
}

/// Answers a request.
async fn answer(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let response = match request.uri().path() {
        // In HTTP/2, a WebSocket is asked for by CONNECT, and a 200 would say that it is open.
        "/" if request.method() != Method::CONNECT => {
            Response::new(include_str!("page.html").into())
        }
        "/echo" => match Handshake::new(&mut request) {
            Ok(handshake) => {
                println!("WebSocket over {:?}", request.version());
                open(handshake)
            }
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

const TLS_LIMIT: Duration = Duration::from_secs(10);
