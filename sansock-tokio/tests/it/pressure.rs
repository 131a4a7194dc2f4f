//! Peers that do not read, and programs that do not.

use futures_util::FutureExt;
use sansock_tokio::sansock::Role;
use sansock_tokio::sansock::connection::SendError;
use sansock_tokio::{Error, WebSocket};

use crate::open;
use crate::script::{Script, Task};
use crate::support::{ROLES, frame_for, frames};

const MAX: usize = 10_000;

/// A WebSocket with as much output over a stream that takes nothing.
fn stuck(role: Role) -> (WebSocket<Script>, Script) {
    let script = Script::new(b"");
    script.wire().room = 0;
    (open(role, script.clone(), |config| config.max_output = Some(MAX)), script)
}

#[test]
fn a_peer_that_does_not_read_is_waited_for_and_not_buffered() {
    for role in ROLES {
        let (mut ws, script) = stuck(role);
        let mut queued = 0;
        while ws.ready().now_or_never().is_some() {
            ws.queue(vec![7; 999]).unwrap();
            queued += 1;
        }
        for _ in 0..100 {
            assert!(ws.send(vec![8; 999]).now_or_never().is_none());
            assert!(ws.send_binary(&[8; 999]).now_or_never().is_none());
            assert!(ws.ping(b"8").now_or_never().is_none());
            assert!(matches!(ws.queue("8"), Err(Error::Send(SendError::Full))));
        }
        let len = ws.connection().output_len();
        assert!((MAX..MAX + 1200).contains(&len), "{len}");
        script.make_room(usize::MAX);
        Task::now(ws.send(vec![9; 1])).unwrap();
        let written = frames(&script.take_written());
        assert_eq!(written.len(), queued + 1);
        assert!(written[..queued].iter().all(|frame| frame.content() == (0x82, &[7; 999])));
    }
}

#[test]
fn while_the_output_is_full_nothing_is_read() {
    for role in ROLES {
        let (mut ws, script) = stuck(role);
        ws.queue(vec![7; MAX]).unwrap();
        script.feed(&frame_for(role, 0x81, b"one"));
        for _ in 0..3 {
            Task::waits(ws.fill());
            Task::waits(ws.receive());
        }
        assert_eq!(script.wire().reads, 0);
        // A byte less than full is room.
        script.make_room(ws.connection().output_len() - MAX + 1);
        assert_eq!(Task::now(ws.receive()).unwrap(), Some("one".into()));
    }
}

#[test]
fn what_was_read_before_is_received_while_the_output_is_full() {
    for role in ROLES {
        let (mut ws, script) = stuck(role);
        let mut input = frame_for(role, 0x89, b"?");
        input.extend(frame_for(role, 0x81, b"one"));
        script.feed(&input);
        assert!(Task::now(ws.fill()).unwrap());
        ws.queue(vec![7; MAX]).unwrap();
        assert_eq!(Task::now(ws.receive()).unwrap(), Some("one".into()));
        script.make_room(usize::MAX);
        Task::now(ws.flush()).unwrap();
        let written = frames(&script.take_written());
        assert_eq!(written.last().unwrap().content(), (0x8A, &b"?"[..]), "pongs are exempt");
    }
}

#[test]
fn closes_are_exempt() {
    for role in ROLES {
        let (mut ws, script) = stuck(role);
        ws.queue(vec![7; MAX]).unwrap();
        Task::waits(ws.close(sansock_tokio::CloseCode::NORMAL, ""));
        script.make_room(usize::MAX);
        Task::now(ws.flush()).unwrap();
        assert_eq!(frames(&script.take_written()).last().unwrap().first, 0x88);
    }
}

/// Its answers are limited by number: a half that receives reads on.
#[test]
fn a_flood_of_pings_does_not_fill_the_output_of_halves() {
    for role in ROLES {
        let (ws, script) = stuck(role);
        let (mut receiving, mut sending) = ws.split();
        sending.queue(vec![7; MAX]).unwrap();
        let pings = frame_for(role, 0x89, &[7; 125]).repeat(10_000);
        script.feed(&pings);
        Task::waits(receiving.receive());
        assert!(script.wire().input.is_empty());
        let mut ws = receiving.reunite(sending).unwrap();
        let len = ws.connection().output_len();
        assert!(len < MAX + 2000, "{len}");
    }
}

/// Without a read, the peer's writes wait.
#[test]
fn a_program_that_does_not_receive_reads_nothing() {
    let (mut ws, script) = stuck(Role::Server);
    script.make_room(usize::MAX);
    script.feed(&frame_for(Role::Server, 0x81, b"one").repeat(100_000));
    assert_eq!(Task::now(ws.receive()).unwrap(), Some("one".into()));
    let left = script.wire().input.len();
    for _ in 0..100 {
        assert_eq!(Task::now(ws.receive()).unwrap(), Some("one".into()));
        Task::now(ws.send("reply")).unwrap();
    }
    assert_eq!(script.wire().input.len(), left, "one read has brought these");
}
