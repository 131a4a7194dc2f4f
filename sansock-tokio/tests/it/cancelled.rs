//! Futures that are dropped at any poll at which they wait, and called again.

use std::pin::pin;
use std::task::Poll;

use sansock_tokio::sansock::{CloseStatus, Event, Role};
use sansock_tokio::{CloseCode, Error, Message, WebSocket};

use crate::script::{Pace, Script, Task};
use crate::support::conversation::{CLOSE, Conversation};
use crate::support::{ROLES, close_body, frame_for, frames};
use crate::{code, open};

/// At which of the polls that wait the future is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cancel {
    Never,
    Always,
    /// At this one, counted from the first of the conversation.
    Nth(usize),
}

/// What drops the futures.
struct Run {
    script: Script,
    cancel: Cancel,
    /// How many polls have waited.
    waits: usize,
    /// How many sends were dropped whose message was not queued.
    unsent: usize,
}

type Ws = WebSocket<Script>;

impl Run {
    /// Notes a poll that waits, and lets the stream go on. Returns whether to drop the future.
    #[track_caller]
    fn drops(&mut self, task: &Task) -> bool {
        self.script.wake();
        assert!(task.take_wakes() > 0, "the stream has woken another task");
        self.waits += 1;
        match self.cancel {
            Cancel::Never => false,
            Cancel::Always => true,
            Cancel::Nth(nth) => nth == self.waits,
        }
    }

    /// Polls one future until it is ready, or returns `None` if it is dropped.
    fn try_call<T>(&mut self, future: impl Future<Output = Result<T, Error>>) -> Option<T> {
        let mut future = pin!(future);
        let task = Task::new();
        loop {
            match task.poll(future.as_mut()) {
                Poll::Ready(output) => return Some(output.unwrap()),
                Poll::Pending if self.drops(&task) => return None,
                Poll::Pending => {}
            }
        }
    }

    /// Calls until the future is ready, again after each time that it was dropped.
    fn call<T>(&mut self, ws: &mut Ws, call: impl AsyncFn(&mut Ws) -> Result<T, Error>) -> T {
        loop {
            if let Some(output) = self.try_call(call(ws)) {
                return output;
            }
        }
    }

    /// Calls until a message with a frame of this length is sent. One that was dropped is sent
    /// whole if there was room for it, and otherwise whole or not at all.
    fn send(&mut self, ws: &mut Ws, len: u64, send: impl AsyncFn(&mut Ws) -> Result<(), Error>) {
        loop {
            let was_full = ws.connection().is_full();
            let before = output_end(ws);
            let sent = self.try_call(send(ws));
            if output_end(ws) == before + len {
                if sent.is_none() {
                    self.call(ws, Ws::flush);
                }
                return;
            }
            assert_eq!((output_end(ws), sent), (before, None), "a part of it was sent");
            assert!(was_full && ws.connection().is_full(), "there was room for it");
            self.unsent += 1;
        }
    }

    /// Receives the next message, in two ways.
    fn receive(&mut self, ws: &mut Ws, by_events: bool) -> Option<Message> {
        if !by_events {
            return self.call(ws, Ws::receive);
        }
        loop {
            while let Some((event, _)) = ws.next_event() {
                match event {
                    Event::Text(text) => return Some(text.into()),
                    Event::Binary(data) => return Some(data.into()),
                    _ => {}
                }
            }
            if !self.call(ws, Ws::fill) {
                return None;
            }
        }
    }
}

/// How many bytes the WebSocket has written and queued.
fn output_end(ws: &mut Ws) -> u64 {
    ws.connection().bytes_sent() + ws.connection().output_len() as u64
}

/// The length of a frame with a payload of this length that `role` sends.
fn frame_len(role: Role, len: usize) -> u64 {
    let peer = if role == Role::Server { Role::Client } else { Role::Server };
    frame_for(peer, 0x82, &vec![0; len]).len() as u64
}

/// What is left of a conversation.
#[derive(Debug, PartialEq)]
struct Outcome {
    received: Vec<Message>,
    written: Vec<u8>,
    status: CloseStatus,
    is_shut_down: bool,
}

/// Has a conversation in which all that a WebSocket does is done.
fn converse(role: Role, pace: Pace, cancel: Cancel, by_events: bool) -> (Outcome, Run) {
    let conversation = Conversation::new(role);
    let input = &conversation.bytes()[conversation.head_len()..];
    let script = Script::new(input).with_pace(pace);
    script.wire().end = Some(Ok(()));
    let ws = &mut open(role, script.clone(), |config| config.max_output = Some(64));
    let run = &mut Run { script: script.clone(), cancel, waits: 0, unsent: 0 };
    let len = |len| frame_len(role, len);

    let mut received = Vec::new();
    run.send(ws, len(5), async |ws| ws.send_text("first").await);
    received.extend(run.receive(ws, by_events));
    run.call(ws, Ws::ready);
    ws.queue(vec![1; 130]).unwrap();
    run.send(ws, len(6), async |ws| ws.send("second").await);
    received.extend(run.receive(ws, by_events));
    run.call(ws, Ws::ready);
    ws.queue(vec![2; 65]).unwrap();
    run.send(ws, len(70), async |ws| ws.send_binary(&[3; 70]).await);
    run.call(ws, Ws::fill);
    run.call(ws, Ws::ready);
    ws.queue(vec![4; 65]).unwrap();
    run.send(ws, len(4), async |ws| ws.ping(b"ping").await);
    for _ in 0..2 {
        received.extend(run.receive(ws, by_events));
    }
    if by_events {
        run.call(ws, async |ws| ws.close(code(4000), "ours").await);
    } else {
        run.send(ws, len(3), async |ws| ws.send(&b"end"[..]).await);
    }
    while let Some(message) = run.receive(ws, by_events) {
        received.push(message);
    }
    assert!(matches!(Task::now(ws.receive()), Ok(None)), "it stays at its end");
    let written = script.take_written();
    // A client is the last to end the stream: nobody waits for that.
    let is_shut_down = script.wire().is_shut_down || role == Role::Client;
    let run = Run { script, ..*run };
    (Outcome { received, written, status: ws.close_status(), is_shut_down }, run)
}

#[test]
fn nothing_is_lost_by_futures_that_are_dropped_at_each_poll() {
    let mut unsent = 0;
    for role in ROLES {
        for by_events in [false, true] {
            let (expected, _) = converse(role, Pace::AtOnce, Cancel::Never, by_events);
            assert_eq!(expected.received.len(), 5);
            assert_eq!(expected.status, CloseStatus::Code(code(CLOSE.0)));
            for seed in 1..300 {
                let pace = Pace::Random(seed * 0x9E37_79B9);
                for cancel in [Cancel::Never, Cancel::Always] {
                    let (outcome, run) = converse(role, pace, cancel, by_events);
                    assert_eq!(outcome, expected, "{role:?}, seed {seed}, {cancel:?}");
                    unsent += run.unsent;
                }
            }
        }
    }
    assert!(unsent > 100, "messages were sent again {unsent} times");
}

#[test]
fn nothing_is_lost_by_one_future_that_is_dropped_at_any_poll() {
    for role in ROLES {
        for by_events in [false, true] {
            for seed in 1..20 {
                let pace = Pace::Random(seed * 0x9E37_79B9);
                let (expected, run) = converse(role, pace, Cancel::Never, by_events);
                assert!(run.waits > 10, "{} polls have waited", run.waits);
                for nth in 1..=run.waits {
                    let (outcome, _) = converse(role, pace, Cancel::Nth(nth), by_events);
                    assert_eq!(outcome, expected, "{role:?}, seed {seed}, {nth}");
                }
            }
        }
    }
}

#[test]
fn a_conversation_is_written_in_the_order_of_its_calls() {
    let (outcome, _) = converse(Role::Server, Pace::AtOnce, Cancel::Never, false);
    let expected = [
        (0x81, b"first".to_vec()),
        (0x82, vec![1; 130]),
        (0x81, b"second".to_vec()),
        (0x82, vec![2; 65]),
        (0x82, vec![3; 70]),
        (0x82, vec![4; 65]),
        (0x89, b"ping".to_vec()),
        (0x8A, b"are you there?".to_vec()),
        (0x82, b"end".to_vec()),
        (0x88, close_body(CLOSE.0, CLOSE.1)),
    ];
    let written = frames(&outcome.written).into_iter();
    assert_eq!(written.map(|frame| (frame.first, frame.payload)).collect::<Vec<_>>(), expected);
    assert!(outcome.is_shut_down);
}

#[test]
fn a_close_is_queued_by_the_first_poll_and_never_again() {
    for role in ROLES {
        let script = Script::new(b"");
        script.wire().room = 0;
        let mut ws = open(role, script.clone(), |_| ());
        for _ in 0..3 {
            Task::waits(ws.close(code(4001), "once"));
        }
        Task::waits(ws.close(CloseCode::NORMAL, "another"));
        script.make_room(usize::MAX);
        Task::now(ws.flush()).unwrap();
        let written = frames(&script.take_written());
        let written: Vec<_> = written.iter().map(|frame| frame.content()).collect();
        assert_eq!(written, [(0x88, &close_body(4001, "once")[..])]);
    }
}

/// Polls a future once, and drops it.
fn once<T>(script: &Script, future: impl Future<Output = Result<T, Error>>) -> Option<T> {
    match Task::new().poll(pin!(future)) {
        Poll::Ready(output) => Some(output.unwrap()),
        Poll::Pending => {
            assert!(script.is_waited_for(), "the stream wakes nobody");
            None
        }
    }
}

/// Receives a conversation and sends messages by halves, whose futures are all dropped after one
/// poll.
fn converse_by_halves(role: Role, seed: u64) -> (Vec<Message>, Vec<u8>) {
    let conversation = Conversation::new(role);
    let bytes = conversation.bytes();
    let (input, close) = bytes.split_at(*conversation.boundaries().last().unwrap());
    let input = &input[conversation.head_len()..];
    let script = Script::new(input).with_pace(Pace::Random(seed));
    let ws = open(role, script.clone(), |config| config.max_output = Some(64));
    let (mut receiving, mut sending) = ws.split();
    let (mut received, mut sent) = (Vec::new(), 0);
    while received.len() < 5 || sent < 10 {
        if let Some(message) = once(&script, receiving.receive()) {
            received.extend(message);
        }
        if sent < 10 && once(&script, sending.ready()).is_some() {
            sending.queue(vec![sent; 40]).unwrap();
            sent += 1;
        }
        let _ = once(&script, sending.flush());
    }
    while once(&script, sending.flush()).is_none() {}
    script.feed(close);
    script.end(Ok(()));
    loop {
        match once(&script, receiving.receive()) {
            Some(None) => break,
            Some(message) => received.extend(message),
            None => {}
        }
    }
    let written = script.take_written();
    (received, written)
}

#[test]
fn nothing_is_lost_by_futures_of_halves_that_are_dropped() {
    for role in ROLES {
        for seed in 1..200 {
            let (received, written) = converse_by_halves(role, seed * 0x9E37_79B9);
            let (expected, _) = converse(role, Pace::AtOnce, Cancel::Never, false);
            assert_eq!(received, expected.received);
            let mut written =
                frames(&written).into_iter().map(|frame| (frame.first, frame.payload));
            let close = written.next_back();
            assert_eq!(close, Some((0x88, close_body(CLOSE.0, CLOSE.1))));
            let (pongs, data): (Vec<_>, Vec<_>) = written.partition(|(first, _)| *first == 0x8A);
            assert_eq!(pongs, [(0x8A, b"are you there?".to_vec())]);
            assert!(data.into_iter().eq((0..10).map(|n| (0x82, vec![n; 40]))));
        }
    }
}
