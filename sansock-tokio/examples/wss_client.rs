//! A client whose halves are used by two tasks: one sends the lines of standard input, the other
//! prints what is received.
//!
//! ```text
//! cargo run -p sansock-tokio --features rustls --example wss_client -- [--ca FILE] URL
//! ```

mod trust;

use std::error::Error;
use std::io::{BufRead, stdin};

use sansock::CloseStatus;
use sansock_tokio::{CloseCode, Message, Request};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (ca, url) = match &arguments[..] {
        [url] => (None, url),
        [option, ca, url] if option == "--ca" => (Some(ca.as_str()), url),
        _ => return Err("usage: wss_client [--ca FILE] URL".into()),
    };
    let request = Request::new(url)?;
    let (ws, _) = trust::connector(ca)?.connect(&request).await?;
    let (mut receiving, mut sending) = ws.split();

    let mut lines = lines_of_stdin();
    let sender = tokio::spawn(async move {
        while let Some(line) = lines.recv().await {
            sending.send(line).await?;
        }
        sending.close(CloseCode::NORMAL, "").await
    });
    while let Some(message) = receiving.receive().await? {
        match message {
            Message::Text(text) => println!("{text}"),
            Message::Binary(data) => println!("{}", data.escape_ascii()),
        }
    }
    sender.abort(); // if the server has closed, lines are read no more
    match receiving.close_status() {
        CloseStatus::Code(code) => eprintln!("closed: {code}"),
        other => eprintln!("closed: {other:?}"),
    }
    Ok(())
}

/// Reads standard input in a thread, which may block for any time.
fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
