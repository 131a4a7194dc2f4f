//! The client's loop: opens a connection, sends the lines of standard input, prints what comes.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use mio::net::TcpStream;
use mio::{Events, Poll, Token, Waker};
use sansock::timer::Clock;
use sansock::{CloseCode, CloseStatus, Event, SendError};

use crate::client::Client;
use crate::drive::{open, wait};
use crate::session::{Session, Turn};

/// Opens the connection, and exchanges lines until the input or the connection ends.
pub(crate) fn talk(client: Client<TcpStream>) -> Result<(), Box<dyn Error>> {
    let (mut poll, clock) = (Poll::new()?, Clock::start());
    // Held until the end, because a dropped waker takes its last event with it.
    let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
    let mut session = open(&mut poll, client, &clock, |state| eprintln!("{state:?}"))?;
    eprintln!("open, {}", if session.open.stream.is_tls() { "with TLS" } else { "in the clear" });
    let lines = read_lines(Arc::clone(&waker));
    let mut events = Events::with_capacity(8);
    loop {
        let turn = session.turn(clock.now(), |_, event| match event {
            Event::Text(text) => println!("{text}"),
            Event::Close { code, .. } => eprintln!("closed by {code:?}"),
            _ => {}
        })?;
        let Turn::Wait(deadline) = turn else { break };
        while send_lines(&mut session, &lines)? && !session.open.wants_write() {}
        wait(&mut poll, &mut events, clock.until(deadline))?;
    }
    match session.open.endpoint.close_status() {
        CloseStatus::Abnormal => Err("connection lost".into()),
        _ => Ok(()),
    }
}

/// Sends the lines that were read, until the output is full. Closes the connection at their end.
/// Returns `true` if there may be more lines.
fn send_lines(
    session: &mut Session<TcpStream>,
    lines: &Receiver<String>,
) -> Result<bool, Box<dyn Error>> {
    let ws = &mut session.open.endpoint;
    let mut has_more = true;
    while has_more && !ws.is_full() {
        match lines.try_recv() {
            Ok(line) => match ws.send_text(&line) {
                Ok(()) | Err(SendError::NotOpen) => {}
                Err(error) => return Err(error.into()),
            },
            Err(TryRecvError::Empty) => has_more = false,
            Err(TryRecvError::Disconnected) => {
                ws.close(CloseCode::NORMAL, "")?; // once, however often it is called
                has_more = false;
            }
        }
    }
    session.open.write()?;
    Ok(has_more)
}

/// Reads lines on another thread, because standard input blocks.
fn read_lines(waker: Arc<Waker>) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() || waker.wake().is_err() {
                return;
            }
        }
        drop(sender);
        let _ = waker.wake();
    });
    receiver
}

const WAKER: Token = Token(usize::MAX);
