//! An echo server: every message comes back as it went.
//!
//! ```text
//! cargo run --release --example echo_server
//! ```
//!
//! It serves TLS too, at `wss://127.0.0.1:9002/`. A browser that opens `http://127.0.0.1:9001/` gets a page to try it with. The crate does no I/O,
//! so this is where it is done: `server` has a client's whole way, for which `handshake` and `echo`
//! drive sans-I/O state machines over any transport; `transport` has the ways to touch one.

mod echo;
mod handshake;
mod options;
mod request;
mod server;
mod stop;
mod tls;
mod transport;

use std::convert::Infallible;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use options::Options;
use server::Server;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(stop) => return stop.print(options::USAGE),
    };
    let Err(error) = run(options).await;
    eprintln!("{error}");
    ExitCode::FAILURE
}

/// Listens where the options say, for good.
async fn run(options: Options) -> Result<Infallible, Box<dyn Error>> {
    let acceptor = match options.listen_tls {
        Some(_) => Some(tls::acceptor(&options.tls)?),
        None => None,
    };
    let plain = bind(options.listen.as_deref(), "ws").await?;
    let secure = bind(options.listen_tls.as_deref(), "wss").await?;
    let server = Arc::new(Server::new(options));

    let mut listeners = JoinSet::new();
    if let Some(listener) = plain {
        let server = Arc::clone(&server);
        listeners.spawn(accept(listener, move |stream| {
            let server = Arc::clone(&server);
            async move { server.serve(stream).await }
        }));
    }
    if let (Some(listener), Some(acceptor)) = (secure, acceptor) {
        listeners.spawn(accept(listener, move |stream| {
            let (server, acceptor) = (Arc::clone(&server), acceptor.clone());
            async move { server.serve_tls(stream, &acceptor).await }
        }));
    }
    match listeners.join_next().await {
        Some(Ok(never)) => Ok(never),
        Some(Err(error)) => Err(error.into()),
        None => Err("there is nowhere to listen".into()),
    }
}

/// Listens at this address, if there is one, and says so.
async fn bind(address: Option<&str>, scheme: &str) -> Result<Option<TcpListener>, Box<dyn Error>> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("listen on {address}: {error}"))?;
    println!("listening on {scheme}://{}/", listener.local_addr()?);
    Ok(Some(listener))
}

/// Gives every client a task of its own.
async fn accept<Serve>(listener: TcpListener, serve: impl Fn(TcpStream) -> Serve) -> Infallible
where
    Serve: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // An echo is small and wanted at once.
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream));
            }
            Err(error) => {
                // As when the process has no file descriptors left: wait until some are given back.
                eprintln!("accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
