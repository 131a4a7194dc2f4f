//! A client over HTTP/2 without TLS, on the crate `h2`: sends each line of standard input, and prints
//! the answer.
//!
//! ```text
//! cargo run -p sansock-tokio --features h2 --example h2_client -- URL
//! ```

use std::error::Error;
use std::io::stdin;

use sansock::{CloseCode, CloseStatus, Config, Message};
use sansock_tokio::h2::connect;
use sansock_tokio::{Request, Settings};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("usage: h2_client URL")?;
    let request = Request::new(&url)?;
    let tcp = TcpStream::connect((request.host(), request.port())).await?;
    tcp.set_nodelay(true)?;
    let (client, mut connection) = h2::client::handshake(tcp).await?;
    let mut pings = connection.ping_pong().ok_or("a new connection has its pings")?;
    let connection = tokio::spawn(connection);
    // The server's settings come before its answer to a ping.
    pings.ping(h2::Ping::opaque()).await?;

    let (mut ws, _) = connect(&client, &request, &Settings::new(Config::client())).await?;
    for line in stdin().lines() {
        ws.send(line?).await?;
        match ws.receive().await? {
            Some(Message::Text(text)) => println!("{text}"),
            Some(Message::Binary(data)) => println!("{}", data.escape_ascii()),
            None => return Err("the server has closed".into()),
        }
    }
    ws.close(CloseCode::NORMAL, "").await?;
    while ws.receive().await?.is_some() {}
    match ws.close_status() {
        CloseStatus::Code(code) => eprintln!("closed: {code}"),
        other => eprintln!("closed: {other:?}"),
    }
    drop((ws, client, pings)); // the connection ends with its last stream
    Ok(connection.await??)
}
