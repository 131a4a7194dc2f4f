//! A client and a server in one process, without a socket: only the loop. It shows the parts that an
//! `Endpoint` is made of: the two heads of the handshake, and then the connections.
//!
//! ```text
//! cargo run --example in_memory
//! ```

use std::error::Error;

use bytes::Buf;
use sansock::connection::State;
use sansock::handshake::{client, server};
use sansock::{CloseCode, Config, Connection, Event, Input};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut client, mut server) = shake_hands()?;

    client.send_text("hello")?;
    client.send_binary(&[1, 2, 3])?;
    client.ping(b"still there?")?;
    let mut answers = 0;
    while client.state() != State::CloseExchanged {
        carry(&mut client, &mut server, |server, event| {
            println!("server: {}", describe(&event));
            match event {
                Event::Text(text) => server.send_text(&text)?,
                Event::Binary(data) => server.send_binary(&data)?,
                _ => {} // replies to pings and to a Close are queued already
            }
            Ok(())
        })?;
        carry(&mut server, &mut client, |client, event| {
            println!("client: {}", describe(&event));
            answers += 1;
            if answers == 3 {
                client.close(CloseCode::NORMAL, "that was all")?;
            }
            Ok(())
        })?;
    }
    println!("client: {:?}, server: {:?}", client.receive_eof(), server.receive_eof());
    Ok(())
}

/// Performs the opening handshake: each end writes one head and reads the other's.
fn shake_hands() -> Result<(Connection, Connection), Box<dyn Error>> {
    let (mut head, mut opening) = client::Request::new("ws://in.memory/")?.start(client::nonce());
    let request = server::ServerHandshake::default().receive(&mut Input::new(&mut head))?;
    let (mut head, negotiated) = request.ok_or("the request is incomplete")?.upgrade()?.accept();
    let server = Connection::from_negotiated(Config::server(), &negotiated)?;
    match opening.receive(&mut Input::new(&mut head))? {
        Some(client::Outcome::Established { negotiated, .. }) => {
            Ok((Connection::from_negotiated(Config::client(), &negotiated)?, server))
        }
        _ => Err("the server did not accept".into()),
    }
}

/// Moves the output of one end to the other, and handles the events that result.
///
/// A transport does no more than this. It may cut the bytes anywhere.
fn carry(
    from: &mut Connection,
    to: &mut Connection,
    mut handle: impl FnMut(&mut Connection, Event<'_>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut buffer = [0; 8];
    while from.output().has_remaining() {
        let len = buffer.len().min(from.output().remaining());
        let input = buffer.get_mut(..len).unwrap_or_default();
        from.output().copy_to_slice(input);
        let mut input = Input::new(input);
        while let Some(event) = to.receive(&mut input)? {
            handle(to, event)?;
        }
    }
    Ok(())
}

fn describe(event: &Event<'_>) -> String {
    match event {
        Event::Text(text) => format!("text {text:?}", text = text.as_str()),
        Event::Binary(data) => format!("binary {:?}", &**data),
        Event::Ping(data) => format!("ping {:?}", String::from_utf8_lossy(data)),
        Event::Pong(data) => format!("pong {:?}", String::from_utf8_lossy(data)),
        Event::Close { code, reason } => format!("close {code:?} {:?}", reason.as_str()),
        _ => "unknown event".into(),
    }
}
