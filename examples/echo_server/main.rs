//! An echo server: sends back every message unchanged.
//!
//! ```text
//! cargo run --release --example echo_server
//! ```
//!
//! It also serves TLS, at `wss://127.0.0.1:9002/`. To try it, open `http://127.0.0.1:9001/` in a
//! browser.
//!
//! With `--client-ca` only clients with a certificate are served, and each is logged by its names.
//!
//! The crate does no I/O, so the example does it. `server` serves one client: `answer` answers its
//! request, and `echo` drives an endpoint over any transport. `transport` has the functions that read
//! and write.

mod answer;
mod deflate;
mod echo;
mod options;
mod server;
mod stop;
mod tls;
mod transport;

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use options::Options;
use server::Server;
use tls::Tls;
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

/// Listens at the addresses in `options`. Returns only if it fails.
async fn run(options: Options) -> Result<Infallible, Box<dyn Error + Send + Sync>> {
    let server = Arc::new(Server::new(&options, Box::new(log)));
    let tls = match options.listen_tls {
        Some(_) => Some(Arc::new(Tls::new(options.tls)?)),
        None => None,
    };
    let plain = bind(options.listen.as_deref(), "ws").await?;
    let secure = bind(options.listen_tls.as_deref(), "wss").await?;

    let mut listeners = JoinSet::new();
    if let Some(listener) = plain {
        let server = Arc::clone(&server);
        listeners.spawn(accept(listener, move |stream, _| {
            let server = Arc::clone(&server);
            async move { server.serve(stream).await }
        }));
    }
    if let (Some(listener), Some(tls)) = (secure, tls) {
        listeners.spawn(accept(listener, move |stream, from| {
            let (server, tls) = (Arc::clone(&server), Arc::clone(&tls));
            async move { server.serve_tls(stream, from, &tls.acceptor(log)).await }
        }));
    }
    match listeners.join_next().await {
        Some(Ok(never)) => Ok(never),
        Some(Err(error)) => Err(error.into()),
        None => Err("no address to listen at".into()),
    }
}

fn log(line: String) {
    eprintln!("{line}");
}

/// Listens at `address`, if there is one, and prints the URL.
async fn bind(
    address: Option<&str>,
    scheme: &str,
) -> Result<Option<TcpListener>, Box<dyn Error + Send + Sync>> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("listen on {address}: {error}"))?;
    println!("listening on {scheme}://{}/", listener.local_addr()?);
    Ok(Some(listener))
}

/// Serves each client in its own task.
async fn accept<Serve>(
    listener: TcpListener,
    serve: impl Fn(TcpStream, SocketAddr) -> Serve,
) -> Infallible
where
    Serve: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                // An echo is small and should be sent at once.
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, from));
            }
            Err(error) => {
                // This happens if the process has no file descriptors left: wait until some are
                // free.
                eprintln!("accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
