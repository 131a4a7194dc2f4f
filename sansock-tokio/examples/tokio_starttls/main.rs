//! A WebSocket over a connection that begins in the clear and switches to TLS by STARTTLS: an echo
//! server, and a client that sends each TEXT and prints what comes back.
//!
//! ```text
//! cargo run -p sansock-tokio --features rustls --example tokio_starttls server ADDRESS CERT-FILE
//! cargo run -p sansock-tokio --features rustls --example tokio_starttls client URL CERT-FILE [TEXT]...
//! ```
//!
//! The server makes its certificate at the start, and writes it to the file for clients to trust.

mod plain;
#[path = "../self_signed/mod.rs"]
mod self_signed;
#[path = "../trust/mod.rs"]
mod trust;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use sansock_tokio::{CloseCode, Message, Request, accept};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match &arguments[..] {
        ["server", address, cert_file] => server(address, cert_file).await,
        ["client", url, cert_file, texts @ ..] => client(url, cert_file, texts).await,
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn server(address: &str, cert_file: &str) -> Outcome {
    let listener = TcpListener::bind(address).await?;
    let acceptor = self_signed::acceptor(&["http/1.1"], Some(cert_file))?;
    println!("listening on wss://{}/", listener.local_addr()?);
    loop {
        let (stream, peer) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, acceptor).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

/// Echoes the messages of one client.
async fn serve(stream: TcpStream, acceptor: TlsAcceptor) -> Outcome {
    stream.set_nodelay(true)?;
    let opening = async {
        let Some(stream) = plain::serve(stream).await? else { return Ok(None) };
        // Returns at the end of the TLS handshake, before anything else is read.
        let stream = acceptor.accept(stream).await;
        Ok(Some(stream.map_err(|error| format!("TLS handshake: {error}"))?))
    };
    // One deadline for the lines and the TLS handshake together.
    let opened: Result<_, Box<dyn Error + Send + Sync>> = timeout(LIMIT, opening).await?;
    let Some(stream) = opened? else { return Ok(()) };
    let mut ws = accept(stream).await?;
    while let Some(message) = ws.receive().await? {
        ws.send(message).await?;
    }
    Ok(())
}

async fn client(url: &str, cert_file: &str, texts: &[&str]) -> Outcome {
    let request = Request::new(url)?;
    // Without TLS, the connector would perform the opening handshake in the clear.
    if !request.is_secure() {
        return Err("the URL does not begin with wss:".into());
    }
    let connector = trust::connector(Some(cert_file)).map_err(|error| error.to_string())?;
    let stream = TcpStream::connect((request.host(), request.port())).await?;
    let stream = timeout(LIMIT, plain::start_tls(stream)).await??;
    let (mut ws, _) = connector.connect_over(&request, stream).await?;
    for text in texts {
        ws.send(*text).await?;
        let Some(Message::Text(echo)) = ws.receive().await? else {
            return Err("the server did not send a text back".into());
        };
        println!("{echo}");
    }
    ws.close(CloseCode::NORMAL, "").await?;
    while ws.receive().await?.is_some() {} // until the server has closed too
    Ok(())
}

const LIMIT: Duration = Duration::from_secs(10);
const USAGE: &str =
    "usage: tokio_starttls server ADDRESS CERT-FILE | client URL CERT-FILE [TEXT]...";
