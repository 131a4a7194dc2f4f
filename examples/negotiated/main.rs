//! A connection that negotiates TLS and never blocks, in the manner of `PostgreSQL`'s libpq, on mio.
//!
//! ```text
//! cargo run --example negotiated -- server --cert-out /tmp/cert.pem
//! cargo run --example negotiated -- client --mode verify-full --ca /tmp/cert.pem localhost:9001
//! ```
//!
//! One port serves clients with TLS and without. A client that wants TLS asks for it, and the server
//! answers with one byte: see `ssl_request.rs`. The client is a state machine that is polled, and
//! says whether it wants to read or to write: see `client.rs`. The server has one thread and one read
//! buffer for all of its clients: see `server.rs` and `peer.rs`.

mod client;
mod deadlines;
mod drive;
mod dropped;
mod error;
mod mode;
mod open;
mod options;
mod peer;
mod server;
mod session;
mod ssl_request;
mod steps;
#[path = "../echo_server/stop.rs"]
mod stop;
mod stream;
mod talk;
mod tls;

use std::error::Error;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::Arc;

use mio::net::TcpStream;
use sansock::Config;
use sansock::endpoint::Settings;
use sansock::handshake::client::Request;
use sansock::timer::Clock;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use client::{Client, Target};
use options::{ClientOptions, Command, ServerOptions, TlsOption, USAGE};
use peer::{TlsPolicy, settings};
use server::Server;
use tls::{Identity, client_config, server_config};

fn main() -> ExitCode {
    let outcome = match Command::parse(std::env::args().skip(1)) {
        Ok(Command::Server(options)) => serve(&options),
        Ok(Command::Client(options)) => connect(&options),
        Err(stop) => return stop.print(USAGE),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the server until it is killed.
fn serve(options: &ServerOptions) -> Result<(), Box<dyn Error>> {
    let identity = Identity::generate(&["localhost", "127.0.0.1", "::1"])?;
    if let Some(file) = &options.cert_out {
        std::fs::write(file, &identity.pem)?;
    }
    let tls = match options.tls {
        TlsOption::None => TlsPolicy::Without,
        TlsOption::Offered => TlsPolicy::Offered(Arc::new(server_config(identity)?)),
        TlsOption::Required => TlsPolicy::Required(Arc::new(server_config(identity)?)),
    };
    let clock = Clock::start();
    let mut server = Server::bind(options.address, tls, settings(), 64 << 10)?;
    println!("listening on {}", server.local_addr()?);
    loop {
        server.turn(|| clock.now(), |dropped| eprintln!("{dropped}"))?;
    }
}

/// Connects, and exchanges lines with the server.
fn connect(options: &ClientOptions) -> Result<(), Box<dyn Error>> {
    let ClientOptions { host, port, mode, .. } = options;
    let addresses: Vec<SocketAddr> = (host.as_str(), *port).to_socket_addrs()?.collect();
    // As libpq does for several hosts, a program could try the next one if one fails.
    let address = *addresses
        .iter()
        .find(|address| address.is_ipv4())
        .unwrap_or(addresses.first().ok_or("host has no address")?);
    let authority = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let target = Target {
        mode: *mode,
        name: ServerName::try_from(host.clone())?,
        tls: Arc::new(client_config(*mode, roots(options)?)?),
        request: Request::new(&format!("ws://{authority}:{port}/"))?,
        settings: Settings::new(Config::client()),
    };
    talk::talk(Client::new(Arc::new(target), move || TcpStream::connect(address)))
}

/// Returns the authorities that the client trusts.
fn roots(options: &ClientOptions) -> Result<RootCertStore, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    match &options.ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            for cert in CertificateDer::pem_file_iter(file)? {
                roots.add(cert?)?;
            }
        }
    }
    Ok(roots)
}
