//! A WebSocket over a connection that begins in the clear and switches to TLS by STARTTLS: an echo
//! server, and a client that sends each TEXT and prints what comes back.
//!
//! ```text
//! cargo run --example starttls server ADDRESS CERT-FILE
//! cargo run --example starttls client URL CERT-FILE [TEXT]...
//! ```
//!
//! The server makes its certificate at the start, and writes it to the file for clients to trust.
//! With tokio it is the example `tokio_starttls` of sansock-tokio.

mod plain;
mod tls;

use std::error::Error;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io, thread};

use sansock::blocking;
use sansock::handshake::client::Request;
use sansock::{CloseCode, Message};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConnection, ServerConfig, ServerConnection};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match &arguments[..] {
        ["server", address, cert_file] => server(address, cert_file),
        ["client", url, cert_file, texts @ ..] => client(url, cert_file, texts),
        _ => {
            Err("usage: starttls server ADDRESS CERT-FILE | client URL CERT-FILE [TEXT]...".into())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn server(address: &str, cert_file: &str) -> Outcome {
    let listener = TcpListener::bind(address)?;
    let config = tls::server_config(cert_file)?;
    println!("listening on wss://{}/", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, config) = (stream?, Arc::clone(&config));
        thread::spawn(move || {
            if let Err(error) = serve(stream, config) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// Echoes the messages of one client.
fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> Outcome {
    limit(&stream)?;
    let Some(stream) = plain::serve(stream)? else { return Ok(()) };
    let stream = tls::handshake(ServerConnection::new(config)?, stream)?;
    let mut ws = blocking::accept(stream)?;
    while let Some(message) = ws.receive()? {
        ws.send(message)?;
    }
    Ok(())
}

fn client(url: &str, cert_file: &str, texts: &[&str]) -> Outcome {
    let request = Request::new(url)?;
    if !request.is_secure() {
        return Err("the URL does not begin with wss:".into());
    }
    let config = tls::client_config(cert_file)?;
    let name = ServerName::try_from(request.host().to_owned())?;
    let stream = TcpStream::connect((request.host(), request.port()))?;
    limit(&stream)?;
    let stream = plain::start_tls(stream)?;
    let stream = tls::handshake(ClientConnection::new(config, name)?, stream)?;
    let mut ws = blocking::client(stream, &request)?;
    for text in texts {
        ws.send_text(text)?;
        let Some(Message::Text(echo)) = ws.receive()? else {
            return Err("the server did not send a text back".into());
        };
        println!("{echo}");
    }
    ws.close(CloseCode::NORMAL, "")?;
    while ws.receive()?.is_some() {} // until the server has closed too
    Ok(())
}

/// Limits each wait for the peer. A peer that sends a byte now and then is limited by the number of
/// bytes before the WebSocket, and by the deadlines of the WebSocket.
fn limit(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))
}
