//! What the program calls, and what came of it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

use futures_core::Stream;
use futures_sink::Sink;
use sansock::connection::State;
use sansock::{CloseCode, Event};
use sansock_tokio::{Error, ReceiveHalf, SendHalf, WebSocket};

use super::executor::patiently;
use super::script::Script;
use crate::naive::messages::Seen;

/// A call. Its future is dropped when it has waited as often as the first number says.
#[derive(Clone, Copy, Debug)]
pub enum Call {
    Receive(u8),
    /// Waits for input, and takes its events.
    Fill(u8),
    /// Sends a message of this length and a few more.
    Send(u8, u8),
    SendText(u8, u8),
    SendBinary(u8, u8),
    /// Queues a message, and does not wait.
    Queue(u8),
    Flush(u8),
    Ping(u8),
    Close(u8),
}

impl Call {
    pub fn of([first, len]: [u8; 2]) -> Call {
        let (kind, patience) = (first % 16, first / 16);
        let patience = if patience > 7 { u8::MAX } else { patience };
        match kind {
            0 | 1 => Call::Receive(patience),
            2 | 3 => Call::Fill(patience),
            4..7 => Call::Send(patience, len),
            7 | 8 => Call::SendText(patience, len),
            9 | 10 => Call::SendBinary(patience, len),
            11 | 12 => Call::Queue(len),
            13 => Call::Flush(patience),
            14 => Call::Ping(patience),
            _ => Call::Close(patience),
        }
    }
}

/// What came of the calls.
#[derive(Default)]
pub struct Log {
    pub received: Vec<Seen>,
    /// What the last call that receives has returned.
    pub ending: Option<Result<(), Error>>,
    pub sent: Vec<Sent>,
    /// The payloads of pings that may have been sent.
    pub pings: Vec<Vec<u8>>,
    /// The code with which the connection was closed.
    pub close: Option<u16>,
}

pub struct Sent {
    pub message: Seen,
    pub fate: Fate,
}

/// What is known of a message that was sent.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It was written before the call returned.
    Written,
    /// It is written if the stream does not fail.
    Queued,
    Refused,
    /// The call has failed, or its future was dropped.
    Unknown,
}

type Ws = WebSocket<Script>;
type SharedLog = Rc<RefCell<Log>>;

/// The code with which the program closes.
const CODE: u16 = 4321;

impl Log {
    /// Notes what a call has returned that receives.
    fn receive(&mut self, received: Result<Option<sansock_tokio::Message>, Error>) {
        match received {
            Ok(Some(message)) => self.received.push(seen_of(&message)),
            Ok(None) => self.ending = Some(Ok(())),
            Err(error) => self.ending = Some(Err(error)),
        }
    }

    fn receive_event(&mut self, event: &Event<'_>) {
        match event {
            Event::Text(text) => {
                self.received.push(Seen::Text(text.to_string()));
            }
            Event::Binary(data) => {
                self.received.push(Seen::Binary(data.to_vec()));
            }
            _ => {}
        }
    }

    /// Notes the result of a call that sends. Without one, the future was dropped.
    fn send(&mut self, message: Seen, result: Option<Result<(), Error>>, is_queued: bool) {
        let fate = match result {
            Some(Ok(())) => Fate::Written,
            Some(Err(Error::Send(_))) => Fate::Refused,
            None if is_queued => Fate::Queued,
            Some(Err(_)) | None => Fate::Unknown,
        };
        self.sent.push(Sent { message, fate });
    }

    fn next_message(&self, is_text: bool, len: u8) -> Seen {
        let text = format!("{:03}{}", self.sent.len(), "x".repeat(len.into()));
        if is_text { Seen::Text(text) } else { Seen::Binary(text.into_bytes()) }
    }

    fn next_ping(&mut self) -> Vec<u8> {
        let payload = format!("ping {}", self.pings.len()).into_bytes();
        self.pings.push(payload.clone());
        payload
    }

    fn has_ended(&self) -> bool {
        self.ending.is_some()
    }
}

fn text(message: &Seen) -> &str {
    std::str::from_utf8(message.bytes()).expect("a text")
}

fn to_send(message: &Seen) -> sansock_tokio::Message {
    match message {
        Seen::Text(text) => text.clone().into(),
        other => other.bytes().to_vec().into(),
    }
}

fn seen_of(message: &sansock_tokio::Message) -> Seen {
    match message {
        sansock_tokio::Message::Text(text) => Seen::Text(text.to_string()),
        sansock_tokio::Message::Binary(data) => Seen::Binary(data.to_vec()),
    }
}

fn code() -> CloseCode {
    CloseCode::new(CODE).expect("a code of an application")
}

/// Makes all calls on a WebSocket.
pub async fn whole(ws: &mut Ws, calls: &[Call], log: &SharedLog) {
    for call in calls {
        // The first poll queues the message.
        let is_queued = ws.connection().state() == State::Open && !ws.connection().is_full();
        let has_ended = log.borrow().has_ended();
        match *call {
            Call::Receive(_) | Call::Fill(_) if has_ended => {}
            Call::Receive(patience) => {
                let received = patiently(patience, ws.receive()).await;
                received.into_iter().for_each(|received| log.borrow_mut().receive(received));
            }
            Call::Fill(patience) => fill(ws, patience, log).await,
            Call::Send(patience, len) => {
                let message = log.borrow().next_message(len % 2 == 0, len);
                let sent = patiently(patience, ws.send(to_send(&message))).await;
                log.borrow_mut().send(message, sent, is_queued);
            }
            Call::SendText(patience, len) => {
                let message = log.borrow().next_message(true, len);
                let sent = patiently(patience, ws.send_text(text(&message))).await;
                log.borrow_mut().send(message, sent, is_queued);
            }
            Call::SendBinary(patience, len) => {
                let message = log.borrow().next_message(false, len);
                let sent = patiently(patience, ws.send_binary(message.bytes())).await;
                log.borrow_mut().send(message, sent, is_queued);
            }
            Call::Queue(len) => {
                let message = log.borrow().next_message(false, len);
                let queued = ws.queue(to_send(&message));
                note_queued(message, queued, log);
            }
            Call::Flush(patience) => drop(patiently(patience, ws.flush()).await),
            Call::Ping(patience) => {
                let payload = log.borrow_mut().next_ping();
                drop(patiently(patience, ws.ping(&payload)).await);
            }
            Call::Close(patience) => {
                log.borrow_mut().close = Some(CODE);
                drop(patiently(patience, ws.close(code(), "")).await);
            }
        }
    }
}

fn note_queued(message: Seen, queued: Result<(), Error>, log: &SharedLog) {
    let fate = if queued.is_ok() { Fate::Queued } else { Fate::Refused };
    log.borrow_mut().sent.push(Sent { message, fate });
}

async fn fill(ws: &mut Ws, patience: u8, log: &SharedLog) {
    match patiently(patience, ws.fill()).await {
        None => {}
        Some(Ok(true)) => {
            while let Some((event, _)) = ws.next_event() {
                log.borrow_mut().receive_event(&event);
            }
        }
        Some(Ok(false)) => log.borrow_mut().receive(Ok(None)),
        Some(Err(error)) => log.borrow_mut().receive(Err(error)),
    }
}

/// Receives to the end.
pub async fn drain(ws: &mut Ws, log: &SharedLog) {
    while !log.borrow().has_ended() {
        let received = ws.receive().await;
        log.borrow_mut().receive(received);
    }
}

/// Makes the calls that receive.
pub async fn receive_half(half: &mut ReceiveHalf<Script>, calls: &[Call], log: &SharedLog) {
    for call in calls {
        let (Call::Receive(patience) | Call::Fill(patience)) = *call else { continue };
        if log.borrow().has_ended() {
            return;
        }
        let received = patiently(patience, half.receive()).await;
        received.into_iter().for_each(|received| log.borrow_mut().receive(received));
    }
}

/// Receives to the end.
pub async fn drain_half(half: &mut ReceiveHalf<Script>, log: &SharedLog) {
    while !log.borrow().has_ended() {
        let received = half.receive().await;
        log.borrow_mut().receive(received);
    }
}

/// Makes the calls that send.
pub async fn send_half(half: &mut SendHalf<Script>, calls: &[Call], log: &SharedLog) {
    for call in calls {
        match *call {
            Call::Receive(_) | Call::Fill(_) => {}
            Call::Send(patience, len) => {
                let message = log.borrow().next_message(len % 2 == 0, len);
                let sent = patiently(patience, half.send(to_send(&message))).await;
                log.borrow_mut().send(message, sent, false);
            }
            Call::SendText(patience, len) => {
                let message = log.borrow().next_message(true, len);
                let sent = patiently(patience, half.send_text(text(&message))).await;
                log.borrow_mut().send(message, sent, false);
            }
            Call::SendBinary(patience, len) => {
                let message = log.borrow().next_message(false, len);
                let sent = patiently(patience, half.send_binary(message.bytes())).await;
                log.borrow_mut().send(message, sent, false);
            }
            Call::Queue(len) => {
                let message = log.borrow().next_message(false, len);
                let queued = half.queue(to_send(&message));
                note_queued(message, queued, log);
            }
            Call::Flush(patience) => drop(patiently(patience, half.flush()).await),
            Call::Ping(patience) => {
                let payload = log.borrow_mut().next_ping();
                drop(patiently(patience, half.ping(&payload)).await);
            }
            Call::Close(patience) => {
                log.borrow_mut().close = Some(CODE);
                drop(patiently(patience, half.close(code(), "")).await);
            }
        }
    }
}

/// Receives to the end, from a stream that another task uses as a sink.
pub async fn receive_shared(ws: &RefCell<Ws>, calls: &[Call], log: &SharedLog) {
    let mut calls = calls.iter().filter_map(|call| match call {
        Call::Receive(patience) | Call::Fill(patience) => Some(*patience),
        _ => None,
    });
    while !log.borrow().has_ended() {
        let next = poll_fn(|context| Pin::new(&mut *ws.borrow_mut()).poll_next(context));
        let received = match calls.next() {
            Some(patience) => patiently(patience, next).await,
            None => Some(next.await),
        };
        if let Some(received) = received {
            log.borrow_mut().receive(received.transpose());
        }
    }
}

/// Makes the calls that send, on a sink that another task uses as a stream.
pub async fn send_shared(ws: &RefCell<Ws>, calls: &[Call], log: &SharedLog) {
    let flush = || poll_fn(|context| Pin::new(&mut *ws.borrow_mut()).poll_flush(context));
    for call in calls {
        match *call {
            Call::Send(patience, len)
            | Call::SendText(patience, len)
            | Call::SendBinary(patience, len) => {
                let message = log.borrow().next_message(len % 2 == 0, len);
                let is_queued = Cell::new(false);
                let send = async {
                    poll_fn(|context| Pin::new(&mut *ws.borrow_mut()).poll_ready(context)).await?;
                    Pin::new(&mut *ws.borrow_mut()).start_send(to_send(&message))?;
                    is_queued.set(true);
                    flush().await
                };
                let sent = patiently(patience, send).await;
                log.borrow_mut().send(message, sent, is_queued.get());
            }
            Call::Queue(len) => {
                let message = log.borrow().next_message(false, len);
                let queued = ws.borrow_mut().queue(to_send(&message));
                note_queued(message, queued, log);
            }
            Call::Flush(patience) => drop(patiently(patience, flush()).await),
            Call::Ping(_) => {
                let payload = log.borrow_mut().next_ping();
                let _ = ws.borrow_mut().connection().ping(&payload);
            }
            Call::Close(patience) => {
                log.borrow_mut().close = Some(1000);
                let close = poll_fn(|context| Pin::new(&mut *ws.borrow_mut()).poll_close(context));
                drop(patiently(patience, close).await);
            }
            Call::Receive(_) | Call::Fill(_) => {}
        }
    }
}
